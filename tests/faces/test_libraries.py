"""The functions that libraries have of each face are judged as they are."""

from __future__ import annotations

import importlib
import os
from typing import Any

import pytest

from attnspec._typing import DType
from attnspec.conformance import Report, check_implementation
from tests._in_ci import share

os.environ.setdefault("KERAS_BACKEND", "torch")

LAWS = ("agreement", "grouped-heads", "mask-composition", "causal-support")


def _judged(where: str, name: str, *only: str, **asked: Any) -> Report:
    pytest.importorskip(where.partition(".")[0])
    function: Any = importlib.import_module(where)
    for part in name.split("."):
        function = getattr(function, part)
    return check_implementation(function, only=only, tier="smoke", **asked)


@pytest.mark.parametrize(
    ("face", "where", "name", "asked"),
    [
        ("sdpa", "torch.nn.functional", "scaled_dot_product_attention", {}),
        # A row whose bias is minus infinity alone is NaN: see its adapter's deviations.
        (
            "jax",
            "jax.nn",
            "dot_product_attention",
            {"without": ["minus_infinity_bias"]},
        ),
        (
            "jax",
            "keras.ops",
            "dot_product_attention",
            {"arrays": "torch", "exclusive": [("mask", "bias", "causal")]},
        ),
        ("mlx", "mlx.core", "fast.scaled_dot_product_attention", {}),
        (
            "hf",
            "transformers.models.llama.modeling_llama",
            "eager_attention_forward",
            {},
        ),
        (
            "hf",
            "transformers.integrations.sdpa_attention",
            "sdpa_attention_forward",
            {},
        ),
        # It is compiled; with a mask or bias PyTorch 2.13 raises on a CPU at small L.
        (
            "hf",
            "transformers.integrations.flex_attention",
            "flex_attention_forward",
            {
                "claims": ["compiled"],
                "without": ["mask", "bias", "softcap", "strided_operands"],
                "dtypes": ["float32"],
            },
        ),
    ],
)
@pytest.mark.filterwarnings("ignore")  # Those of the libraries.
def test_a_function_of_a_library_is_called_as_it_is(
    face: str, where: str, name: str, asked: dict[str, Any]
) -> None:
    report = _judged(where, name, *share(LAWS, 2), **asked)

    assert report.description.face["id"] == face
    assert report.conforms, str(report)


def test_the_faults_of_a_stand_in_for_flash_attention_are_found() -> None:
    """What fake-flash-attention 2.6.3.post2 does otherwise than it documents."""
    laws = {
        "causal-support": "causal=True",
        "softcap-order": "softcap=",
        "slopes-added": "alibi_slopes=",
        "lse-agreement": "return_attn_probs=True",
        "grouped-heads": "flash_attn_func(q, k, v",
    }
    for law, said in laws.items():
        report = _judged("flash_attn", "flash_attn_func", law, dtypes=["float32"])
        assert not report.conforms, law
        assert said in str(report) or "flash_attn_func(q, k, v" in str(report)


@pytest.mark.parametrize(
    ("dtype", "models"),
    [("float32", {}), ("bfloat16", {"bfloat16": "eager-bfloat16"})],
)
def test_the_rotary_positions_of_llama_are_judged_as_they_are(
    dtype: DType, models: dict[str, str]
) -> None:
    llama = pytest.importorskip("transformers.models.llama.modeling_llama")

    report = check_implementation(
        llama.apply_rotary_pos_emb,
        kind="rope",
        tier="smoke",
        dtypes=[dtype],
        models=models,
    )

    assert report.description.face["id"] == "rope-both"
    assert report.conforms, str(report)


def _padded_of_mlx(
    query: Any, key: Any, value: Any, *, key_lengths: Any = None, scale: Any = None
) -> Any:
    """Make a mask of lengths, as users of MLX do."""
    library = importlib.import_module("mlx.core")
    mask = None
    if key_lengths is not None:
        places = library.arange(key.shape[2])
        mask = (places < key_lengths[:, None])[:, None, None]
    scale = query.shape[3] ** -0.5 if scale is None else scale
    attend = library.fast.scaled_dot_product_attention
    return attend(query, key, value, scale=scale, mask=mask)


def test_padded_sequences_of_mlx_conform_but_for_those_without_keys() -> None:
    pytest.importorskip("mlx")
    laws = ["padded-agreement", "padded-unread", "padded-order"]
    asked: Any = {"kind": "padded", "arrays": "mlx", "tier": "smoke", "only": laws}

    whole = check_implementation(_padded_of_mlx, **asked)
    fewer = check_implementation(_padded_of_mlx, without=["no_keys"], **asked)

    assert [o.invariant for o in whole.failures] == ["padded-unread"]
    assert fewer.conforms, str(fewer)
