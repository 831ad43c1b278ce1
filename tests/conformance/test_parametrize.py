from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from attnspec.conformance import Deviation, Implementation
from attnspec.conformance.parametrize import Check, checks, parametrize_with_checks
from attnspec.conformance.reports import read_report
from attnspec.conformance.runs import request_for
from attnspec.exceptions import ConformanceFailure, InvalidArgument, UnknownName
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.kinds.registry import KINDS, invariants_of
from tests.cli._reports import validated
from tests.conformance import _kernels
from tests.conformance._kernels import right, tail

FILE = _kernels.__file__

KNOWN = Deviation(
    id="last-key",
    invariants=("tail-sweep",),
    reason="the last key of a tile is lost",
    when={"keys": [64 * tile + 1 for tile in range(1, 65)]},
    pinned=ATTENTION.recipe(keys=65),
)


def _checks(*kernels: object, **options: object) -> list[Check]:
    def test(check: Check) -> None:
        check()

    decorate = parametrize_with_checks(kernels, tier="smoke", **options)  # type: ignore[arg-type]
    (mark,) = decorate(test).pytestmark  # type: ignore[attr-defined]
    return list(mark.args[1])


@parametrize_with_checks([right], only=["agreement", "causality"], tier="smoke")
def test_a_right_kernel_passes(check: Check) -> None:
    check()


def test_the_name_of_a_check_is_kernel_dtype_and_invariant() -> None:
    found = _checks(right, only=["agreement"], dtypes=["float64", "float32"])

    expected = ["right-float64-agreement", "right-float32-agreement"]
    assert expected == [check.name for check in found]


def test_a_wrong_kernel_fails_with_the_text_of_the_report() -> None:
    (check,) = _checks(tail, only=["tail-sweep"])

    with pytest.raises(ConformanceFailure) as caught:
        check()

    lines = str(caught.value).splitlines()
    assert lines[0].startswith("FAILED tail-sweep (float32)")
    assert lines[-2].endswith("attnspec replay tests.conformance._kernels:tail \\")


def test_words_name_a_kernel_that_runs_in_a_process_of_its_own() -> None:
    first, second = _checks(f"{FILE}:dies", only=["agreement", "sink-off"])

    assert first.name == f"{FILE}:dies-float32-agreement"
    assert first.stand is second.stand
    with pytest.raises(ConformanceFailure, match="CRASHED agreement"):
        first()
    with pytest.raises(pytest.skip.Exception, match="sink not claimed"):
        second()


def test_what_is_declared_stands_in_the_line_that_replays() -> None:
    (check,) = _checks(
        tail, only=["tail-sweep"], without=["causal"], multiples={"width": 2}
    )

    with pytest.raises(ConformanceFailure, match="--without causal --limit 'width % 2"):
        check()


def test_a_report_is_written_as_the_checks_run(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    laws = ["agreement", "result-form"]
    stack = contextlib.ExitStack()
    request = request_for(right, "attention", "numpy", {})
    first, second = checks(right, request, stack, only=laws, tier="smoke", report=path)

    assert not path.exists()
    first()
    assert [r["invariant"] for r in read_report(path).results] == laws[:1]
    second()
    stack.close()

    assert validated(path).conforms


def test_a_report_is_not_complete_if_a_check_was_not_run(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    request = request_for(right, "attention", "numpy", {})
    with contextlib.ExitStack() as stack:
        first, _ = checks(
            right,
            request,
            stack,
            only=["agreement", "result-form"],
            tier="smoke",
            report=path,
        )
        first()

    report = read_report(path)
    assert report.footer is not None
    assert not report.complete


def test_a_worker_of_xdist_writes_a_report_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw3")
    request = request_for(right, "attention", "numpy", {})
    with contextlib.ExitStack() as stack:
        (check,) = checks(
            right,
            request,
            stack,
            only=["agreement"],
            tier="smoke",
            report=tmp_path / "run.jsonl",
        )
        check()

    assert validated(tmp_path / "run.gw3.jsonl").complete


@pytest.mark.parametrize(
    ("kernels", "options", "message"),
    [
        ([], {}, "implementations: expected at least one kernel; got none"),
        ("torch", {}, "implementations: expected a sequence, got 'torch'"),
        (right, {}, "implementations: expected a sequence, got <function"),
        ([3], {}, r"implementations\[0\]: expected a text or Program or a function"),
        ([right], {"deadline": "x"}, "deadline: expected a number, got 'x'"),
        ([""], {}, "target: expected words that name a kernel; got ''"),
        ([right, tail], {"report": "run.jsonl"}, "report: expected one kernel in a"),
        (
            [right],
            {"report": "/no/such/run.jsonl"},
            "report: .*: there is no folder /no",
        ),
    ],
)
def test_a_wrong_request_is_refused_at_once(
    kernels: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        parametrize_with_checks(kernels, tier="smoke", **options)


def test_a_function_of_another_kind_has_its_own_checks() -> None:
    found = _checks(KINDS["rope"].definition, kind="rope")

    expected = [law.id for law in invariants_of("rope")]
    assert expected == [check.law.id for check in found]
    for check in found:
        check()


def test_what_is_not_claimed_is_skipped_with_the_reason() -> None:
    check, _ = _checks(right, only=["sink-off", "agreement"])

    with pytest.raises(pytest.skip.Exception, match="sink not claimed"):
        check()


def test_checks_that_ask_nothing_fail() -> None:
    (check,) = _checks(right, only=["sink-off"])

    with pytest.raises(
        ConformanceFailure,
        match="asked of this kernel; sink-off: minus_infinity_sink, sink",
    ):
        check()


def test_a_known_deviation_passes() -> None:
    kernel = Implementation.of(tail, deviations=(KNOWN,))
    (check,) = _checks(kernel, only=["tail-sweep"])

    check()


def test_the_dialect_is_detected_once_and_late() -> None:
    calls = []

    def counting(query: object, key: object, value: object) -> object:
        calls.append(query)
        return right(query, key, value)

    first, second = _checks(counting, only=["agreement", "result-form"])

    assert calls == []
    assert first.stand is second.stand
    assert first.stand.runners is second.stand.runners


@pytest.mark.parametrize(
    "options", [{"only": ["x"]}, {"dtypes": ["x"]}, {"claims": ["x"]}]
)
def test_a_name_that_does_not_exist_is_rejected_at_once(
    options: dict[str, list[str]],
) -> None:
    with pytest.raises(UnknownName):
        _checks(right, **options)


def test_a_tier_that_does_not_exist_is_rejected_at_once() -> None:
    with pytest.raises(UnknownName, match="tier: expected 'smoke' or"):
        parametrize_with_checks([right], tier="fast")  # type: ignore[arg-type]
