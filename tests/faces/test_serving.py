"""Faces of packed, padded and merged attention: translated, and never repaired."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from attnspec.conformance import check_implementation
from attnspec.exceptions import InvalidArgument
from attnspec.faces import OF_KINDS
from tests._in_ci import share
from tests.faces import _caching, _planning, _serving

FUNCTIONS: dict[str, Any] = {**vars(_serving), **vars(_caching), **vars(_planning)}

RIGHT = {
    "flash_attn_varlen_func": "flash-attn-varlen",
    "of_vllm": "flash-attn-varlen",
    "of_version_4": "flash-attn-varlen",
    "varlen_attn": "flash-attn-varlen",
    "dot_product_attention": "jax-lengths",
    "attention_of_onnx": "onnx-lengths",
    "merge_state_in_place": "merge-in-place",
    "merge_attn_states": "merge-into",
    "merge_attentions": "merge-lists",
    "flash_attn_combine": "merge-splits",
    "flash_attn_with_kvcache": "flash-attn-kvcache",
    "with_pages": "flash-attn-paged",
    "packed_over_pages": "varlen-paged",
    "summed_over_pages": "varlen-paged",
    "reshape_and_cache_flash": "slot-mapping",
    "append_paged_kv_cache": "page-lists",
    "Prefill": "paged-prefill-wrapper",
    "Decode": "paged-decode-wrapper",
    "Ragged": "ragged-prefill-wrapper",
    "single_decode_with_kv_cache": "single-decode",
}
WRONG = {
    "windowless": "flash-attn-varlen",
    "first_length": "jax-lengths",
    "upside_down": "onnx-lengths",
    "read_again": "merge-in-place",
    "last_head_unwritten": "merge-into",
    "last_of_list": "merge-lists",
    "even_splits": "merge-splits",
    "not_kept": "flash-attn-kvcache",
    "first_row": "flash-attn-paged",
    "whole_pages": "varlen-paged",
    "negative_slots": "slot-mapping",
    "first_list": "page-lists",
    "PlannedByShape": "paged-prefill-wrapper",
    "WholePages": "paged-decode-wrapper",
    "LastIsLost": "ragged-prefill-wrapper",
    "last_key_lost": "single-decode",
}
LAWS = {
    "varlen": ["varlen-agreement", "varlen-lse", "varlen-out"],
    "padded": ["padded-agreement", "padded-lse"],
    "merge": ["merge-agreement", "merge-rows", "merge-in-place", "merge-rows-kept"],
    "paged": ["paged-agreement", "paged-lse", "paged-out"],
    "paged-append": ["paged-append-bits", "paged-append-counts"],
    "merge-all": ["merge-all-agreement", "merge-all-rows"],
    "cached": ["cached-agreement", "cached-rotary"],
}
"""What the translation of a call can break."""

SERVING = {
    name for name, face in OF_KINDS.items() if face.kind not in ("rope", "kv-cache")
}


def _judged(name: str, face: str, **more: Any) -> Any:
    return check_implementation(
        FUNCTIONS[name],
        kind=OF_KINDS[face].kind,
        arrays="numpy",
        tier="smoke",
        **more,
    )


def test_every_face_has_a_right_function_and_a_wrong_one() -> None:
    assert {*RIGHT.values()} == {*WRONG.values()} == SERVING


@pytest.mark.once
@pytest.mark.parametrize(("name", "face"), share([*RIGHT.items()], 2))
def test_a_right_function_conforms_as_it_is(name: str, face: str) -> None:
    report = _judged(name, face, only=LAWS[OF_KINDS[face].kind])

    assert report.conforms, report
    assert report.description.face["id"] == face


@pytest.mark.once
@pytest.mark.parametrize(("name", "face"), WRONG.items())
def test_a_wrong_function_is_found(name: str, face: str) -> None:
    kind = OF_KINDS[face].kind

    report = _judged(name, face, only=[f"{kind}-agreement"])

    assert not report.conforms
    (found,) = report.outcomes
    assert found.finding is not None
    assert found.finding.call.startswith((f"{name}(", f"{name}: plan("))


def test_a_finding_shows_the_operands_that_come_by_keyword() -> None:
    (found,) = _judged(
        "first_row", "flash-attn-paged", only=["paged-agreement"]
    ).outcomes

    assert found.finding is not None
    said = "cache_seqlens=cache_seqlens, block_table=block_table"
    assert found.finding.call == f"first_row(q, k_cache, v_cache, {said})"


def _claims(name: str, face: str) -> set[str]:
    kind = OF_KINDS[face].kind
    report = _judged(name, face, only=[f"{kind}-agreement"])
    return {*report.description.capabilities.claims}


def test_what_a_signature_has_is_claimed() -> None:
    first = _claims("flash_attn_varlen_func", "flash-attn-varlen")
    fourth = _claims("of_version_4", "flash-attn-varlen")
    vllm = _claims("of_vllm", "flash-attn-varlen")
    torch = _claims("varlen_attn", "flash-attn-varlen")

    assert {"causal", "window", "softcap", "scale", "return_lse"} <= first
    assert not {"sink", "used_key", "out"} & first
    assert "out" in vllm
    assert {"sink", "used_key", "used_query"} <= fourth
    assert {"causal", "window"} <= torch
    assert not {"softcap", "return_lse"} & torch


def test_a_cache_as_flashattention_has_it_claims_all_that_it_can() -> None:
    claims = _claims("flash_attn_with_kvcache", "flash-attn-kvcache")

    assert {"new_tokens", "slots", "left_pad", "rotary", "interleaved"} <= claims
    assert {"causal", "window", "softcap", "scale", "return_lse"} <= claims
    assert "sink" not in claims


def test_a_function_without_the_sums_is_refused() -> None:
    def dense(q: Any, k: Any, v: Any, max_seqlen_q: int = 0) -> Any: ...

    message = "face: flash-attn-varlen has cu_seqlens_q, which it does not take"
    with pytest.raises(InvalidArgument, match=message):
        check_implementation(dense, kind="varlen", face="flash-attn-varlen")


def test_an_option_that_is_named_and_raises_is_said_not_to_be_offered() -> None:
    @functools.wraps(_serving.flash_attn_varlen_func)
    def kernel(*operands: Any, return_attn_probs: bool = False, **options: Any) -> Any:
        if return_attn_probs or options.get("softcap"):
            msg = "not here"
            raise NotImplementedError(msg)
        return _serving.flash_attn_varlen_func(*operands, **options)

    report = check_implementation(
        kernel,
        kind="varlen",
        arrays="numpy",
        tier="smoke",
        only=["varlen-agreement", "varlen-lse", "varlen-no-keys"],
    )

    assert report.conforms, report
    missing = dict.fromkeys(("softcap", "return_lse"), "NotImplementedError: not here")
    assert report.detected.not_offered == missing
    assert not {*missing} & {*report.description.capabilities.claims}


def test_what_is_written_on_a_device_is_not_judged() -> None:
    message = "face: what merge-into writes on the device cuda is not seen here"
    with pytest.raises(InvalidArgument, match=message):
        check_implementation(
            _serving.merge_attn_states, kind="merge", arrays="torch", device="cuda"
        )
