"""A law by itself before a kernel: what its examples tell, and when they do not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from attnspec.conformance import Implementation, Verdict
from attnspec.conformance.call import InProcess
from attnspec.conformance.check import benches
from attnspec.judge.law import Invariant
from attnspec.judge.tiers import TIERS
from attnspec.judge.trial import Trial
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.compare import AttentionBench
from attnspec.numerics import Comparison, identical, within
from tests.conformance import _kernels


def _trial(check: Any, nulls: tuple[str, ...]) -> Trial:
    """Return the trial of a law of one's own."""
    law = Invariant(
        "mine",
        "A law.",
        "attention.mine",
        "attention",
        check,
        nulls,
        families=("plain",),
    )
    implementation = Implementation.of(_kernels.right)
    stands, _ = benches(InProcess(implementation.function), implementation.description)
    bench = stands["float32"]
    draws = bench.draws(law, "float32", "smoke", 0)
    return Trial(law, bench, draws, TIERS["smoke"], lambda: None)


def test_a_law_that_never_says_anything_is_mistrusted() -> None:
    outcome = _trial(lambda _case, _bench: iter(()), ("zeros",)).run()

    assert outcome.verdict is Verdict.MISTRUSTED
    assert outcome.reason == "0 of at least 2 examples counted"


def test_a_law_that_accepts_a_null_answer_is_mistrusted() -> None:
    def check(case: AttentionCase, bench: AttentionBench) -> Iterator[Comparison]:
        yield identical(np.ones(()), np.ones(()), what="fact")

    outcome = _trial(check, ("zeros", "ones")).run()

    assert outcome.verdict is Verdict.MISTRUSTED
    assert (outcome.counted, outcome.weak > 0) == (0, True)


def test_a_law_that_excludes_one_of_two_nulls_is_mistrusted() -> None:
    def check(case: AttentionCase, bench: AttentionBench) -> Iterator[Comparison]:
        largest = np.abs(bench.run(case).output.astype(np.float64)).max()
        yield within(np.zeros(()), largest, np.full((), 1e30))
        yield identical(np.ones(()), np.asarray(float(largest != 0)), what="fact")

    outcome = _trial(check, ("zeros", "ones")).run()

    assert outcome.verdict is Verdict.MISTRUSTED
    assert outcome.reason == "no example told the kernel from a null answer: ones"


def test_a_recipe_that_is_drawn_again_is_not_looked_at_again() -> None:
    seen = []

    def check(case: AttentionCase, bench: AttentionBench) -> Iterator[Comparison]:
        seen.append(case["recipe"])
        yield within(np.zeros(()), np.ones(()), np.full((), 2.0))

    trial = _trial(check, ())
    one, other = (trial.bench.simplest(dtype) for dtype in ("float32", "float64"))

    assert [trial.see(recipe) for recipe in (one, other, one)] == [0.5, 0.5, 0.5]
    assert seen == [one, other]
    assert trial.tally.counted + trial.tally.weak == 2
