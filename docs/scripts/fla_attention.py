"""Attention of flash-linear-attention, a Triton kernel, as attnspec calls kernels."""

from fla.ops.attn import parallel_attn
from torch import Tensor


def attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    scale: float | None = None,
    sink: Tensor | None = None,
) -> Tensor:
    """Attend causally; the axes are (B, H, L, E)."""
    q, k, v = (x.transpose(1, 2).contiguous() for x in (query, key, value))
    return parallel_attn(q, k, v, scale=scale, sink_bias=sink).transpose(1, 2)
