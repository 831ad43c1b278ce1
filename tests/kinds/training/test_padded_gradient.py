from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnspec.conformance import check_implementation
from attnspec.exceptions import Inadmissible
from attnspec.judge.case import Case
from attnspec.kinds.training.padded_gradient import PADDED_GRADIENT
from attnspec.numerics import within
from attnspec.rogues import CONTROLS
from tests.kinds._by_hand import right, verdicts


def _padded(**options: Any) -> Case:
    """Two queries of one head, whose scores are zero, and three keys."""
    operands: dict[str, Any] = {
        "query": np.ones((1, 1, 2, 1)),
        "key": np.zeros((1, 1, 3, 1)),
        "value": np.reshape([1.0, 3.0, 8.0], (1, 1, 3, 1)),
        "d_output": np.ones((1, 1, 2, 1)),
    }
    lengths = {
        name: np.array([length], np.int32)
        for name, length in options.items()
        if name.endswith("lengths")
    }
    return Case(operands, {**options, **lengths}, (), "float64")


def _is(expected: list[float], found: tuple[Any, Any]) -> bool:
    value, bound = found
    return within(np.reshape(expected, value.shape), value, bound).holds


def test_padding_has_gradients_of_exactly_zero() -> None:
    found = right(PADDED_GRADIENT, _padded(key_lengths=2, query_lengths=1))

    assert _is([-0.5, 0.5, 0.0], found.others["dk"])
    assert _is([0.5, 0.5, 0.0], found.others["dv"])
    assert not found.bound[0, 0, 1].any()
    assert not found.others["dv"][1][0, 0, 2].any()


def test_where_queries_stand_is_a_choice() -> None:
    case = _padded(key_lengths=2, query_lengths=1, causal=True)

    assert _is([0.5, 0.5, 0.0], right(PADDED_GRADIENT, case).others["dv"])
    start = right(PADDED_GRADIENT, case, frontier="start")
    assert _is([1.0, 0.0, 0.0], start.others["dv"])


def test_of_a_mean_of_padding_nothing_is_said() -> None:
    case = _padded(key_lengths=0)

    assert _is([0.0, 0.0, 0.0], right(PADDED_GRADIENT, case).others["dv"])
    with pytest.raises(Inadmissible, match="the gradient of a mean of padding"):
        right(PADDED_GRADIENT, case, no_keys="mean")


@pytest.mark.once
@pytest.mark.parametrize(
    ("rogue", "law"),
    [("padding-unwritten", "padding"), ("first-length", "order")],
)
def test_wrong_gradients_are_caught(rogue: str, law: str) -> None:
    failed = [n for n, v in verdicts(f"padded-back-{rogue}").items() if not v.conforms]

    assert failed == [f"padded-gradient-{law}"]


def test_a_few_examples_are_evidence_whatever_the_seed() -> None:
    # Seen with seed 2: of 21 examples one counted, since NaN was padded.
    report = check_implementation(
        CONTROLS["padded-back-kept-weights"].implementation,
        tier="smoke",
        seed=2,
        only=["padded-gradient-slices"],
    )

    assert report.conforms, str(report)
