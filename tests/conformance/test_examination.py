"""What is said of a finding: which wider model explains it, if any does."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from attnspec._typing import Array
from attnspec.conformance import check_implementation
from attnspec.kernels import tiled_attention
from attnspec.kinds.attention.bounds.evaluator import Evaluation
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.kind import AttentionKernelBench
from attnspec.kinds.registry import KINDS
from attnspec.rogues import ROGUES


def _wrong(query: Array, key: Array, value: Array) -> Array:
    return tiled_attention(query, key, value) * query.dtype.type(1.5)


def test_a_model_under_which_anything_passes_explains_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = AttentionKernelBench.evaluate

    def evaluate(bench: AttentionKernelBench, case: AttentionCase) -> Evaluation:
        found = plain(bench, case)
        if bench.model.name != "anything":
            return found
        everything = np.full_like(found.output_bound, 1e30)
        return dataclasses.replace(found, output_bound=everything)

    monkeypatch.setattr(AttentionKernelBench, "evaluate", evaluate)
    monkeypatch.setattr(
        AttentionKernelBench,
        "relaxations",
        lambda bench: iter([("anything", bench.model.replace(name="anything"))]),
    )

    report = check_implementation(_wrong, only=["agreement"], tier="smoke")
    (failure,) = report.failures

    assert failure.finding is not None
    assert failure.finding.relaxation == ""


def _without_the_last_key(query: Array, key: Array, value: Array) -> Any:
    if key.shape[2] == 65:
        key, value = key[:, :, :64], value[:, :, :64]
    return tiled_attention(query, key, value)


def test_a_lost_key_is_no_matter_of_precision() -> None:
    report = check_implementation(_without_the_last_key, only=["tail-sweep"])
    (failure,) = report.failures

    assert failure.finding is not None
    assert failure.finding.relaxation == ""


def _in_float16(scores: Array) -> Array:
    weights = KINDS["softmax"].definition(scores.astype(np.float16))
    return np.asarray(weights, np.float32)


def test_the_mildest_format_is_named() -> None:
    report = check_implementation(
        _in_float16, kind="softmax", only=["softmax-agreement"]
    )
    (failure,) = report.failures

    assert failure.finding is not None
    assert failure.finding.relaxation == "it is computed in float16"


def test_what_a_wrong_function_returns_is_nothing_to_warn_of(
    recwarn: pytest.WarningsRecorder,
) -> None:
    def softmax(scores: Array) -> Array:
        return np.full_like(scores, np.inf)

    report = check_implementation(softmax, kind="softmax", tier="smoke")

    assert not report.conforms
    assert [str(w.message) for w in recwarn] == []


@pytest.mark.parametrize("word", ["past", "state"])
def test_laws_that_compare_two_calls_blame_no_other_mistake(word: str) -> None:
    rogue = ROGUES["linear-read-first"].implementation

    report = check_implementation(rogue, only=[f"linear-attention-{word}"])

    assert report.conforms
