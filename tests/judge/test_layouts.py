from __future__ import annotations

import numpy as np
import pytest

from attnspec.exceptions import UnknownName
from attnspec.judge.layouts import LAYOUTS, place
from attnspec.kinds.attention.build import build
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.numerics.dtypes import numpy_dtype
from attnspec.numerics.formats import format_of

CASE = build(
    ATTENTION.recipe(
        batch=2, query_heads=3, key_heads=3, queries=4, keys=5, width=3, mask="holes"
    )
)
REPEATED = CASE.query[:1, :1].repeat(2, 0).repeat(3, 1)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_placed_operand_holds_the_same_numbers(layout: str) -> None:
    placed = place(REPEATED, layout)

    np.testing.assert_array_equal(REPEATED, placed.view)


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "contiguous"])
def test_each_layout_has_strides_or_an_offset_of_its_own(layout: str) -> None:
    plain, placed = place(REPEATED), place(REPEATED, layout)

    aligned = placed.view.ctypes.data % 64 == 0
    assert placed.view.strides != plain.view.strides or not aligned


def test_a_contiguous_operand_is_aligned() -> None:
    assert place(CASE.key).view.ctypes.data % 64 == 0


@pytest.mark.parametrize("layout", LAYOUTS)
def test_writing_into_an_operand_is_seen(layout: str) -> None:
    placed = place(REPEATED, layout)
    before = placed.buffer.tobytes()
    placed.view[0, 0, 0, 0] += np.float32(1)

    assert placed.buffer.tobytes() != before


def test_writing_beside_an_operand_is_seen() -> None:
    placed = place(CASE.key)
    beyond = np.lib.stride_tricks.as_strided(placed.view, (CASE.key.size + 1,), (4,))
    before = placed.buffer.tobytes()
    beyond[-1] = 0.0

    assert placed.buffer.tobytes() != before


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_around_an_operand_lies_nan_or_a_huge_number_by_its_data(dtype: str) -> None:
    around = {
        float(place(np.full(3, number, numpy_dtype(dtype))).buffer[0])
        for number in range(1, 40)
    }

    huge = {number for number in around if not np.isnan(number)}
    assert huge == {format_of(dtype).maximum}
    assert len(around) > len(huge)


@pytest.mark.parametrize("layout", ["transposed", "sliced", "offset"])
def test_masks_and_vectors_can_be_placed(layout: str) -> None:
    assert CASE.mask is not None

    np.testing.assert_array_equal(CASE.mask, place(CASE.mask, layout).view)
    np.testing.assert_array_equal(np.arange(3.0), place(np.arange(3.0), layout).view)


def test_an_empty_operand_can_be_placed() -> None:
    assert place(np.zeros((1, 2, 0, 3), np.float32), "sliced").view.shape == (
        1,
        2,
        0,
        3,
    )


def test_an_unknown_layout_is_refused() -> None:
    with pytest.raises(UnknownName, match="layout: expected one of"):
        place(CASE.key, "diagonal")


@pytest.mark.parametrize("layout", ["broadcast_batch", "broadcast_heads"])
def test_what_does_not_repeat_is_not_laid_as_if_it_did(layout: str) -> None:
    array = np.arange(48, dtype=np.float32).reshape(2, 3, 4, 2)

    assert np.array_equal(place(array, layout).view, array)
