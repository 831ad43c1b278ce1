"""Laws of positions: what the slopes of ALiBi add to the scores."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.compare import alike, noted, rounding
from attnspec.kinds.attention.alibi import alibi_bias
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.compare import AttentionBench, lse_agrees, output_agrees
from attnspec.kinds.attention.kind import ATTENTION
from attnspec.numerics import Comparison, within
from attnspec.numerics.dtypes import working_dtype

_FAMILIES = ("unequal-lengths", "plain", "grouped-heads", "option-pairs")
_BIAS = ("bias", "head_mask", "float32_bias")
_LENGTHS = ((2, 5), (5, 2), (3, 3), (5, 5), (3, 17), (17, 3), (9, 33), (1, 9))


@ATTENTION.law(
    "slopes-added",
    "positions.alibi-in-attention",
    also=("positions.alibi",),
    needs=("alibi_slopes",),
    families=_FAMILIES,
    fields={"lengths": _LENGTHS, "heads": ((2, 2), (3, 3), (6, 2), (1, 1))},
    nulls=("no_alibi", "alibi_rises", "alibi_of_next_head"),
)
def check_alibi_added(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """Where all products are zero the scores fall with the distance, at any scale."""
    query = np.zeros_like(case.query)
    bare = case.replace(query=query, softcap=None, bias=None)
    yield from output_agrees(bare, bench, "the slopes alone")
    if "return_lse" in bench.capabilities:
        yield from lse_agrees(bare, bench, "the slopes alone")
    if "scale" in bench.capabilities:
        note = "the slopes alone, scale = 4"
        yield from output_agrees(bare.replace(scale=4.0), bench, note)


@ATTENTION.law(
    "slopes-as-bias",
    "positions.alibi-in-attention",
    needs=("alibi_slopes",),
    families=_FAMILIES,
    fields={"lengths": _LENGTHS},
    nulls=("no_alibi", "alibi_rises"),
    applies=lambda _, capabilities: capabilities.allows({*_BIAS}),
)
def check_alibi_is_a_bias(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """Slopes give what the bias gives that they stand for."""
    wide = working_dtype(case.dtype)
    plain = case.without("bias")
    bias = alibi_bias(plain, bench.dialect)
    others = {*plain.without("alibi_slopes").options} - {"return_lse"}
    if bias is None or not bench.capabilities.allows({*others, *_BIAS}):
        return
    written = plain.replace(alibi_slopes=None, bias=bias.astype(wide))
    yield from alike(plain, written, bench, "the slopes as a bias")


@ATTENTION.law(
    "slopes-of-zero",
    "positions.alibi-zero",
    needs=("alibi_slopes",),
    families=_FAMILIES,
    nulls=("alibi_offset",),
)
def check_alibi_zero(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """Slopes of zero change nothing."""
    if case.alibi_slopes is None:
        return
    off = case.replace(alibi_slopes=np.zeros_like(case.alibi_slopes))
    yield from alike(case.without("alibi_slopes"), off, bench, "slopes of zero")


@ATTENTION.law(
    "slopes-by-batch",
    "positions.alibi-batch",
    needs=("alibi_slopes", "batch_slopes"),
    families=_FAMILIES,
    fields={"alibi_slopes": ("batch",), "batch": (2, 3), "layouts": ((),)},
    nulls=("alibi_of_first_batch",),
)
def check_alibi_batch(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """Slopes (B, Hq) give each batch element what its own give to all of them."""
    slopes = case.alibi_slopes
    if slopes is None or slopes.ndim == 1:
        return
    last = case.replace(alibi_slopes=slopes[-1])
    exact = bench.judged(last)
    output = [_last(bench.run(c).output) for c in (last, case)]
    bound = 2.0 * exact.bound[-1:] + rounding(*output)
    yield noted(within(output[0], output[1], bound), "slopes of the last element")


def _last(output: Array) -> Array:
    """Return the output of the last batch element."""
    return output[-1:].astype(np.float64)


__all__: list[str] = []
