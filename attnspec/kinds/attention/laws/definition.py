"""The kernel against the definition."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec.judge.compare import finite_difference, noted, rounding
from attnspec.kinds.attention.case import OPTIONS, AttentionCase
from attnspec.kinds.attention.compare import (
    AttentionBench,
    exactly,
    lse_agrees,
    output_agrees,
)
from attnspec.kinds.attention.kind import ATTENTION
from attnspec.kinds.attention.probes import winners
from attnspec.kinds.attention.scope import has_options
from attnspec.kinds.attention.sizes import ALL_SIZES, MOST_SIZES
from attnspec.numerics import Comparison, within


@ATTENTION.law(
    "agreement",
    "attention.definition",
    pins=ALL_SIZES,
    also=("scores.dot-product", "normalizers.softmax"),
    nulls=("zeros", "mean_value", "first_row", "scale_off"),
)
def check_agreement(case: AttentionCase, bench: AttentionBench) -> Iterator[Comparison]:
    """The output lies within the bound of the definition."""
    yield from output_agrees(case, bench)


@ATTENTION.law(
    "lse-agreement",
    "normalizers.logsumexp",
    pins=MOST_SIZES,
    needs=("return_lse",),
    nulls=("zeros:lse", "first_row:lse", "scale_off:lse", "zeros"),
)
def check_lse_agreement(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """The logsumexp lies within the bound of the definition, and so does its output."""
    yield from lse_agrees(case, bench)
    note = "output of the call that returns the logsumexp"
    yield from output_agrees(case.with_lse(), bench, note)


@ATTENTION.law(
    "query-sweep",
    "attention.definition",
    pins=("composite-queries", "tiled-queries", "every-query-tile"),
    families=("query-boundaries",),
    nulls=("first_row", "zeros"),
)
def check_query_sweep(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """At every number of queries the last one, alone in its tile or not, is right."""
    yield from output_agrees(case, bench, f"L = {case.sizes.L}")


@ATTENTION.law(
    "exact-gather",
    "attention.copy",
    families=("exact-gather",),
    nulls=("zeros", "mean_value", "neighbor_row"),
    without=("softcap", "sink"),
)
def check_exact_gather(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """A key that beats all others by far hands over its value, to the bit."""
    winner, clear = winners(case, bench.dialect)
    group = case.sizes.Hq // max(1, case.sizes.Hkv)
    batch, head, row = np.nonzero(clear)
    expected = case.value[batch, head // group, winner[clear]]
    if row.size:
        yield exactly(expected, clear, case, bench)


@ATTENTION.law(
    "exact-uniform",
    "attention.mean",
    families=("exact-uniform",),
    nulls=("zeros", "copy_value", "last_key_dropped"),
    without=("softcap", "sink", "bias", "scale", "alibi_slopes"),
)
def check_exact_uniform(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """Equal scores over a power of two of keys give the rounded mean, to the bit."""
    exact = bench.judged(case)
    count = exact.visible
    clear = (count > 0) & (count & (count - 1) == 0)
    if clear.any():
        expected = exact.output[clear].astype(case.query.dtype)
        yield exactly(expected, clear, case, bench)


@ATTENTION.law(
    "options-honored",
    "attention.options",
    pins=("option-pairs", "sizes-with-masks", "many-rows"),
    families=("option-pairs",),
    any_of=OPTIONS,
    nulls=("options_dropped",),
    applies=has_options,
)
def check_options_honored(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """Each option, in every combination, changes the output as the definition says."""
    exact = bench.judged(case)
    actual = bench.run(case).output.astype(np.float64)
    for option in case.options:
        plain = case.replace(**{option: False if option == "causal" else None})
        if not bench.capabilities.allows(plain.options):
            continue
        without = bench.judged(plain)
        effect = finite_difference(exact.output, without.output)
        bound = exact.bound + without.bound
        if not (np.abs(effect) > bound).any():
            continue
        expected = bench.run(plain).output.astype(np.float64) + effect
        bound = bound + rounding(expected, actual)
        yield noted(within(expected, actual, bound), f"effect of {option}")


__all__: list[str] = []
