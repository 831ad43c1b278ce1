"""PyTorch on the CPU: scaled_dot_product_attention and the kernels behind it."""

from __future__ import annotations

import contextlib
import itertools
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.conformance import Deviation, Implementation
from attnspec.conformance.differentiation import pulled_back
from attnspec.numerics import PRESETS, NumericModel
from attnspec.numerics.dtypes import DTYPES, numpy_dtype

REQUIRES: tuple[str, ...] = ("torch",)
EXTRA = "torch"

_CLAIMS = ("grouped_query", "empty_queries")

# `attn_mask` is one argument for a mask or a bias, and the documentation says
# that it is an error to set it together with `is_causal`.
_EXCLUSIVE = tuple(
    frozenset(pair) for pair in itertools.combinations(("mask", "bias", "causal"), 2)
)

_BIAS_CLAIMS = ("bias", "minus_infinity_bias", "float32_bias")

_DIALECT = {"alignment": "upper_left", "empty_row": "zero", "empty_keys": "zero"}

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
    from attnspec.adapters import _arrays, _pullbacks
    from attnspec.adapters._torch_deviations import (
        empty_logsumexp,
        nan_query_lost,
        scale_after_mask,
    )

    whole = (*_CLAIMS, "empty_keys")
    wide = (*whole, "value_width")
    fused, upcast = _fused_models(), _upcast_models()
    late = (*scale_after_mask(), *nan_query_lost())
    lse = (*late, *empty_logsumexp())
    functions: dict[str, tuple[Callable[..., Any], Any]] = {
        "sdpa": (_sdpa(None), (wide, fused, late)),
        "math": (_sdpa("MATH"), (wide, upcast, ())),
        "flash": (_sdpa("FLASH_ATTENTION"), (whole, fused, late)),
        "flash-lse": (_flash_with_lse, (_CLAIMS, fused, lse)),
    }
    return {
        variant: pulled_back(
            _implementation(variant, _arrays.torch(function), *known),
            _pullbacks.torch(function),
            without=_WITHOUT_GRADIENT.get(variant, ()),
            saves=variant == "flash-lse",
        )
        for variant, (function, known) in functions.items()
    }


def _implementation(
    variant: str,
    function: Callable[..., Any],
    claims: tuple[str, ...],
    models: Mapping[str, NumericModel],
    deviations: tuple[Deviation, ...],
) -> Implementation:
    """Return a variant with what the documentation says that it supports."""
    import torch

    found = Implementation.of(
        function,
        name=f"torch:{variant}",
        dtypes=DTYPES,
        claims=claims,
        dialect=_DIALECT,
        models=models,
        deviations=deviations,
        version=f"torch {torch.__version__}",
    )
    capabilities = found.description.capabilities.replace(exclusive=_EXCLUSIVE)
    return Implementation(
        function, found.description.replace(capabilities=capabilities)
    )


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
    """Return SDPA as a kernel of tensors, held to a backend or free to choose."""

    def kernel(
        query: Any,
        key: Any,
        value: Any,
        *,
        mask: Any = None,
        bias: Any = None,
        scale: float | None = None,
        causal: bool = False,
    ) -> Any:
        """Return the output of SDPA."""
        from torch.nn import functional

        added = mask if mask is not None else bias
        if added is not None and (backend is not None or added.ndim == 1):
            added = _of_rank_four(added)
        with _held_to(backend):
            return functional.scaled_dot_product_attention(
                query,
                key,
                value,
                attn_mask=added,
                is_causal=causal,
                scale=scale,
                enable_gqa=query.shape[1] != key.shape[1],
            )

    return kernel


def _held_to(backend: str | None) -> contextlib.AbstractContextManager[Any]:
    """Return a context in which SDPA may use this backend alone."""
    if backend is None:
        return contextlib.nullcontext()
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
    """Return a mask or bias with leading axes.

    The fused kernel has no rank 3, and no backend rank 1.
    """
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
