"""A law gets the same verdict whoever asks, and whichever others are asked with it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from attnspec.cli import main
from attnspec.conformance import Verdict, check_implementation
from attnspec.conformance.call import InProcess
from attnspec.conformance.check import benches
from attnspec.conformance.implementation import Implementation
from attnspec.conformance.parametrize import checks
from attnspec.conformance.reports import read_report
from attnspec.conformance.runner import Runner
from attnspec.conformance.runs import request_for
from attnspec.conformance.units import Here
from attnspec.exceptions import ConformanceFailure, KernelTimedOut
from attnspec.judge.bench import KernelBench
from attnspec.judge.case import Case, Result
from attnspec.kinds.attention.laws import ATTENTION
from tests._in_ci import share
from tests.conformance import _kernels

pytestmark = pytest.mark.once

Verdicts = dict[str, str]
Way = Callable[[str, Sequence[str], Path], Verdicts]

FLOORED = {"agreement": "passed", "causality": "not run", "causal-support": "failed"}
RAISES = {"result-form": "refused", "agreement": "not run", "determinism": "not run"}
WRONG = {
    "history": "held back",
    "agreement": "failed",
    "key-permutation": "held back",
}
EXPECTED = {"floored": FLOORED, "raises": RAISES, "first_value": WRONG}
"""For kernels what a whole run says of some laws."""


def _by_command(target: str, laws: Sequence[str], folder: Path) -> Verdicts:
    path = folder / f"{laws[0]}.jsonl"
    only = [word for law in laws for word in ("--only", law)]
    words = ["check", target, "--tier", "smoke", "--report", str(path), *only]
    done = CliRunner().invoke(main, words)
    results = read_report(path).results
    conform = all(result["conforms"] for result in results)
    assert done.exit_code == (0 if conform else 1)
    return {result["invariant"]: result["verdict"] for result in results}


def _by_function(target: str, laws: Sequence[str], _folder: Path) -> Verdicts:
    report = check_implementation(target, only=laws, tier="smoke")
    return {outcome.invariant: outcome.verdict.value for outcome in report.outcomes}


def _by_pytest(target: str, laws: Sequence[str], _folder: Path) -> Verdicts:
    request = request_for(target, "attention", "numpy", {})
    found = {}
    with contextlib.ExitStack() as stack:
        for check in checks(target, request, stack, only=laws, tier="smoke"):
            found[check.law.id] = Verdict.PASSED.value
            try:
                check()
            except ConformanceFailure as failure:
                said = str(failure).partition(f" {check.law.id} ")[0]
                found[check.law.id] = said.lower()
    return found


@pytest.mark.parametrize("kernel", share([*EXPECTED], 2))
@pytest.mark.parametrize("way", [_by_command, _by_function, _by_pytest])
def test_command_function_and_pytest_say_the_same(
    way: Way, kernel: str, tmp_path: Path
) -> None:
    expected = EXPECTED[kernel]
    target = f"{_kernels.__file__}:{kernel}"

    assert way(target, list(expected), tmp_path) == expected


@pytest.mark.parametrize("way", [_by_command, _by_function, _by_pytest])
@pytest.mark.parametrize(
    ("kernel", "law"),
    share(
        [
            ("floored", "causal-support"),
            ("floored", "causality"),
            ("first_value", "history"),
            ("first_value", "key-permutation"),
            ("raises", "result-form"),
        ],
        4,
    ),
)
def test_a_law_that_is_asked_alone_gets_the_verdict_of_the_whole_run(
    way: Way, kernel: str, law: str, tmp_path: Path
) -> None:
    target = f"{_kernels.__file__}:{kernel}"

    assert way(target, [law], tmp_path) == {law: EXPECTED[kernel][law]}


@pytest.mark.parametrize("way", [_by_command, _by_function, _by_pytest])
def test_the_first_law_that_is_wanted_says_that_the_simplest_call_fails(
    way: Way, tmp_path: Path
) -> None:
    target = f"{_kernels.__file__}:raises"

    found = way(target, ["determinism", "agreement"], tmp_path)

    assert found == {"determinism": "refused", "agreement": "not run"}


def _heard(bench: KernelBench) -> tuple[Runner, list[str]]:
    """Return a runner, and the law of each example that it judges, as it comes."""
    asked: list[str] = []
    source = Here(bench.call, lambda _, law: asked.append(law))
    return Runner(bench, "float32", source=source, tier="smoke"), asked


def test_the_law_that_tells_of_a_choice_is_judged_once() -> None:
    known = Implementation.of(_kernels.floored).description
    bench = benches(InProcess(_kernels.floored), known)[0]["float32"]
    runner, asked = _heard(bench)
    runner.outcome(ATTENTION.laws["causality"])
    examples = asked.count("causal-support")
    told = runner.outcome(ATTENTION.laws["causal-support"])

    assert told.verdict is Verdict.FAILED
    assert examples
    assert asked.count("causal-support") == examples
    assert "causality" not in asked


class _Hangs(InProcess):
    """Does not return in time where there are five keys or more."""

    def __call__(self, case: Case) -> Result:
        if case["key"].shape[2] >= 5:
            msg = "did not return within 4 s"
            raise KernelTimedOut(msg)
        return super().__call__(case)


def test_a_kernel_that_timed_out_three_times_is_not_called_again() -> None:
    known = Implementation.of(_kernels.right).description
    bench = benches(_Hangs(_kernels.right), known)[0]["float32"]
    runner, asked = _heard(bench)
    laws = [ATTENTION.laws[law] for law in ("agreement", "tail-sweep", "row-sums")]
    assert {runner.outcome(law).verdict for law in laws} == {Verdict.TIMED_OUT}
    asked.clear()
    last = runner.outcome(ATTENTION.laws["value-linearity"])

    assert last.verdict is Verdict.NOT_RUN
    assert last.reason == "the kernel timed out three times"
    assert asked == []
