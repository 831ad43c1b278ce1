from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from attnspec._typing import Array
from attnspec.conformance import Implementation, Verdict, check_implementation
from attnspec.judge.case import Case
from attnspec.kinds.positions.rope import ROPE
from attnspec.numerics.dtypes import numpy_dtype
from attnspec.numerics.operations import WITH_TABLES
from tests.kinds._by_hand import agree, case_of, right, verdicts


def _turned(x: list[float], position: int, **options: Any) -> Case:
    """One vector at one position."""
    vector = np.array(x)[None, None, None]
    operands = {"x": vector, "positions": np.array([position])}
    return case_of((1, 1, 1, len(x)), operands, **options)


def _one(x: list[float]) -> list[list[list[list[float]]]]:
    return [[[x]]]


def test_neighbors_turn_together_or_one_entry_of_each_half() -> None:
    # The first pair turns by the position itself.
    case = _turned([1.0, 0.0, 0.0, 0.0], 1)
    cosine, sine = math.cos(1.0), math.sin(1.0)

    assert agree(_one([cosine, sine, 0.0, 0.0]), right(ROPE, case))
    halves = right(ROPE, case, pairing="half_split")
    assert agree(_one([cosine, 0.0, sine, 0.0]), halves)


def test_the_base_slows_the_second_pair() -> None:
    # 100 to the -2/4 is a tenth, and ten positions turn it by one.
    case = _turned([0.0, 0.0, 1.0, 0.0], 10, base=100.0)

    assert agree(_one([0.0, 0.0, math.cos(1.0), math.sin(1.0)]), right(ROPE, case))


def test_entries_after_the_width_stay() -> None:
    case = _turned([1.0, 0.0, 8.0, 9.0], 1, width=2)

    assert agree(_one([math.cos(1.0), math.sin(1.0), 8.0, 9.0]), right(ROPE, case))


def test_entries_after_the_width_that_are_lost_are_caught() -> None:
    assert verdicts("rope-rest-dropped") == {"rope-agreement": Verdict.FAILED}


def test_neighbors_may_be_read_and_halves_written() -> None:
    # The first pair is 1 and 2 and turns by 1; the second is 3 and 0 and turns by 0.01.
    case = _turned([1.0, 2.0, 3.0, 0.0], 1)
    c, s = math.cos(1.0), math.sin(1.0)
    slow, little = math.cos(0.01), math.sin(0.01)
    expected = [c - 2 * s, 3 * slow, s + 2 * c, 3 * little]

    assert agree(_one(expected), right(ROPE, case, pairing="interleaved_to_halves"))


def test_of_a_partial_width_the_first_of_all_pairs_may_turn() -> None:
    # Of (1, 3) and (2, 4) the first turns by 1, whatever the width of the base is.
    case = _turned([1.0, 2.0, 3.0, 4.0], 1, width=2)
    c, s = math.cos(1.0), math.sin(1.0)
    found = right(ROPE, case, pairing="half_split", partial="whole_width")

    assert agree(_one([c - 3 * s, 2.0, s + 3 * c, 4.0]), found)


def test_a_partial_width_may_have_the_frequencies_of_the_whole() -> None:
    # The base 16 at a width of 8: the second pair turns at 16 to the -1/4, a half.
    case = _turned([0.0, 0.0, 1.0, 0, 0, 0, 0, 0], 1, width=4, base=16.0)
    own = [0, 0, math.cos(0.25), math.sin(0.25), 0, 0, 0, 0]
    whole = [0, 0, math.cos(0.5), math.sin(0.5), 0, 0, 0, 0]

    assert agree(_one(own), right(ROPE, case))
    assert agree(_one(whole), right(ROPE, case, partial="whole_width"))


def _bound(name: str) -> float:
    """The bound of an entry in which two products of 1 and 0.54 nearly cancel."""
    case = _turned([1.0, 0.642], 1)
    return float(ROPE.judge(case, ROPE.default(), WITH_TABLES[name]).bound[0, 0, 0, 0])


_NAMES = [f"{name}-bfloat16" for name in ("upcast", "tables", "eager")]


def test_products_that_cancel_keep_the_roundings_of_tables_and_products() -> None:
    once, tables, every = map(_bound, _NAMES)

    # Angles in float32; then two roundings of 0.54 each; then as much for products.
    assert once < 2.0**-17
    assert 2 * 0.54 * 2.0**-8 < tables < 1.01 * 2 * 0.541 * 2.0**-8
    assert 4 * 0.54 * 2.0**-8 < every < 1.02 * 4 * 0.541 * 2.0**-8


def test_operations_one_by_one_in_16_bits_conform_only_where_a_model_says_so() -> None:
    assert verdicts("rope-one-by-one") == {"rope-agreement": Verdict.FAILED}
    assert verdicts("rope-angles-in-16-bits") == {"rope-agreement": Verdict.FAILED}


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_tables_in_16_bits_are_called_by_their_format(name: str) -> None:
    def tables(x: Array, positions: Array) -> Array:
        """Keep cosines and sines in 16 bits within float32."""
        angles = positions[:, None] / 10_000.0 ** (
            np.arange(0, x.shape[-1], 2) / x.shape[-1]
        )
        narrow = (f(angles).astype(numpy_dtype(name)) for f in (np.cos, np.sin))
        c, s = (table.astype(np.float32) for table in narrow)
        a, b = x[..., ::2], x[..., 1::2]
        both = a * c - b * s, b * c + a * s
        return np.asarray(np.stack(both, axis=-1).reshape(x.shape))

    choices = ROPE.default()
    known = Implementation.of(tables, kind="rope", dialect=choices)
    report = check_implementation(known, only=["rope-agreement"], tier="smoke")

    said = [cause.relaxation for cause in report.causes]
    assert said == [f"cosines and sines are stored in {name}"]
