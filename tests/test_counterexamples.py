"""The book's counterexamples speak against what they are printed under."""

from __future__ import annotations

import pathlib
import runpy
from typing import Any

import numpy as np
import pytest
from hypothesis import find

SCRIPT = pathlib.Path(__file__).parents[1] / "docs" / "scripts" / "counterexamples.py"
NAMES: dict[str, Any] = runpy.run_path(str(SCRIPT))


@pytest.mark.parametrize(
    ("against", "drawn"),
    [entry[1:] for entry in NAMES["STATEMENTS"]],
    ids=[entry[0] for entry in NAMES["STATEMENTS"]],
)
def test_a_loose_statement_has_a_counterexample(against: Any, drawn: Any) -> None:
    case = find(drawn, lambda given: bool(against(given)), settings=NAMES["SETTINGS"])

    assert against(case)


def test_what_is_no_counterexample_is_not_taken_for_one() -> None:
    unequal = np.array([[1.0], [0.0], [2.0]])
    alone = np.array([[1.0]])

    assert NAMES["equal_words"](unequal) == ""
    assert NAMES["order_unseen"](alone) == ""
    assert NAMES["filled_late"](alone) == ""
    assert NAMES["band_not_linear"](np.zeros((3, 1))) == ""
