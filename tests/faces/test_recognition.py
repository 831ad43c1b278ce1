"""A function's face is recognised by its keywords, or the error says what could be."""

from __future__ import annotations

import json
import types
from collections.abc import Callable
from typing import Any

import pytest

from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.faces import FACES, Signature, called
from attnspec.faces._face import REQUIRED
from attnspec.faces._signature import documented

OPERANDS = "q, k, v"

SIGNATURES = {
    "plain": (
        "q, k, v",
        "Q, K, V, mask=None, scale=None, causal=False",
        "q, k, v, *, window=None, return_lse=False, block_size=64",
        "query, key, value, bias=None, mask=None, scale=None",
        "q, k, v, sm_scale=None",
    ),
    "sdpa": (
        "query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False",
        "q, k, v, *, attn_mask=None, scale=None, enable_gqa=False",
    ),
    "flash-attn": (
        (
            "q, k, v, dropout_p=0.0, softmax_scale=None, causal=False, "
            "window_size=(-1, -1), softcap=0.0, alibi_slopes=None, "
            "return_attn_probs=False"
        ),
        (
            "q, k, v, softmax_scale=None, causal=False, qv=None, window_size=(-1, -1), "
            "attention_chunk=0, softcap=0.0, num_splits=1, return_attn_probs=False"
        ),
        (
            "q, k, v, softmax_scale=None, causal=False, window_size=(None, None), "
            "learnable_sink=None, softcap=0.0, return_lse=False"
        ),
        "q, k, v, softmax_scale=None, is_causal=False, window_size=(-1, -1)",
        "q, k, v, causal=False, window_size=None",
    ),
    "flash-attn-qkvpacked": (
        "qkv, dropout_p=0.0, softmax_scale=None, causal=False, window_size=(-1, -1)",
        "qkv, softmax_scale=None, causal=False, softcap=0.0, num_heads_q=None",
    ),
    "flash-attn-kvpacked": ("q, kv, dropout_p=0.0, softmax_scale=None, causal=False",),
    "jax": (
        (
            "query, key, value, bias=None, mask=None, *, scale=None, is_causal=False, "
            "key_value_seq_lengths=None, local_window_size=None, "
            "implementation=None, return_residual=False"
        ),
        (
            "query, key, value, bias=None, mask=None, scale=None, is_causal=False, "
            "flash_attention=None, attn_logits_soft_cap=None"
        ),
    ),
    "hf": (
        "module, query, key, value, attention_mask, scaling, dropout=0.0, **kwargs",
        (
            "module, query, key, value, attention_mask, dropout=0.0, scaling=None, "
            "is_causal=None, **kwargs"
        ),
    ),
    "mlx": (
        "q, k, v, *, scale, mask=None, sinks=None, force_fused=False, stream=None",
    ),
    "single-prefill": (
        (
            "q, k, v, scale_q=None, scale_k=None, scale_v=None, o_dtype=None, "
            "custom_mask=None, packed_custom_mask=None, causal=False, kv_layout='NHD', "
            "pos_encoding_mode='NONE', use_fp16_qk_reduction=False, sm_scale=None, "
            "window_left=-1, logits_soft_cap=None, rope_scale=None, rope_theta=None, "
            "backend='auto', return_lse=False"
        ),
        "q, k, v, custom_mask=None, causal=False, sm_scale=None",
    ),
}


def made(parameters: str) -> Callable[..., Any]:
    """Return a function with these parameters."""
    space: dict[str, Any] = {}
    exec(f"def kernel({parameters}): ...", space)  # noqa: S102 - our own text
    function: Callable[..., Any] = space["kernel"]
    return function


@pytest.mark.parametrize(
    ("face", "parameters"),
    [(face, one) for face, several in SIGNATURES.items() for one in several],
)
def test_a_face_is_told_by_its_keywords(face: str, parameters: str) -> None:
    known = called(made(parameters))

    assert known.face.id == face
    assert known.recognised


def test_every_face_is_recognised_by_some_signature() -> None:
    assert {*SIGNATURES} == {*FACES}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("q, k, v, is_causal=False", "by is_causal; sdpa is by attn_mask; flash-attn"),
        (
            "q, k, v, cu_seqlens_q, cu_seqlens_k, softmax_scale=None, causal=False",
            "by softmax_scale; flash-attn never with cu_seqlens_k",
        ),
        (
            "q, k, v, attn_mask=None, softmax_scale=None",
            "the keywords fit sdpa and flash-attn",
        ),
        ("q, k, v, *, softmax_scale=None, seed", "does not know 'seed', which is req"),
        ("q, k, *, softmax_scale=None", "flash-attn has query, key, value; it takes 2"),
        (
            "*, qkv, softmax_scale=None",
            "flash-attn-qkvpacked has qkv; it takes 0 positional arguments",
        ),
    ],
)
def test_what_no_face_or_more_than_one_fits_says_which_could_be_meant(
    parameters: str, message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message) as found:
        called(made(parameters))
    assert str(found.value).startswith("face: ")


@pytest.mark.parametrize(
    ("parameters", "face", "kind"),
    [
        (
            (
                "q, k, v, cu_seqlens_q, cu_seqlens_k, max_seqlen_q, max_seqlen_k, "
                "dropout_p=0.0, softmax_scale=None, causal=False, window_size=(-1, -1)"
            ),
            "flash-attn-varlen",
            "varlen",
        ),
        ("Q, K, V, nonpad_kv_seqlen, is_causal=0", "onnx-lengths", "padded"),
        # The keyword that tells may have a default.
        ("query, key, value, nonpad_kv_seqlen=None", "onnx-lengths", "padded"),
        ("v, s, v_other, s_other, mask=None", "merge-in-place", "merge"),
    ],
)
def test_a_function_of_another_kind_is_told_which(
    parameters: str, face: str, kind: str
) -> None:
    message = f"kind: it has the face {face} of {kind}; --kind {kind} or kind= says so"
    with pytest.raises(InvalidArgument, match=message):
        called(made(parameters))


def test_a_function_of_two_other_kinds_is_told_both() -> None:
    parameters = "q, k_cache, v_cache, cache_seqlens=None, block_table=None"
    message = (
        "kind: it has the face flash-attn-kvcache of cached and the face "
        "flash-attn-paged of paged; --kind cached or --kind paged or kind= says so"
    )
    with pytest.raises(InvalidArgument, match=message):
        called(made(parameters))


def test_a_class_of_caches_is_told_its_kind() -> None:
    class Cache:
        def append(self, key: Any, value: Any) -> None: ...

        def attend(self, query: Any) -> Any: ...

    with pytest.raises(InvalidArgument, match="kind: it has the face kv-cache-hnd of"):
        called(Cache)


def test_the_face_that_is_named_wins() -> None:
    kernel = made("q, k, v, is_causal=False, scale=None")
    for face in ("sdpa", "jax"):
        known = called(kernel, face)
        assert (known.face.id, known.recognised) == (face, False)
    with pytest.raises(UnknownName, match=r"face: expected one of plain, .*'cudnn'"):
        called(kernel, "cudnn")


def test_keywords_that_no_face_knows_are_named() -> None:
    plain = called(made("q, k, v, *, causal=False, block_size=64"))
    flash = called(made("q, k, v, softmax_scale=None, causal=False, mask=None, tile=8"))

    assert plain.unknown == ("block_size",)
    assert flash.unknown == ("mask", "tile")
    assert not {*flash.parameters} & {*flash.unknown}


def test_the_signature_of_a_builtin_is_read_from_its_docstring() -> None:
    text = """f(q: array, k: array, v: array, *, scale: float, mask: None | str = None,
        window: tuple = (-1, -1), stream: Device = default) -> array

    Computes something, f(x) = 1.
    """
    found = documented(types.SimpleNamespace(__doc__=text))  # type: ignore[arg-type]

    assert found is not None
    assert found.placed == ("q", "k", "v")
    assert found.defaults == {
        **dict.fromkeys(("q", "k", "v", "scale"), REQUIRED),
        "mask": None,
        "window": (-1, -1),
        "stream": "...",
    }


@pytest.mark.parametrize("text", [None, "", "Computes f(x).", "f(x", "f(x) y: z"])
def test_a_docstring_without_a_signature_is_no_signature(text: str | None) -> None:
    found = documented(types.SimpleNamespace(__doc__=text))  # type: ignore[arg-type]

    assert found is None or found.name == "f"


def test_a_signature_crosses_to_another_process() -> None:
    function = made(
        "q, k, v, *, scale, window=(None, -1), word='NHD', flag=True, cap=0.5, "
        "other=object(), nested=((1, 2), 3), **kwargs"
    )
    known = Signature.of(function)

    assert known.open
    assert known.defaults["other"] == known.defaults["nested"] == "..."
    assert Signature.read(json.loads(json.dumps(known.written()))) == known
