"""Bits are asked for where the declared numeric model gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnspec.conformance import Implementation, Verdict, check_implementation
from attnspec.numerics import PRESETS
from attnspec.rogues.attention.arithmetic import RIGHT

LAWS = ("exact-gather", "exact-uniform")


def _verdicts(run: Any, model: str) -> set[Verdict]:
    """Return what both laws say of a float32 kernel that declares a model."""
    kernel = Implementation.of(
        run, models={"float32": PRESETS[model]}, claims=("grouped_query",)
    )
    report = check_implementation(kernel, only=LAWS, tier="smoke")
    return {outcome.verdict for outcome in report.outcomes}


@pytest.mark.parametrize(
    ("id_", "model"),
    [
        ("split-renormalized", "split-float32"),
        ("split-combined", "split-float32"),
        ("two-pass", "two-pass-float32"),
        ("tfloat32-truncated", "tfloat32"),
    ],
)
def test_a_kernel_without_exact_weights_of_one_conforms_if_it_says_so(
    id_: str, model: str
) -> None:
    (right,) = (right for right in RIGHT if right.id == id_)

    def kernel(query: Any, key: Any, value: Any, *, scale: float | None = None) -> Any:
        return right.run(query, key, value, scale=scale)

    assert _verdicts(kernel, model) == {Verdict.PASSED}


def test_an_output_beyond_the_bound_fails_where_no_bits_are_asked() -> None:
    def kernel(query: Any, key: Any, value: Any, *, scale: float | None = None) -> Any:
        return RIGHT[0].run(query, key, value, scale=scale) * np.float32(1.02)

    assert _verdicts(kernel, "split-float32") == {Verdict.FAILED}


def test_one_unit_in_the_last_place_fails_where_bits_are_asked() -> None:
    def kernel(query: Any, key: Any, value: Any, *, scale: float | None = None) -> Any:
        output = RIGHT[0].run(query, key, value, scale=scale)
        return np.nextafter(output, np.float32(np.inf))

    assert _verdicts(kernel, "float32") == {Verdict.FAILED}
    assert _verdicts(kernel, "split-float32") == {Verdict.PASSED}
