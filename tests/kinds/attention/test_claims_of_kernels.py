"""What real kernels lack, claimed away."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnspec.conformance import Report, Verdict, check_implementation
from attnspec.reference import attention


def _finite_sinks(query: Any, key: Any, value: Any, *, sink: Any = None) -> Any:
    """Return attention, NaN where a sink is not finite."""
    if sink is not None and not np.isfinite(sink).all():
        return np.full((*query.shape[:3], value.shape[3]), np.nan, query.dtype)
    return attention(query, key, value, sink=sink).astype(query.dtype)


def _few_queries(query: Any, key: Any, value: Any, *, causal: bool = False) -> Any:
    """Return attention of no more queries than keys."""
    if query.shape[2] > key.shape[2]:
        message = "more queries than keys"
        raise ValueError(message)
    return attention(query, key, value, causal=causal).astype(query.dtype)


def _verdicts(kernel: Any, *without: str) -> Report:
    return check_implementation(kernel, without=without, tier="smoke")


def test_a_kernel_of_finite_sinks_conforms_if_it_says_so() -> None:
    assert _verdicts(_finite_sinks, "minus_infinity_sink").failures == ()


@pytest.mark.once
def test_a_kernel_of_no_more_queries_than_keys_conforms_if_it_says_so() -> None:
    assert _verdicts(_few_queries, "more_queries").failures == ()


def _always_causal(query: Any, key: Any, value: Any, *, scale: Any = None) -> Any:
    """Return causal attention, upper left."""
    return attention(
        query, key, value, scale=scale, causal=True, alignment="upper_left"
    ).astype(query.dtype)


def _never_causal(query: Any, key: Any, value: Any, *, scale: Any = None) -> Any:
    return attention(query, key, value, scale=scale).astype(query.dtype)


@pytest.mark.once
def test_a_kernel_that_is_always_causal_conforms_if_it_says_so() -> None:
    report = check_implementation(
        _always_causal, claims=["always_causal"], tier="smoke"
    )

    verdicts = {o.invariant: o.verdict for o in report.outcomes}
    assert report.failures == ()
    assert report.detected.dialect["alignment"] == "upper_left"
    assert verdicts["causal-support"] is Verdict.PASSED
    assert verdicts["agreement"] is Verdict.PASSED
    assert verdicts["mask-forms"] is Verdict.UNSUPPORTED


def test_a_kernel_that_is_not_causal_does_not_pass_for_one() -> None:
    report = check_implementation(
        _never_causal, claims=["always_causal"], tier="smoke", only=["causal-support"]
    )

    assert report.outcomes[0].verdict is Verdict.FAILED


def test_what_is_not_claimed_away_is_judged() -> None:
    sinks = check_implementation(_finite_sinks, only=["sink-off"], tier="smoke")
    queries = check_implementation(_few_queries, only=["agreement"], tier="smoke")

    assert sinks.outcomes[0].verdict is Verdict.FAILED
    assert queries.outcomes[0].verdict is Verdict.REFUSED
