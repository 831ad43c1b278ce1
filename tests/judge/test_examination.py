"""What is said of a finding: which wider model explains it, if any does."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from attnspec._typing import Array
from attnspec.conformance import Implementation, check_implementation
from attnspec.conformance.call import InProcess
from attnspec.conformance.check import benches
from attnspec.conformance.runner import Runner
from attnspec.judge.case import Case
from attnspec.judge.examination import said_before
from attnspec.judge.law import Dialect, Exact
from attnspec.kernels import tiled_attention
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.kinds.registry import KINDS
from attnspec.numerics import NumericModel
from attnspec.numerics.tracked import Judged
from attnspec.rogues import ROGUES


def _wrong(query: Array, key: Array, value: Array) -> Array:
    return tiled_attention(query, key, value) * query.dtype.type(1.5)


def test_a_model_under_which_anything_passes_explains_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def judge(case: Case, dialect: Dialect, model: NumericModel) -> Exact:
        found = ATTENTION.judge(case, dialect, model)
        if model.name != "anything":
            return found
        everything = np.full_like(found.bound, 1e30)
        return Judged(found.output, everything)

    lenient = dataclasses.replace(
        ATTENTION,
        judge=judge,
        relaxations=lambda model: (("anything", model.replace(name="anything")),),
    )
    lenient.laws.update(ATTENTION.laws)
    monkeypatch.setitem(KINDS.known, "attention", lenient)

    report = check_implementation(_wrong, only=["agreement"], tier="smoke")

    assert [cause.relaxation for cause in report.causes] == [""]


def _without_the_last_key(query: Array, key: Array, value: Array) -> Any:
    if key.shape[2] == 65:
        key, value = key[:, :, :64], value[:, :, :64]
    return tiled_attention(query, key, value)


def test_a_lost_key_is_no_matter_of_precision() -> None:
    report = check_implementation(_without_the_last_key, only=["tail-sweep"])

    assert [cause.relaxation for cause in report.causes] == [""]


def _in_float16(scores: Array) -> Array:
    weights = KINDS["softmax"].definition(scores.astype(np.float16))
    return np.asarray(weights, np.float32)


def test_the_mildest_format_is_named() -> None:
    report = check_implementation(
        _in_float16, kind="softmax", only=["softmax-agreement"]
    )

    assert [cause.relaxation for cause in report.causes] == [
        "it is computed in float16"
    ]


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


def test_only_laws_before_it_hold_a_law_back_and_in_its_own_format() -> None:
    laws = ATTENTION.laws
    known = Implementation.of(_wrong).description
    bench = benches(InProcess(_wrong), known)[0]["float32"]
    runner = Runner(bench, "float32", tier="smoke")
    runner.outcome(laws["agreement"])

    (found,) = said_before(laws["row-sums"], bench, "float32")
    assert found.invariant == "agreement"
    assert said_before(laws["row-sums"], bench, "float16") == []
    assert said_before(laws["determinism"], bench, "float32") == []
