"""PyTorch on the CPU: scaled_dot_product_attention and the kernels behind it."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.conformance import Deviation, Implementation
from attnspec.faces.sdpa import SDPA
from attnspec.numerics import PRESETS, NumericModel
from attnspec.numerics.dtypes import DTYPES, numpy_dtype

REQUIRES: tuple[str, ...] = ("torch",)
EXTRA = "torch"

# SDPA answers a call without keys or without queries by itself: the private function
# divides by the number of queries, and ends the process where there is none.
_CLAIMS = ("grouped_query",)

_BIAS_CLAIMS = ("bias", "minus_infinity_bias", "float32_bias")

_WITHOUT_GRADIENT = {
    "flash": _BIAS_CLAIMS,
    "flash-lse": (*_BIAS_CLAIMS, "d_lse"),
}
"""What the fused kernel does not differentiate: a bias, and its logsumexp."""

_BLOCK = 512
"""Keys that the fused kernel reads between two rescalings."""

_QUERY_BLOCK = 32
"""The fewest queries of a tile, after each of which a gradient is stored again."""

_FAST_EXP = 1.25e-4
"""Relative error of the vector exponential that it uses in 16-bit formats."""


def implementations() -> dict[str, Implementation]:
    """Return PyTorch's attention by variant; the first is the default.

    Notes
    -----
    ``sdpa`` is `torch.nn.functional.scaled_dot_product_attention`, which chooses
    a backend by itself, ``math`` and ``flash`` are the same function held to one
    backend. ``flash-lse`` is the private function behind ``flash``, the only one
    that returns a logsumexp.
    """
    from attnspec.adapters._torch_deviations import (
        empty_logsumexp,
        nan_query_lost,
        scale_after_mask,
    )

    whole = (*_CLAIMS, "empty_keys", "empty_queries")
    fused, upcast = _fused_models(), _upcast_models()
    late = (*scale_after_mask(), *nan_query_lost())
    lse = (*late, *empty_logsumexp())
    flash = _sdpa("FLASH_ATTENTION")
    return {
        "sdpa": _implementation("sdpa", _sdpa(None), whole, fused, late),
        "math": _implementation("math", _sdpa("MATH"), whole, upcast, ()),
        "flash": _implementation("flash", flash, whole, fused, late, ("value_width",)),
        "flash-lse": _implementation(
            "flash-lse",
            _flash_with_lse,
            _CLAIMS,
            fused,
            lse,
            arrays="torch",
            dialect=SDPA.dialect,
            exclusive=SDPA.exclusive,
        ),
    }


def _implementation(
    variant: str,
    function: Callable[..., Any],
    claims: tuple[str, ...],
    models: Mapping[str, NumericModel],
    deviations: tuple[Deviation, ...],
    without: tuple[str, ...] = (),
    **fields: Any,
) -> Implementation:
    """Return a variant with what the documentation says that it supports."""
    import torch

    from attnspec.adapters._torch_deviations import empty_keys_gradient

    found = Implementation.of(
        function,
        name=f"torch:{variant}",
        dtypes=DTYPES,
        claims=claims,
        without=without,
        models=models,
        deviations=deviations,
        version=f"torch {torch.__version__}",
        **fields,
    )
    known = found.description
    if (gradients := known.gradients) is None:
        return found
    # It saves what it returns, as it is.
    more = ["return_saved"] if "return_lse" in known.capabilities else []
    lacking = _WITHOUT_GRADIENT.get(variant, ())
    more += ["refuses_bias"] if "bias" in lacking else []
    gradients = gradients.replace(
        capabilities=gradients.capabilities.claiming(more, lacking),
        deviations=empty_keys_gradient() if "empty_keys" in claims else (),
    )
    return Implementation(found.function, known.replace(gradients=gradients))


def _fused_models() -> dict[str, NumericModel]:
    """Return the models of the fused kernel.

    It is online softmax over blocks of keys. In 16-bit formats weights are
    rounded before they meet the values and the exponential is an approximation; its
    backward pass stores the gradients in the format of the operands, tile by tile.
    """
    models = {
        name: PRESETS[name].replace(name=f"torch-flash-{name}", block=_BLOCK)
        for name in ("float64", "float32")
    }
    for name in ("float16", "bfloat16"):
        models[name] = PRESETS[f"flash-{name}"].replace(
            name=f"torch-flash-{name}",
            block=_BLOCK,
            exp_relative=_FAST_EXP,
            backward_weights="lse",
            delta="output",
            stored_gradients=name,
            query_block=_QUERY_BLOCK,
        )
    return models


def _upcast_models() -> dict[str, NumericModel]:
    """Return the models of the math backend: float32 inside for 16-bit operands."""
    models = {name: PRESETS[f"upcast-{name}"] for name in ("float16", "bfloat16")}
    return models | {name: PRESETS[name] for name in ("float64", "float32")}


def _sdpa(backend: str | None) -> Callable[..., Any]:
    """Return SDPA, held to a backend or free to choose."""
    from torch.nn import functional

    if backend is None:
        function: Callable[..., Any] = functional.scaled_dot_product_attention
        return function

    def held(
        query: Any,
        key: Any,
        value: Any,
        attn_mask: Any = None,
        *,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Any:
        """Return the output of SDPA."""
        with _held_to(backend):
            return functional.scaled_dot_product_attention(
                query,
                key,
                value,
                # The fused kernel has no rank 3, and no backend rank 1.
                attn_mask=None if attn_mask is None else _of_rank_four(attn_mask),
                is_causal=is_causal,
                scale=scale,
                enable_gqa=enable_gqa,
            )

    return held


def _held_to(backend: str) -> contextlib.AbstractContextManager[Any]:
    """Return a context in which SDPA may use this backend alone."""
    from torch.nn import attention

    return attention.sdpa_kernel(getattr(attention.SDPBackend, backend))


def _flash_with_lse(
    query: Any,
    key: Any,
    value: Any,
    *,
    mask: Any = None,
    bias: Any = None,
    scale: float | None = None,
    causal: bool = False,
    return_lse: bool = False,
) -> Any:
    """Return the output of the private fused kernel, and its logsumexp."""
    import torch

    if mask is not None:  # SDPA does the same before it calls this function.
        bias = torch.zeros(mask.shape, dtype=query.dtype).masked_fill(~mask, -np.inf)
    output, lse = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(  # noqa: SLF001 - the only door to the logsumexp
        *(query, key, value),
        0.0,
        causal,
        attn_mask=None if bias is None else _of_rank_four(bias),
        scale=scale,
    )
    return (output, lse) if return_lse else output


def _of_rank_four(array: Any) -> Any:
    """Return a mask or bias with leading axes."""
    return array[(None,) * (4 - array.ndim)]


def tensor_of(array: Array) -> Any:
    """Return a tensor on the same memory."""
    import torch

    half = array.dtype == numpy_dtype("bfloat16")
    plain = array.view(np.int16) if half else array
    with warnings.catch_warnings():
        # An operand with a stride of 0 is read-only, and no kernel may write here.
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        tensor = torch.from_numpy(plain)
    return tensor.view(torch.bfloat16) if half else tensor


def numpy_of(tensor: Any) -> Array:
    """Return an array on the memory of a tensor."""
    import torch

    if tensor.dtype == torch.bfloat16:
        return tensor.view(torch.int16).numpy().view(numpy_dtype("bfloat16"))
    return tensor.numpy()


__all__ = ["EXTRA", "REQUIRES", "implementations", "numpy_of", "tensor_of"]
