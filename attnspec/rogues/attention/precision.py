"""Rogues that compute in less than they declare.

None of them lies below the rounding that its format makes anyway: a fault of one
part in a thousand in the weights is a rogue in float32, and none in bfloat16. Kernels
in float32 that are right but for one rounding are in `downgrades`.
"""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue
from attnspec.rogues._rounding import BFLOAT16, E4M3, through
from attnspec.rogues.attention import _arithmetic as ways
from attnspec.rogues.attention._kernel import KERNEL, Kernel, Rows, Tables
from attnspec.rogues.attention._steps import divided
from attnspec.rogues.attention._usual import usually

_HALF = np.dtype(np.float16)


def _half_product(query: Array, key: Array) -> Array:
    """Accumulate dot products in float16, channel by channel."""
    total = np.zeros((*query.shape[:3], key.shape[2]), _HALF)
    for channel in range(query.shape[3]):
        step = query[..., channel, None] * key[..., None, :, channel]
        total = (total + step).astype(_HALF)
    return total.astype(query.dtype)


class _NarrowSum(Kernel):
    """Keeps the running sum in the query's format."""

    def absorb(
        self, rows: Rows, scores: Array, value: Array, call: AttentionCase
    ) -> Rows:
        total = rows.total
        for key in range(scores.shape[-1]):
            one = slice(key, key + 1)
            rows = super().absorb(rows, scores[..., one], value[:, :, one], call)
            total = through(rows.total, call.query.dtype)
            rows = rows._replace(total=total)
        return rows


class _NarrowAccumulator(Kernel):
    """Stores the accumulator in the query's format after every tile."""

    def absorb(
        self, rows: Rows, scores: Array, value: Array, call: AttentionCase
    ) -> Rows:
        rows = super().absorb(rows, scores, value, call)
        return rows._replace(accumulator=through(rows.accumulator, call.query.dtype))


def _read_as_bfloat16(tables: Tables, call: AttentionCase) -> Tables:
    """Take the bits of float16 keys for bfloat16."""
    key = np.ascontiguousarray(call.key).view(BFLOAT16).astype(tables.key.dtype)
    return tables._replace(key=key[:, KERNEL.key_heads(call)])


_narrow = usually("precision", "agreement")


ROGUES: tuple[Rogue, ...] = (
    _narrow(
        "scores-in-bfloat16",
        "Scores are stored in bfloat16.",
        KERNEL.replace(dot=lambda q, k: through(KERNEL.dot(q, k), BFLOAT16)),
        mimics="transformers#33317",
    ),
    _narrow(
        "scores-in-bfloat16-for-bfloat16",
        "Scores of bfloat16 operands are stored in bfloat16.",
        KERNEL.replace(dot=lambda q, k: through(KERNEL.dot(q, k), BFLOAT16)),
        dtypes=("bfloat16",),
        law="lse-agreement",
        mimics="transformers#33317",
    ),
    _narrow(
        "scores-in-float16",
        "Scores are cast to float16 before the softmax.",
        KERNEL.replace(dot=lambda q, k: through(KERNEL.dot(q, k), _HALF)),
        dtypes=("float16",),
        law="lse-agreement",
        mimics="pytorch#165961",
    ),
    _narrow(
        "products-in-float16",
        "Dot products are accumulated in float16.",
        KERNEL.replace(dot=_half_product),
        dtypes=("float16",),
        law="lse-agreement",
        mimics="pytorch#119131",
    ),
    _narrow(
        "log2e-in-bfloat16",
        "The constant of the exponential is rounded to bfloat16.",
        KERNEL.replace(exp=lambda x: np.exp2(x * np.float32(1.4453125))),
    ),
    _narrow(
        "exp-by-cubic",
        "The exponential is a cubic, right to one part in ten thousand.",
        KERNEL.replace(exp=ways.cubic),
        mimics="flash-attention#2595",
    ),
    _narrow(
        "weights-in-float8",
        "Weights are rounded to eight bits in a bfloat16 kernel.",
        KERNEL.replace(narrow=lambda weights, _: through(weights, E4M3)),
        dtypes=("bfloat16",),
        mimics="flash-attention#2717",
    ),
    _narrow(
        "sum-in-float16",
        "The running sum is kept in float16.",
        _NarrowSum(),
        dtypes=("float16",),
        law="lse-agreement",
    ),
    _narrow(
        "accumulator-in-float16",
        "The accumulator is stored in float16 after every tile.",
        _NarrowAccumulator(),
        dtypes=("float16",),
    ),
    _narrow(
        "float16-read-as-bfloat16",
        "The bits of float16 keys are taken for bfloat16.",
        KERNEL.replace(stage=_read_as_bfloat16),
        dtypes=("float16",),
        mimics="flashinfer#4219",
    ),
    _narrow(
        "bias-in-float16",
        "A float32 bias is rounded to float16.",
        KERNEL.replace(stage=lambda t, _: t._replace(addend=through(t.addend, _HALF))),
        law="options-honored",
        mimics="flash-attention#846",
    ),
    _narrow(
        "denominator-guarded",
        "A thousandth is added to the sum lest it be zero.",
        KERNEL.replace(finish=divided(1e-3)),
        law="row-sums",
    ),
    _narrow(
        "denominator-barely-guarded",
        "Half a millionth is added to the sum: what is exact no longer is.",
        KERNEL.replace(finish=divided(2.0**-21)),
        law="exact-uniform",
    ),
)
"""The rogues of precision."""

__all__ = ["ROGUES"]
