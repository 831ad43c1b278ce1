from __future__ import annotations

import dataclasses
import mmap
from pathlib import Path
from typing import Any

import pytest

from attnspec.conformance import (
    Implementation,
    Outcome,
    Report,
    Verdict,
    check_implementation,
    implementation,
    judge,
)
from attnspec.conformance.call import InProcess
from attnspec.conformance.implementation import claims
from attnspec.conformance.inputs import read_token
from attnspec.conformance.libraries import LIBRARIES
from attnspec.conformance.targets import Request, open_target
from attnspec.exceptions import (
    InvalidArgument,
    KernelCrashed,
    KernelFault,
    KernelTimedOut,
    UnknownName,
)
from attnspec.judge.case import Case, Result
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.kinds.registry import DEFAULT_KIND, invariants_of
from tests.conformance import _kernels

pytestmark = pytest.mark.once

FILE = Path(_kernels.__file__)

LAWS = [law.id for law in invariants_of(DEFAULT_KIND)]


def _smoke(kernel: Any, **options: Any) -> Report:
    return check_implementation(kernel, tier="smoke", **options)


def _outcome(report: Report, invariant: str) -> Outcome:
    return next(o for o in report.outcomes if o.invariant == invariant)


def test_a_right_plain_function_conforms() -> None:
    report = _smoke(_kernels.right)

    assert report.failures == ()
    assert report.conforms


def test_every_invariant_has_an_outcome_in_every_dtype() -> None:
    report = _smoke(_kernels.right, dtypes=["float32", "float16"])

    found = [(o.dtype, o.invariant) for o in report.outcomes]
    assert found == [(d, i) for d in ("float32", "float16") for i in LAWS]


def test_what_is_not_claimed_is_unsupported_and_says_so() -> None:
    outcome = _outcome(_smoke(_kernels.right), "sink-mass")

    assert (outcome.verdict, outcome.reason) == (
        Verdict.UNSUPPORTED,
        "sink not claimed",
    )


@pytest.mark.parametrize("invariant", ["agreement", "tail-sweep", "exact-gather"])
def test_a_wrong_kernel_fails_with_a_small_case_and_a_token(invariant: str) -> None:
    report = check_implementation(_kernels.tail, only=[invariant])

    finding = report.outcomes[0].finding
    assert report.outcomes[0].verdict is Verdict.FAILED
    assert finding is not None
    assert finding.recipe["keys"] % 64 == 1
    assert (finding.recipe["batch"], finding.recipe["query_heads"]) == (1, 1)
    assert read_token(finding.token).recipe == finding.recipe


def test_a_failure_names_the_mildest_model_that_would_explain_it() -> None:
    laws = ["agreement", "lse-agreement", "query-sweep"]
    report = check_implementation(_kernels.bf16_scores, only=laws)

    (cause,) = report.causes
    assert "bfloat16" in (cause.relaxation or "")


@pytest.mark.parametrize(
    ("kernel", "verdict", "message"),
    [
        (_kernels.raises, Verdict.REFUSED, "ValueError: no such kernel"),
        (_kernels.exits, Verdict.REFUSED, "SystemExit: 3"),
        (_kernels.returns_none, Verdict.FAILED, "got None"),
        (_kernels.returns_a_row, Verdict.FAILED, "expected shape"),
        (_kernels.returns_float64, Verdict.FAILED, "expected dtype float32"),
    ],
)
def test_a_kernel_that_returns_no_result_fails_once_and_the_rest_is_not_run(
    kernel: Any, verdict: Verdict, message: str
) -> None:
    report = _smoke(kernel)

    first, *rest = [o for o in report.outcomes if o.verdict is not Verdict.UNSUPPORTED]
    assert (first.invariant, first.verdict) == ("result-form", verdict)
    assert first.finding is not None
    assert message in first.finding.message
    assert {o.verdict for o in rest} == {Verdict.NOT_RUN}
    assert all("the simplest call fails" in o.reason for o in rest)


@pytest.mark.parametrize(
    ("kernel", "invariant"),
    [
        (_kernels.mutates, "inputs-unchanged"),
        (_kernels.Buffered(), "inputs-unchanged"),
    ],
)
def test_a_kernel_with_a_bad_habit_is_caught(kernel: Any, invariant: str) -> None:
    report = check_implementation(kernel, only=[invariant], tier="smoke")

    assert report.outcomes[0].verdict is Verdict.FAILED


def test_a_claimed_option_that_raises_is_refused() -> None:
    def kernel(query: Any, key: Any, value: Any, *, softcap: Any = None) -> Any:
        if softcap is not None:
            raise NotImplementedError
        return _kernels.right(query, key, value)

    outcome = _outcome(_smoke(kernel), "softcap-order")

    assert outcome.verdict is Verdict.REFUSED
    assert outcome.finding is not None
    assert ATTENTION.table.on(outcome.finding.recipe) == ("softcap",)


def test_a_dropped_option_is_named() -> None:
    def kernel(query: Any, key: Any, value: Any, *, causal: bool = False) -> Any:
        return _kernels.right(query, key, value)

    outcome = check_implementation(kernel, only=["options-honored"]).outcomes[0]

    assert outcome.finding is not None
    assert outcome.finding.message == "effect of causal"


@pytest.mark.parametrize(
    ("function", "verdict"), [("dies", Verdict.CRASHED), ("hangs", Verdict.TIMED_OUT)]
)
def test_a_kernel_that_dies_or_hangs_gets_its_verdict_and_the_run_goes_on(
    function: str, verdict: Verdict
) -> None:
    with open_target(Request(f"{FILE}:{function}"), deadline=0.3) as (
        call,
        description,
    ):
        report = judge(
            call, description, tier="smoke", only=["agreement", "determinism"]
        )

    assert [o.verdict for o in report.outcomes] == [verdict, verdict]


class _FailsOnce(InProcess):
    """Fails in one call, by its number: the first is the simplest of all."""

    def __init__(self, number: int, fault: KernelFault) -> None:
        super().__init__(_kernels.right)
        self._left = number
        self._fault = fault

    def __call__(self, case: Case) -> Result:
        self._left -= 1
        if self._left == 0:
            raise self._fault
        return super().__call__(case)


def test_a_kernel_that_never_returns_is_called_once_before_a_run_stops() -> None:
    class Hangs(InProcess):
        calls = 0

        def __call__(self, case: Case) -> Result:  # noqa: ARG002 - an executor's form
            self.calls += 1
            msg = "did not return within 4 s"
            raise KernelTimedOut(msg)

    description = Implementation.of(_kernels.right).description
    call = Hangs(_kernels.right)
    report = judge(call, description, tier="smoke", stop_at_first=True)

    assert report.outcomes[0].verdict is Verdict.TIMED_OUT
    assert call.calls == 1


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        (KernelTimedOut("did not return within 4 s"), Verdict.TIMED_OUT),
        (KernelCrashed("ended the process by SIGSEGV"), Verdict.CRASHED),
    ],
)
def test_a_probe_that_hangs_or_crashes_is_said_by_one_law(
    fault: KernelFault, verdict: Verdict
) -> None:
    description = Implementation.of(_kernels.right).description
    call = _FailsOnce(2, fault)
    laws = ["agreement", "causality"]
    report = judge(call, description, only=laws, tier="smoke")

    first, second = report.outcomes
    assert (first.verdict, first.reason) == (verdict, f"a probe of the dialect {fault}")
    assert second.verdict is Verdict.PASSED
    assert f"a probe of the dialect {fault}" in " ".join(str(report).split())


def test_a_finding_that_needs_earlier_calls_keeps_them() -> None:
    with open_target(Request(f"{FILE}:stale")) as (call, description):
        report = judge(call, description, tier="smoke", only=["agreement"])

    finding = report.outcomes[0].finding
    assert finding is not None
    assert finding.before


def test_the_first_failure_can_stop_the_run() -> None:
    with open_target(Request(f"{FILE}:tail")) as (call, description):
        report = judge(call, description, stop_at_first=True)

    assert len(report.outcomes) == len(LAWS)
    assert [o.verdict for o in report.failures].count(Verdict.FAILED) == 1
    assert report.outcomes[-1].verdict is Verdict.NOT_RUN


def test_where_no_choice_fits_one_law_says_how_and_the_rest_is_held_back() -> None:
    laws = ["agreement", "causality", "causal-support"]
    report = _smoke(_kernels.floored, only=laws)

    assert {o.invariant: o.verdict for o in report.outcomes} == {
        "agreement": Verdict.PASSED,
        "causality": Verdict.NOT_RUN,
        "causal-support": Verdict.FAILED,
    }
    support = _outcome(report, "causal-support")
    assert support.finding is not None
    assert support.finding.message == "weight of hidden keys"
    assert read_token(support.finding.token).law.id == "causal-support"
    assert _outcome(report, "causality").reason == (
        "no choice of alignment fits (the nearest is upper_left); "
        "causal-support says how"
    )


def test_a_provisional_law_is_reported_and_not_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    law = dataclasses.replace(ATTENTION.laws["tail-sweep"], provisional=True)
    monkeypatch.setitem(ATTENTION.laws, "tail-sweep", law)

    report = check_implementation(_kernels.tail, only=["tail-sweep"])

    assert report.conforms
    assert report.outcomes[0].verdict is Verdict.FAILED


def test_the_same_seed_gives_the_same_report() -> None:
    def counts(seed: int) -> list[tuple[int, int, float]]:
        report = _smoke(_kernels.right, only=["agreement", "causality"], seed=seed)
        return [(o.counted, o.weak, o.ratio) for o in report.outcomes]

    assert counts(1) == counts(1)
    assert counts(1) != counts(2)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"only": ["agreemnt"]}, UnknownName, "no such id 'agreemnt'"),
        ({"claims": ["gqa"]}, UnknownName, "claim: expected one of .*; got 'gqa'"),
        ({"dtypes": ["fp32"]}, UnknownName, r"dtypes\[0\]: .*, got 'fp32'"),
        ({"tier": "quick"}, UnknownName, "tier: expected 'smoke' or .*, got 'quick'"),
    ],
)
def test_a_wrong_request_is_refused(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        check_implementation(_kernels.right, **options)


def test_a_signature_claims_its_keywords_and_kwargs_claim_nothing() -> None:
    def kernel(q: Any, k: Any, v: Any, *, mask: Any = None, **rest: Any) -> None: ...

    claimed = Implementation.of(kernel).description.capabilities.claims

    assert "mask" in claimed
    assert not {"bias", "causal", "sink"} & claimed


def test_the_decorator_claims_what_a_signature_cannot_say() -> None:
    @claims("grouped_query", dtypes=("float16",))
    def kernel(query: Any, key: Any, value: Any) -> Any:
        return _kernels.right(query, key, value)

    report = check_implementation(kernel, only=["grouped-heads"], tier="smoke")

    assert {o.dtype for o in report.outcomes} == {"float16"}
    assert report.outcomes[0].verdict is not Verdict.UNSUPPORTED


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (3, "or a function or Implementation, got 3"),
        ([], "implementation: expected a text or Program or"),
        (None, "or Implementation, got None"),
        ("", "target: expected words that name a kernel; got ''"),
        (" ", "target: expected words that name a kernel; got ' '"),
    ],
)
def test_something_that_is_no_kernel_is_refused(kernel: Any, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        check_implementation(kernel)


def test_a_report_says_what_failed() -> None:
    report = check_implementation(_kernels.tail, only=["tail-sweep"], tier="smoke")

    said = str(report)

    assert said.startswith("FAILED tail-sweep (float32): ")
    assert said.endswith("tail does not conform")


def test_where_no_addresses_can_be_reserved_the_reason_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(mmap, "mmap", full)
    report = check_implementation(_kernels.right, only=["far-offsets"], tier="smoke")

    (outcome,) = report.outcomes
    assert outcome.verdict is Verdict.MISTRUSTED
    assert "GiB of addresses cannot be reserved" in outcome.reason


def test_a_report_has_the_largest_sizes_that_were_reached() -> None:
    report = check_implementation(_kernels.right, only=["agreement", "far-offsets"])

    assert report.reached["offset"] >= 2**31
    assert report.reached["rows"] > 2**16
    assert (report.reached["E"], report.reached["Ev"]) == (576, 576)
    assert "largest sizes   E 576" in str(report)


@pytest.mark.parametrize(
    "claim", ["far_offsets", "strided_operands", "unaligned_operands"]
)
def test_arrays_that_keep_no_strides_do_not_claim_them(
    monkeypatch: pytest.MonkeyPatch, claim: str
) -> None:
    def as_it_is(_library: str, function: Any, _device: str) -> Any:
        return function

    def not_differentiated(_function: Any, native: Any, known: Any) -> Any:
        return native, known

    monkeypatch.setattr(implementation, "through", as_it_is)
    monkeypatch.setattr(implementation, "differentiated", not_differentiated)
    plain = Implementation.of(_kernels.right)
    taken = {name: implementation.taking(name, plain).description for name in LIBRARIES}

    claiming = [n for n, known in taken.items() if claim in known.capabilities]
    assert claiming == ["numpy", "torch"]
