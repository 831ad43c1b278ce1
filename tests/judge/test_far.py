from __future__ import annotations

import mmap
from typing import Any

import numpy as np
import pytest

from attnspec.exceptions import InvalidArgument
from attnspec.judge.far import far_strides, is_far, last_offset, place_far
from attnspec.judge.layouts import GUARD

SHAPES = ((2, 3, 4, 5), (1, 3, 4, 5), (1, 1, 4, 5), (3, 7), (5, 1, 1, 1))


def _numbers(shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_last_element_lies_two_to_the_31_elements_from_the_first(
    shape: tuple[int, ...],
) -> None:
    array = _numbers(shape)
    placed = place_far(array)
    last = tuple(n - 1 for n in shape)

    np.testing.assert_array_equal(array, placed.view)
    steps = zip(placed.view.strides, last, strict=True)
    assert sum(step * place for step, place in steps) == 4 * last_offset(shape)
    assert last_offset(shape) >= 2**31
    assert placed.view.strides[-1] == 4


@pytest.mark.parametrize("shape", SHAPES)
def test_only_what_is_addressed_is_compared(shape: tuple[int, ...]) -> None:
    placed = place_far(_numbers(shape))
    parts = next(n for n in shape if n > 1)

    guards = 2 * GUARD * parts
    assert len(placed.content()) == 4 * (int(np.prod(shape)) + guards)


@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("place", [0, GUARD, -1])
def test_writing_into_a_part_or_beside_it_is_seen(part: int, place: int) -> None:
    placed = place_far(_numbers((2, 1, 3, 4)))
    before = placed.content()

    placed.pieces[part][place] = -1

    assert placed.content() != before


def test_an_operand_without_two_rows_cannot_lie_far_apart() -> None:
    assert not is_far((1, 1, 1, 4))
    assert not is_far((2, 0, 3, 4))
    assert far_strides((1, 1, 1, 4)) == (4, 4, 4, 1)
    np.testing.assert_array_equal(_numbers((1, 4)), place_far(_numbers((1, 4))).view)


def test_what_cannot_be_reserved_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(mmap, "mmap", full)
    with pytest.raises(InvalidArgument, match=r"8\.0 GiB of addresses .*Cannot alloc"):
        place_far(_numbers((2, 1, 3, 4)))
