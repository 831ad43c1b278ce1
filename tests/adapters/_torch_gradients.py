"""Backward passes in torch that are wrong in what they remember, or how they read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

BUFFERS: dict[Any, Any] = {}


def _weights(query: Any, key: Any) -> Any:
    return torch.softmax(query @ key.mT / query.shape[-1] ** 0.5, -1)


def _gradients(ctx: Any, d_output: Any) -> tuple[Any, ...]:
    query, key, value, p = ctx.saved_tensors
    dp = d_output @ value.mT
    ds = p * (dp - (p * dp).sum(-1, keepdim=True)) / query.shape[-1] ** 0.5
    return ds @ key, ds.mT @ query, p.mT @ d_output


def right(ctx: Any, d_output: Any) -> tuple[Any, ...]:
    """Write nothing but what is returned."""
    return _gradients(ctx, d_output)


def doubled_the_second_time(ctx: Any, d_output: Any) -> tuple[Any, ...]:
    """Add to the gradients of the first pass over the graph."""
    ctx.passes = getattr(ctx, "passes", 0) + 1
    return tuple(ctx.passes * gradient for gradient in _gradients(ctx, d_output))


def added_to_a_buffer(ctx: Any, d_output: Any) -> tuple[Any, ...]:
    """Add dk to what earlier calls left."""
    dq, dk, dv = _gradients(ctx, d_output)
    buffer = BUFFERS.setdefault(("dk", dk.shape), torch.zeros_like(dk))
    buffer += dk
    return dq, buffer.clone(), dv


def in_a_stale_buffer(ctx: Any, d_output: Any) -> tuple[Any, ...]:
    """Return dv in a buffer that the next call of this shape writes again."""
    dq, dk, dv = _gradients(ctx, d_output)
    return dq, dk, BUFFERS.setdefault(("dv", dv.shape), torch.empty_like(dv)).copy_(dv)


def of_a_dense_cotangent(ctx: Any, d_output: Any) -> tuple[Any, ...]:
    """Read an expanded cotangent as if all of its elements were in memory."""
    if 0 in d_output.stride():
        whole, there = d_output.numel(), d_output.untyped_storage().nbytes()
        there = min(whole, there // d_output.element_size())
        flat = torch.zeros(whole, dtype=d_output.dtype)
        flat[:there] = torch.as_strided(d_output, (there,), (1,), 0)
        d_output = flat.reshape(d_output.shape)
    return _gradients(ctx, d_output)


def of_a_changed_cotangent(ctx: Any, d_output: Any) -> tuple[Any, ...]:
    """Scale the cotangent in place."""
    found = _gradients(ctx, d_output)
    d_output.mul_(2)
    return found


def kernel(backward: Callable[[Any, Any], tuple[Any, ...]]) -> Callable[..., Any]:
    """Return attention with this backward pass."""

    class Function(torch.autograd.Function):  # type: ignore[misc, unused-ignore]
        @staticmethod
        def forward(ctx: Any, query: Any, key: Any, value: Any) -> Any:
            p = _weights(query, key)
            ctx.save_for_backward(query, key, value, p)
            return p @ value

        @staticmethod
        def backward(ctx: Any, d_output: Any) -> Any:
            return backward(ctx, d_output)

    def attention(query: Any, key: Any, value: Any) -> Any:
        return Function.apply(query, key, value)

    return attention


def dropping(query: Any, key: Any, value: Any, *, kept: Any = None) -> Any:
    """Attend with some weights dropped."""
    p = _weights(query, key)
    return (p if kept is None else p * kept) @ value


def dropping_forward_alone(
    query: Any, key: Any, value: Any, *, kept: Any = None
) -> Any:
    """Attend with weights dropped that the backward pass does not drop."""
    p = _weights(query, key)
    dropped = p if kept is None else p * kept
    return (p + (dropped - p).detach()) @ value


WRONG = (
    doubled_the_second_time,
    added_to_a_buffer,
    in_a_stale_buffer,
    of_a_dense_cotangent,
    of_a_changed_cotangent,
)
