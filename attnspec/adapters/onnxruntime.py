"""ONNX Runtime on the CPU: Attention of opsets 23 and 24, GroupQueryAttention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array, DType
from attnspec.adapters._onnx_operators import Operator
from attnspec.conformance import Implementation
from attnspec.kinds.attention.kind import ATTENTION
from attnspec.numerics import PRESETS, NumericModel

REQUIRES: tuple[str, ...] = ("onnx", "onnxruntime")
EXTRA = "onnxruntime"

_CLAIMS = ("grouped_query", "value_width")
_DTYPES: tuple[DType, ...] = ("float32", "float16", "float64")

# One input serves as mask or bias. A scale of zero or less is refused in some
# formats and NaN in others, as in the text of the operator: it takes the root.
_UNCLAIMED = frozenset({"nonpositive_scale"})
_EXCLUSIVE = (frozenset({"mask", "bias"}),)

_DIALECT = {"alignment": "upper_left", "empty_row": "zero"}


def implementations() -> dict[str, Implementation]:
    """Return Attention by opset, and what has a cache; the first is the default."""
    from attnspec.adapters._onnxruntime_cached import grouped_query, past_and_present

    opsets = {f"opset-{version}": _implementation(version) for version in (23, 24)}
    cached = {
        "past-and-present": past_and_present(_models()),
        "grouped-query": grouped_query(),
    }
    return {**opsets, **cached}


def _implementation(version: int) -> Implementation:
    """Return the operator of one opset, with what its text promises."""
    import onnxruntime

    from attnspec.adapters._onnxruntime_deviations import deviations

    found = Implementation.of(
        _attention(version),
        name=f"onnxruntime:opset-{version}",
        dtypes=_DTYPES,
        claims=_CLAIMS,
        without=ATTENTION.strided,  # Its arrays have strides of their own.
        dialect=_DIALECT,
        models=_models(),
        deviations=deviations(onnxruntime.__version__),
        version=f"onnxruntime {onnxruntime.__version__}, opset {version}",
    )
    capabilities = found.description.capabilities
    capabilities = capabilities.replace(
        claims=capabilities.claims - _UNCLAIMED, exclusive=_EXCLUSIVE
    )
    return Implementation(
        found.function, found.description.replace(capabilities=capabilities)
    )


def _models() -> dict[str, NumericModel]:
    """Return how the operator computes in each format.

    In float16 scores are stored in float16 before and after bias and softcap,
    and weights are normalized before they are rounded. In float64 there is no
    kernel but the operator's definition in smaller operators, which multiplies
    query and key each by a root of the scale that is rounded to float32.
    """
    half = PRESETS["flash-float16"].replace(
        name="onnxruntime-float16",
        scores=("float16",) * 3,
        weights_normalized=True,
    )
    double = PRESETS["float64"].replace(
        name="onnxruntime-float64", operands=("float64",) * 4 + ("float32",) * 3
    )
    return {"float32": PRESETS["float32"], "float16": half, "float64": double}


def _attention(version: int) -> Callable[..., Array]:
    """Return the operator as a kernel."""
    operator = Operator("Attention", version, (4,))

    def kernel(
        *operands: Array,
        mask: Array | None = None,
        bias: Array | None = None,
        scale: float | None = None,
        causal: bool = False,
        softcap: float | None = None,
    ) -> Array:
        """Return the output of a model that is this operator alone."""
        attributes: dict[str, Any] = {"is_causal": int(causal)}
        if scale is not None:
            attributes["scale"] = scale
        if softcap is not None:
            attributes["softcap"] = softcap
        named = dict(zip("QKV", operands, strict=True))
        added = mask if mask is not None else bias
        if added is not None:
            # The text pads a mask that is short in S with minus infinity, and the
            # runtime does not broadcast along L: both axes are written out.
            tail = tuple(array.shape[2] for array in operands[:2])
            named["attn_mask"] = np.broadcast_to(added, added.shape[:-2] + tail)
        (output,) = operator(named, attributes)
        return output

    return kernel


__all__ = ["EXTRA", "REQUIRES", "implementations"]
