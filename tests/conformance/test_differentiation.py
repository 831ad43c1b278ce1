"""The gradients of a kernel are judged where it claims them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from attnspec.cli import main
from attnspec.conformance import (
    Implementation,
    Outcome,
    Report,
    Verdict,
    check_implementation,
    differentiable,
)
from attnspec.conformance.differentiation import pulled_back
from attnspec.exceptions import InvalidArgument
from attnspec.judge.deviations import Deviation
from attnspec.kernels import tiled_attention
from attnspec.kinds.normalizers.softmax import SOFTMAX
from attnspec.kinds.registry import invariants_of
from attnspec.kinds.training.attention_gradient import ATTENTION_GRADIENT
from attnspec.rogues.serving._packing import Varlen
from attnspec.rogues.serving._packing_steps import one_sequence
from attnspec.rogues.serving._padding import Padded
from attnspec.rogues.training._packed_passes import PackedPass
from attnspec.rogues.training._padded_passes import PaddedPass
from attnspec.rogues.training._passes import BackwardPass, State

pytestmark = pytest.mark.once

GRADIENT_LAWS = [law.id for law in invariants_of("attention-gradient")]
AGREEMENT = "attention-gradient-agreement"


def plain(query: Any, key: Any, value: Any, *, causal: bool = False) -> Any:
    return tiled_attention(query, key, value, causal=causal)


def plain_vjp(
    query: Any, key: Any, value: Any, d_output: Any, *, causal: bool = False
) -> Any:
    return BackwardPass()(query, key, value, d_output, causal=causal)


def causal_twice(query: Any, key: Any, value: Any, *, causal: bool = False) -> Any:
    if causal:
        query = query * query.dtype.type(1.5)
    return tiled_attention(query, key, value, causal=causal)


def causal_twice_vjp(
    query: Any, key: Any, value: Any, d_output: Any, *, causal: bool = False
) -> Any:
    if causal:
        query = query * query.dtype.type(1.5)
    return BackwardPass()(query, key, value, d_output, causal=causal)


def without_gradient(query: Any, key: Any, value: Any) -> Any:
    return tiled_attention(query, key, value)


class _NoDelta(BackwardPass):
    def delta(self, s: State) -> None:
        super().delta(s)
        s.of_row = s.of_row * 0


def no_delta(query: Any, key: Any, value: Any) -> Any:
    return tiled_attention(query, key, value)


def no_delta_vjp(query: Any, key: Any, value: Any, d_output: Any) -> Any:
    return _NoDelta()(query, key, value, d_output)


def packed(
    query: Any, key: Any, value: Any, *lengths: Any, causal: bool = False
) -> Any:
    return Varlen()(query, key, value, *lengths, causal=causal)


def packed_vjp(
    query: Any, key: Any, value: Any, *rest: Any, causal: bool = False
) -> Any:
    return PackedPass()(query, key, value, *rest, causal=causal)


def forgetful(query: Any, key: Any, value: Any, *lengths: Any) -> Any:
    return Varlen()(query, key, value, *lengths)


def forgetful_vjp(query: Any, key: Any, value: Any, *rest: Any) -> Any:
    return PackedPass(segments=one_sequence)(query, key, value, *rest)


def padded(query: Any, key: Any, value: Any, *, key_lengths: Any = None) -> Any:
    return Padded()(query, key, value, key_lengths=key_lengths)


def padded_vjp(
    query: Any, key: Any, value: Any, d_output: Any, *, key_lengths: Any = None
) -> Any:
    return PaddedPass()(query, key, value, d_output, key_lengths=key_lengths)


def _smoke(kernel: Any, **wishes: Any) -> Report:
    return check_implementation(kernel, tier="smoke", claims=["gradients"], **wishes)


def _outcomes(report: Report) -> dict[str, Outcome]:
    return {outcome.invariant: outcome for outcome in report.outcomes}


def test_the_laws_of_gradients_follow_those_of_the_kernel() -> None:
    report = _smoke(plain, only=["agreement", AGREEMENT])

    assert report.conforms
    assert list(_outcomes(report)) == ["agreement", AGREEMENT]


def test_gradients_are_not_judged_unless_they_are_claimed() -> None:
    report = check_implementation(plain, tier="smoke", only=["agreement"])

    assert report.backward is None
    with pytest.raises(InvalidArgument, match="is a law of attention-gradient, not"):
        check_implementation(plain, tier="smoke", only=[AGREEMENT])


def test_who_claims_gradients_has_a_backward_pass() -> None:
    with pytest.raises(InvalidArgument, match="expected a backward pass of 'without"):
        _smoke(without_gradient, only=["agreement"])


def test_a_backward_pass_is_held_to_the_dialect_of_its_kernel() -> None:
    report = _smoke(plain, only=["agreement", AGREEMENT])

    assert report.backward is not None
    known = report.backward.detected.dialect
    assert known["alignment"] == report.detected.dialect["alignment"]
    assert known["empty_row"] == report.detected.dialect["empty_row"]


def test_a_wrong_backward_pass_fails_where_the_kernel_does_not() -> None:
    found = _outcomes(_smoke(no_delta, only=["agreement", AGREEMENT]))

    assert found["agreement"].verdict is Verdict.PASSED
    assert found[AGREEMENT].verdict is Verdict.FAILED


def test_a_fault_of_the_kernel_is_told_once() -> None:
    found = _outcomes(_smoke(causal_twice, only=["agreement", AGREEMENT]))

    assert found["agreement"].verdict is Verdict.FAILED
    assert found[AGREEMENT].verdict is Verdict.HELD_BACK
    finding = found[AGREEMENT].finding
    assert finding is not None
    assert finding.recipe["causal"]


def test_what_a_backward_pass_cannot_do_is_not_asked_of_it() -> None:
    def kernel(
        query: Any, key: Any, value: Any, *, causal: bool = False, softcap: Any = None
    ) -> Any:
        return tiled_attention(query, key, value, causal=causal, softcap=softcap)

    found = differentiable(Implementation.of(kernel), plain_vjp)
    report = _smoke(found, only=["softcap-limits", AGREEMENT])

    assert report.conforms
    assert report.backward is not None
    assert "softcap" in report.description.capabilities
    assert "softcap" not in report.backward.description.capabilities


def _differentiated(gradients: tuple[Any, ...] | None = None) -> Implementation:
    """Return a kernel that a library differentiates, with these gradients."""

    def pullback(
        operands: Any, _options: Any, cotangents: Any, _wanted: Any, _twice: Any
    ) -> Any:
        output = tiled_attention(*operands.values())
        return (output,), gradients or plain_vjp(*operands.values(), *cotangents)

    kernel = Implementation.of(without_gradient)
    return Implementation(*pulled_back(kernel.function, kernel.description, pullback))


def test_a_library_differentiates_a_kernel() -> None:
    assert _smoke(
        _differentiated(), only=[AGREEMENT, "attention-gradient-retained"]
    ).conforms


def test_a_gradient_of_none_is_a_fault_that_says_so() -> None:
    found = _outcomes(_smoke(_differentiated((None, None, None)), only=[AGREEMENT]))[
        AGREEMENT
    ]

    assert found.verdict is Verdict.FAILED
    assert found.finding is not None
    assert "dq: expected a NumPy array, got None" in found.finding.message


def _run(*words: str) -> tuple[int, str]:
    found = CliRunner().invoke(main, [*words, "--jobs", "1"])
    return found.exit_code, found.output


def test_the_head_of_a_report_says_what_is_asked_of_gradients(tmp_path: Path) -> None:
    file = tmp_path / "report.jsonl"
    target = f"{__file__}:plain"
    words = "--only", AGREEMENT, "--tier", "smoke", "--report", str(file)

    code, said = _run("check", target, "--claim", "gradients", *words)

    assert code == 0, said
    assert "gradients       causal unequal_lengths more_queries" in said
    assert "not of them     mask" in said
    header = json.loads(file.read_text("utf-8").partition("\n")[0])
    assert header["backward"]["function"] == "attention-gradient"
    assert header["backward"]["dialect"]["alignment"] == header["dialect"]["alignment"]


@pytest.mark.parametrize(("kernel", "kind"), [(packed, "varlen"), (padded, "padded")])
def test_the_gradients_of_many_sequences_are_judged(kernel: Any, kind: str) -> None:
    laws = [f"{kind}-agreement", f"{kind}-gradient-agreement"]

    report = _smoke(kernel, kind=kind, only=laws)

    assert report.conforms
    assert list(_outcomes(report)) == laws
    assert report.backward is not None
    assert report.backward.description.kind == f"{kind}-gradient"


def test_boundaries_that_are_forgotten_on_the_way_back_are_found() -> None:
    laws = ["varlen-agreement", "varlen-gradient-alone"]

    found = _outcomes(_smoke(forgetful, kind="varlen", only=laws))

    assert found[laws[0]].verdict is Verdict.PASSED
    assert found[laws[1]].verdict is Verdict.FAILED
    finding = found[laws[1]].finding
    assert finding is not None
    words = "--claim", "gradients"
    again = CliRunner().invoke(
        main, ["replay", f"{__file__}:forgetful", finding.token, *words]
    )
    assert again.output.startswith("reproduced"), again.output


def test_functions_of_other_kinds_have_no_gradients() -> None:
    softmax = Implementation.of(SOFTMAX.definition, kind="softmax")

    with pytest.raises(InvalidArgument, match="no backward pass of the kind softmax"):
        differentiable(softmax, plain_vjp)


def test_without_the_claim_the_head_says_that_gradients_are_not_judged() -> None:
    words = "--only", "agreement", "--tier", "smoke"

    _, said = _run("check", f"{__file__}:plain", *words)

    not_claimed = said.partition("not claimed")[2].partition("dialect")[0]
    assert "gradients" in not_claimed


def test_a_finding_of_gradients_is_seen_again_by_its_token() -> None:
    target = f"{__file__}:no_delta"
    words = "--only", AGREEMENT, "--tier", "smoke"
    finding = _outcomes(_smoke(no_delta, only=[AGREEMENT]))[AGREEMENT].finding
    assert finding is not None

    code, said = _run("check", target, "--claim", "gradients", *words)
    assert code == 1
    assert "attnspec replay" in said
    again = CliRunner().invoke(
        main, ["replay", target, finding.token, "--claim", "gradients"]
    )
    assert again.output.startswith("reproduced"), again.output


def test_what_is_said_of_a_backward_pass_alone_is_said_beside_the_kernel() -> None:
    report = _smoke(plain, only=[AGREEMENT], dialect={"lse_gradient": "dropped"})

    assert report.backward is not None
    assert report.backward.detected.dialect["lse_gradient"] == "dropped"
    assert "lse_gradient" not in report.detected.dialect


def test_the_deviations_of_a_backward_pass_are_among_those_of_its_kernel() -> None:
    known = differentiable(Implementation.of(plain), plain_vjp).description
    deviation = Deviation(
        id="one-key",
        invariants=(AGREEMENT,),
        reason="of one key nothing is right",
        when={"keys": 1},
        pinned=ATTENTION_GRADIENT.recipe(keys=1),
    )

    assert known.gradients is not None
    gradients = known.gradients.replace(deviations=(deviation,))
    assert known.replace(gradients=gradients).all_deviations == (deviation,)


def test_a_logsumexp_that_is_not_offered_is_none_of_the_backward_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raised = {"return_lse": "NotImplementedError: not here"}

    def offered(_call: Any, known: Any, _dtype: str) -> Any:
        return known, raised

    monkeypatch.setattr("attnspec.conformance.check.offered", offered)
    known = differentiable(Implementation.of(plain), plain_vjp)

    report = check_implementation(
        known, claims=["gradients"], tier="smoke", only=[AGREEMENT]
    )

    assert report.conforms, report
    assert report.detected.not_offered == raised
