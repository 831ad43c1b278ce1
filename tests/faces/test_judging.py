"""A function of any face is judged as it is, and its findings are in its own words."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from attnspec.conformance import Report, check_implementation
from attnspec.conformance.reports.text import header_lines
from attnspec.exceptions import InvalidArgument
from tests._in_ci import IN_CI
from tests.faces import _numpy

pytestmark = pytest.mark.once

Kernel = Callable[..., Any]


def _judged(kernel: Kernel, *only: str, **asked: Any) -> Report:
    asked = {"arrays": "numpy", "dtypes": ["float32"], "tier": "smoke", **asked}
    return check_implementation(kernel, only=only, **asked)


def _altered(kernel: Kernel, **changes: Callable[[Any], Any]) -> Kernel:
    """Return a kernel that changes some of the keywords that it gets."""

    @functools.wraps(kernel)
    def altered(*operands: Any, **options: Any) -> Any:
        changed = {
            name: changes[name](value) if name in changes else value
            for name, value in options.items()
        }
        return kernel(*operands, **changed)

    return altered


LAWS = (
    *("result-form", "inputs-unchanged", "layout", "agreement", "options-honored"),
    *("scale-given", "bias-added", "mask-forms", "causal-support", "window-support"),
    *("softcap-order", "sink-mass", "slopes-added", "grouped-heads", "lse-agreement"),
)
"""One law and more of every option: a face says how options are called."""


@pytest.mark.parametrize("face", _numpy.RIGHT)
def test_a_right_function_of_each_face_conforms(face: str) -> None:
    report = _judged(_numpy.RIGHT[face], *(LAWS if IN_CI else ()))

    assert report.conforms, str(report)
    assert report.description.face["id"] == face
    assert f"face            {face} (recognised)" in "\n".join(header_lines(report, ""))


def test_a_function_of_transformers_with_a_window_conforms() -> None:
    report = _judged(_numpy.hf_windowed)

    assert report.conforms, str(report)
    assert "window" in report.description.capabilities
    assert "two_sided_window" not in report.description.capabilities


WRONG = [
    ("flash-attn", {"window_size": lambda w: (w[0] + 1, w[1])}, "window_size=("),
    ("flash-attn-qkvpacked", {"causal": lambda _: False}, "(qkv, causal=True"),
    ("flash-attn-kvpacked", {"causal": lambda _: False}, "(q, kv, causal=True"),
    ("sdpa", {"attn_mask": lambda m: ~m if m.dtype == bool else m}, "attn_mask=bool"),
    ("sdpa", {"is_causal": lambda _: False}, "is_causal=True"),
    ("jax", {"local_window_size": lambda w: w[::-1]}, "local_window_size=("),
    ("hf", {"attention_mask": lambda m: m if m is None else -m}, "attention_mask=flo"),
    ("mlx", {"mask": lambda m: None if isinstance(m, str) else m}, "mask='causal'"),
    ("single-prefill", {"custom_mask": lambda m: ~m}, "custom_mask=bool"),
    ("single-prefill", {"window_left": lambda left: left + 1}, "window_left="),
]
"""For a face what is done to a keyword, and what the call of the finding says."""


@pytest.mark.parametrize(("face", "changes", "said"), WRONG)
def test_a_wrong_function_of_each_face_fails_in_its_own_words(
    face: str, changes: dict[str, Callable[[Any], Any]], said: str
) -> None:
    kernel = _numpy.RIGHT[face]
    report = _judged(_altered(kernel, **changes), "agreement", "dialect-consistent")

    assert not report.conforms
    calls = [o.finding.call for o in report.failures if o.finding is not None]
    assert any(said in call for call in calls), calls
    assert all(call.startswith(f"{kernel.__name__}(") for call in calls)
    assert any(line.startswith("  called as") for line in str(report).splitlines()), (
        str(report)
    )


def test_a_window_is_told_with_the_word_for_unlimited_of_the_function() -> None:
    wrong = _altered(
        _numpy.flash, window_size=lambda w: (w[0] + 1, -1) if w[1] < 0 else w
    )
    report = _judged(wrong, "window-support")

    (finding,) = (o.finding for o in report.failures)
    assert finding is not None
    assert "window_size=(0, -1)" in finding.call
    assert "window=" not in str(report)
    assert "None)" not in str(report)


def test_what_is_wrong_on_dense_operands_alone_is_found() -> None:
    def kernel(*operands: Any, **options: Any) -> Any:
        q, k, v = operands
        if all(x.flags.c_contiguous for x in operands) and k.shape[1] > 4:
            k, v = k[:, :-1], v[:, :-1]
        return _numpy.flash(q, k, v, **options)

    dense = functools.wraps(_numpy.flash)(kernel)
    assert not _judged(dense, "agreement").conforms


def test_one_array_claims_no_more_than_it_can_hold() -> None:
    qkv = _judged(_numpy.qkv_packed, "agreement").description.capabilities
    kv = _judged(_numpy.kv_packed, "agreement").description.capabilities

    assert not {"unequal_lengths", "grouped_query", "value_width"} & qkv.claims
    assert {"unequal_lengths", "more_queries", "grouped_query"} <= kv.claims
    assert not {"strided_operands", "unaligned_operands"} & (qkv.claims | kv.claims)


def test_what_is_written_into_an_array_of_several_operands_is_found() -> None:
    @functools.wraps(_numpy.kv_packed)
    def kernel(q: Any, kv: Any, *rest: Any, **options: Any) -> Any:
        found = _numpy.kv_packed(q, kv, *rest, **options)
        kv[:, -1:, 1] = 0.0
        return found

    report = _judged(kernel, "inputs-unchanged")

    assert not report.conforms
    assert "changed: value" in str(report)
    assert _judged(_numpy.kv_packed, "inputs-unchanged").conforms


def test_operands_lie_in_memory_in_the_order_of_the_face() -> None:
    seen = {"dense": 0, "else": 0}

    @functools.wraps(_numpy.flash)
    def kernel(*operands: Any, **options: Any) -> Any:
        dense = all(x.flags.c_contiguous for x in operands)
        seen["dense" if dense else "else"] += 1
        return _numpy.flash(*operands, **options)

    assert _judged(kernel, "agreement", "layout").conforms
    assert seen["dense"] > seen["else"] > 0


def test_layouts_that_a_face_does_not_admit_are_out_of_scope() -> None:
    report = _judged(_numpy.jax, without=["strided_operands"])

    (layout,) = (o for o in report.outcomes if o.invariant == "layout")
    assert layout.verdict == "unsupported"
    assert layout.reason == "strided_operands not claimed"


def test_an_option_that_is_named_and_raises_is_said_not_to_be_offered() -> None:
    @functools.wraps(_numpy.flash)
    def kernel(*operands: Any, softcap: float = 0.0, **options: Any) -> Any:
        if softcap:
            msg = "no cap yet"
            raise NotImplementedError(msg)
        return _numpy.flash(*operands, **options)

    report = _judged(kernel, "agreement", "softcap-order", "scale-given")

    assert report.conforms, str(report)
    assert "softcap" not in report.description.capabilities
    head = "\n".join(header_lines(report, ""))
    assert "not offered     softcap: NotImplementedError: no cap yet" in head


def test_an_option_that_raises_anything_else_is_refused() -> None:
    @functools.wraps(_numpy.flash)
    def kernel(*operands: Any, softcap: float = 0.0, **options: Any) -> Any:
        if softcap:
            msg = "no cap yet"
            raise RuntimeError(msg)
        return _numpy.flash(*operands, **options)

    assert not _judged(kernel, "softcap-order").conforms


def test_a_function_that_raises_in_every_call_is_not_said_to_offer_nothing() -> None:
    @functools.wraps(_numpy.hf)
    def kernel(*operands: Any, **options: Any) -> Any:
        msg = f"{len(operands)} operands, {len(options)} options"
        raise ValueError(msg)

    report = _judged(kernel, "agreement", "result-form")

    assert not report.conforms
    assert report.detected.not_offered == {}
    assert "mask" in report.description.capabilities


def test_an_option_that_kwargs_swallow_is_found() -> None:
    def kernel(
        q: Any, k: Any, v: Any, softmax_scale: Any = None, causal: Any = False, **_: Any
    ) -> Any:
        return _numpy.flash(q, k, v, softmax_scale=softmax_scale, causal=causal)

    report = _judged(kernel, "softcap-order")

    assert not report.conforms
    assert "softcap=" in str(report)


def test_a_pair_that_comes_without_being_asked_for_claims_the_logsumexp() -> None:
    def kernel(q: Any, k: Any, v: Any, softmax_scale: Any = None) -> Any:
        found = _numpy.flash(q, k, v, 0.0, softmax_scale, return_attn_probs=True)
        return found[:2]

    report = _judged(kernel, "agreement", "lse-agreement")

    assert report.conforms, str(report)
    assert "return_lse" in report.description.capabilities


def test_the_corner_of_a_face_is_fixed() -> None:
    def kernel(
        q: Any, k: Any, v: Any, softmax_scale: Any = None, causal: Any = False
    ) -> Any:
        return _numpy.jax(q, k, v, scale=softmax_scale, is_causal=causal)

    report = _judged(kernel, "causal-support")

    assert not report.conforms
    assert report.detected.sources["alignment"] == "face"
    assert _judged(
        kernel, "causal-support", dialect={"alignment": "upper_left"}
    ).conforms


def test_the_logsumexp_of_jax_has_the_format_of_the_operands() -> None:
    report = _judged(_numpy.jax, "lse-agreement", dtypes=["bfloat16"])

    assert report.conforms, str(report)
    assert report.description.model("bfloat16").lse == "bfloat16"


def test_a_face_that_is_named_wins_and_an_implementation_keeps_its_own() -> None:
    from attnspec.conformance import Implementation  # noqa: PLC0415 - only here

    def kernel(query: Any, key: Any, value: Any, is_causal: bool = False) -> Any:
        return _numpy.sdpa(query, key, value, is_causal=is_causal)

    with pytest.raises(InvalidArgument, match="face: none is recognised by is_causal"):
        _judged(kernel)
    assert _judged(kernel, "causal-support", face="sdpa").conforms
    known = Implementation.of(kernel, face="sdpa", arrays="numpy")
    assert check_implementation(known, only=["causal-support"], tier="smoke").conforms
    with pytest.raises(InvalidArgument, match="face: an Implementation has its own"):
        check_implementation(known, face="sdpa")
    with pytest.raises(InvalidArgument, match="face: a function of rope has"):
        check_implementation(kernel, kind="rope", face="sdpa")


def test_keywords_that_no_face_knows_are_named_in_the_report() -> None:
    def kernel(query: Any, key: Any, value: Any, *, block_size: int = 64) -> Any:
        assert block_size == 64
        return np.asarray(_numpy.tiled_attention(query, key, value))

    report = _judged(kernel, "agreement")

    head = "\n".join(header_lines(report, ""))
    assert report.conforms
    assert "no option       block_size: not passed" in head
