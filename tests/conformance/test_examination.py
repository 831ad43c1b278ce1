"""What is said of a finding: which wider model explains it, if any does."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from attnspec.cases import Array, Case
from attnspec.conformance import check_implementation
from attnspec.conformance._attention import AttentionBench
from attnspec.kernels import tiled_attention
from attnspec.numerics import Evaluation


def _wrong(query: Array, key: Array, value: Array) -> Array:
    return tiled_attention(query, key, value) * query.dtype.type(1.5)


def test_a_model_under_which_anything_passes_explains_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = AttentionBench.evaluate

    def evaluate(bench: AttentionBench, case: Case) -> Evaluation:
        found = plain(bench, case)
        if bench.model.name != "anything":
            return found
        everything = np.full_like(found.output_bound, 1e30)
        return dataclasses.replace(found, output_bound=everything)

    monkeypatch.setattr(AttentionBench, "evaluate", evaluate)
    monkeypatch.setattr(
        AttentionBench,
        "relaxations",
        lambda bench: iter([("anything", bench.model.replace(name="anything"))]),
    )

    report = check_implementation(_wrong, only=["agreement"], tier="smoke")
    (failure,) = report.failures

    assert failure.finding is not None
    assert failure.finding.relaxation == ""
