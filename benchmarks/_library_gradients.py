"""Attention of Keras and MLX with its gradients, as functions of NumPy's arrays.

``python -m benchmarks.right_gradients benchmarks/_library_gradients.py:KERAS`` puts one
before the bounds, where its library is installed.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from typing import Any

from attnspec._typing import Array
from attnspec.conformance import Implementation, differentiable

_CLAIMS = ("grouped_query",)


def _by_keras(operands: Iterable[Any], scale: float | None) -> Any:
    """Attend by Keras, on its backend torch."""
    keras = importlib.import_module("keras")
    turned = [operand.transpose(1, 2) for operand in operands]
    return keras.ops.dot_product_attention(*turned, scale=scale).transpose(1, 2)


def keras_attention(
    query: Array, key: Array, value: Array, *, scale: float | None = None
) -> Array:
    """Return the output."""
    torch = importlib.import_module("torch")
    found = _by_keras(map(torch.from_numpy, (query, key, value)), scale)
    output: Array = found.numpy()
    return output


def keras_vjp(
    query: Array,
    key: Array,
    value: Array,
    d_output: Array,
    *,
    scale: float | None = None,
) -> tuple[Array, ...]:
    """Return the gradients, by torch's autograd."""
    torch = importlib.import_module("torch")
    leaves = [torch.from_numpy(a).requires_grad_() for a in (query, key, value)]
    output = _by_keras(leaves, scale)
    found = torch.autograd.grad(output, leaves, torch.from_numpy(d_output))
    return tuple(gradient.numpy() for gradient in found)


def _by_mlx(scale: float | None, causal: bool) -> Callable[..., Any]:  # noqa: FBT001 - as a kernel has it
    """Return MLX's attention with these options."""
    fast = importlib.import_module("mlx.core").fast
    mask = "causal" if causal else None

    def attention(query: Any, key: Any, value: Any) -> Any:
        factor = query.shape[3] ** -0.5 if scale is None else scale
        return fast.scaled_dot_product_attention(
            query, key, value, scale=factor, mask=mask
        )

    return attention


def mlx_attention(
    query: Array,
    key: Array,
    value: Array,
    *,
    scale: float | None = None,
    causal: bool = False,
) -> Array:
    """Return the output."""
    core, numpy = map(importlib.import_module, ("mlx.core", "numpy"))
    given = map(core.array, (query, key, value))
    found: Array = numpy.array(_by_mlx(scale, causal)(*given))
    return found


def mlx_vjp(
    query: Array,
    key: Array,
    value: Array,
    d_output: Array,
    *,
    scale: float | None = None,
    causal: bool = False,
) -> tuple[Array, ...]:
    """Return the gradients, by `mlx.core.vjp`."""
    core, numpy = map(importlib.import_module, ("mlx.core", "numpy"))
    given = [core.array(a) for a in (query, key, value)]
    _, found = core.vjp(_by_mlx(scale, causal), given, [core.array(d_output)])
    return tuple(numpy.array(gradient) for gradient in found)


KERAS = differentiable(
    Implementation.of(
        keras_attention,
        name="keras",
        dtypes=("float32",),  # Of float64 it returns float32.
        claims=_CLAIMS,
    ),
    keras_vjp,
)

MLX = differentiable(
    Implementation.of(mlx_attention, name="mlx", claims=_CLAIMS), mlx_vjp
)
