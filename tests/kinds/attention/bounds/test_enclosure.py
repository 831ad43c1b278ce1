"""Evaluator and definition against a certified enclosure of the truth."""

from __future__ import annotations

import numpy as np
import pytest

from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.dialect import alignment_of
from attnspec.numerics import PRESETS, within
from attnspec.reference import attention_with_logsumexp
from tests.kinds.attention.bounds._enclosure import enclosure
from tests.kinds.attention.bounds._problems import dialect, problem


@pytest.mark.parametrize("seed", range(40))
def test_evaluator_and_definition_enclose_the_truth(seed: int) -> None:
    """Each lies within its own float64 bound, the certified error added."""
    case, choices = problem(seed, "float64", most=9), dialect(seed)
    exact = evaluate(case, choices, PRESETS["float64"])
    assert exact.output_bound is not None
    assert exact.lse_bound is not None
    output, radius, lse, lse_radius = enclosure(case, choices)
    plain = attention_with_logsumexp(
        case.query,
        case.key,
        case.value,
        alignment=alignment_of(choices),
        **case.options,
    )

    # The bound of a float64 kernel holds twice the error of the evaluator.
    own, own_lse = exact.output_bound / 2, exact.lse_bound / 2
    for actual, actual_lse in ((exact.output, exact.lse), plain):
        assert within(output, np.asarray(actual), own + radius).holds
        assert within(lse, np.asarray(actual_lse), own_lse + lse_radius).holds
