"""What is right for a problem is evaluated once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from attnspec.conformance import Implementation
from attnspec.conformance.call import InProcess
from attnspec.conformance.check import benches
from attnspec.judge.case import Case
from attnspec.judge.law import Exact
from attnspec.judge.remembered import Remembered
from attnspec.kinds.attention.bounds.evaluator import Evaluation, evaluate
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import SPEC
from attnspec.numerics import PRESETS
from tests.conformance import _kernels


def _case(value: float = 3.0, **options: Any) -> AttentionCase:
    one = np.ones((1, 1, 2, 2), np.float32)
    return AttentionCase.of(one, one, np.full_like(one, value), **options)


_RIGHT: Evaluation = evaluate(_case(), SPEC, PRESETS["float32"])


def _evaluated(*problems: Case) -> int:
    """Return how many of these problems are evaluated."""
    remembered, seen = Remembered(), list[Case]()

    def evaluating(problem: Case) -> Callable[[], Exact]:
        def evaluated() -> Exact:
            seen.append(problem)
            return _RIGHT

        return evaluated

    for problem in problems:
        remembered.of(problem, evaluating(problem))
    return len(seen)


def test_equal_problems_in_arrays_of_their_own_are_evaluated_once() -> None:
    assert _evaluated(_case(causal=True), _case(causal=True)) == 1


@pytest.mark.parametrize(
    "other",
    [
        _case(4.0),
        _case(causal=True),
        _case(scale=1.0),
        _case(sink=np.zeros(1, np.float32)),
        _case(mask=np.ones((2, 2), np.bool_)),
        _case().replace(key=np.ones((1, 1, 2, 2), np.float64)),
    ],
)
def test_problems_that_differ_are_evaluated_each(other: AttentionCase) -> None:
    assert _evaluated(_case(), other) == 2


def test_zeros_of_unlike_sign_make_unlike_problems() -> None:
    assert _evaluated(_case(0.0), _case(-0.0)) == 2
    assert _evaluated(_case(scale=0.0), _case(scale=-0.0)) == 2


def test_shapes_are_told_apart_where_the_bits_are_the_same() -> None:
    masks = [np.ones(shape, np.bool_) for shape in ((2, 2), (1, 1, 2, 2))]

    assert _evaluated(*(_case(mask=mask) for mask in masks)) == 2


def test_formats_are_told_apart_where_the_bits_are_the_same() -> None:
    biases = [np.zeros((2, 2), form) for form in (np.int32, np.float32)]

    assert _evaluated(*(_case(bias=bias) for bias in biases)) == 2


def test_what_the_evaluation_must_know_beside_the_arguments_counts() -> None:
    one, other = (
        Case({"reads": np.ones(3)}, {}, (), "float32", facts={"chunk": chunk})
        for chunk in (2, 4)
    )

    assert _evaluated(one, other) == 2


def test_the_format_and_the_results_that_are_asked_for_count() -> None:
    reads, wanted = np.ones(3), (("output", (3,), "float32"),)
    one = Case({"reads": reads}, {}, wanted, "float32")
    other = Case({"reads": reads}, {}, (), "float32")

    assert _evaluated(one, one.replace(dtype="float16")) == 2
    assert _evaluated(one, other) == 2


def test_what_a_case_was_made_from_does_not_count() -> None:
    one, other = (
        Case({"reads": np.ones(3)}, {}, (), "float32", facts={"recipe": recipe})
        for recipe in ("one", "other")
    )

    assert _evaluated(one, other) == 1


def test_only_the_last_problems_are_kept() -> None:
    many = [_case(float(n)) for n in range(40)]

    assert _evaluated(*many, _case(39.0)) == 40
    assert _evaluated(*many, _case(0.0)) == 41


def test_a_null_answer_is_made_of_what_was_judged() -> None:
    implementation = Implementation.of(_kernels.right)
    stands, _ = benches(InProcess(implementation.function), implementation.description)
    bench = stands["float32"]
    case = bench.kind.case(bench.simplest("float32"))

    judged = bench.judged(case)

    assert bench.right(case) is judged
    assert bench.judged(bench.kind.case(bench.simplest("float32"))) is judged


def test_what_is_remembered_cannot_be_changed() -> None:
    found = Remembered().of(_case(), lambda: _RIGHT)

    with pytest.raises(ValueError, match="read-only"):
        found.output[...] = 0.0
    with pytest.raises(ValueError, match="read-only"):
        found.others["lse"][0][...] = 0.0
