from __future__ import annotations

import math
from typing import Any

import numpy as np

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.positions.rope import ROPE
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
