"""Laws of normalizers: weights that sum to one, sinks, the logsumexp."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec.judge.compare import alike, noted, rounding
from attnspec.judge.law import F64
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.compare import (
    AttentionBench,
    lse_agrees,
    lse_of,
    output_agrees,
    same_lse,
)
from attnspec.kinds.attention.kind import ATTENTION
from attnspec.kinds.attention.probes import grouped, visible_keys
from attnspec.numerics import Comparison, within


@ATTENTION.law(
    "row-sums",
    "normalizers.sum",
    pins=("model-widths", "model-groups", "composite-keys"),
    nulls=("zeros", "unnormalized"),
)
def check_row_sums(case: AttentionCase, bench: AttentionBench) -> Iterator[Comparison]:
    """The weights of a row sum to 1, or to 1 less the share of the sink."""
    ones = case.replace(value=np.ones_like(case.value))
    yield from output_agrees(ones, bench, "sum of the weights")


@ATTENTION.law(
    "convex-hull",
    "attention.convex",
    pins=("model-widths", "composite-keys"),
    without=("sink",),
    fields={"values": ("offset",)},
    nulls=("zeros", "ones"),
)
def check_convex_hull(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """An output lies between the smallest and the largest value that its query sees."""
    exact = bench.judged(case)
    seen = visible_keys(case, bench.dialect)[..., None]
    value = grouped(case.value, case).astype(np.float64)[:, :, None]
    judged = exact.visible > 0
    low = np.where(seen, value, np.inf).min(3, initial=np.inf)[judged]
    high = np.where(seen, value, -np.inf).max(3, initial=-np.inf)[judged]
    output = bench.run(case).output[judged]
    actual = output.astype(np.float64)
    nearest = np.where(np.isnan(actual), low, np.clip(actual, low, high))
    found = within(nearest, output, exact.bound[judged])
    yield noted(found, "nearest point of the hull")


@ATTENTION.law(
    "sink-mass",
    "normalizers.sink",
    pins=("model-widths", "model-groups", "many-rows"),
    needs=("sink",),
    nulls=("no_sink", "mean_value"),
)
def check_sink_mass(case: AttentionCase, bench: AttentionBench) -> Iterator[Comparison]:
    """A sink takes its share of every row and leaves the proportions as they are."""
    plain = case.replace(sink=None)
    exact, bare = bench.judged(case), bench.judged(plain)
    judged = (exact.visible > 0)[..., None]
    share = np.exp(np.minimum(0.0, _finite(bare.lse) - _finite(exact.lse)))[..., None]
    expected = bench.run(plain).output.astype(np.float64) * share
    actual = bench.run(case).output.astype(np.float64)
    bound = exact.bound + share * bare.bound
    bound = bound + (rounding(expected, actual) + np.abs(expected) * 2.0**-40)
    expected = np.where(judged, expected, exact.output)
    yield noted(within(expected, actual, bound), "the rest of the weight")


def _finite(lse: F64) -> F64:
    """Return a logsumexp with 0 where a row is empty."""
    return np.where(np.isfinite(lse), lse, 0.0)


@ATTENTION.law(
    "sink-off",
    "normalizers.sink",
    pins=("model-groups",),
    needs=("sink", "minus_infinity_sink"),
    nulls=("sink_clamped",),
)
def check_sink_off(case: AttentionCase, bench: AttentionBench) -> Iterator[Comparison]:
    """A sink of minus infinity is no sink."""
    if case.sink is None or bench.judged(case).visible.min(initial=1) == 0:
        return
    off = case.replace(sink=np.full_like(case.sink, -np.inf))
    yield from alike(off, case.replace(sink=None), bench, "sink of minus infinity")


@ATTENTION.law(
    "sink-range",
    "normalizers.sink",
    needs=("sink",),
    families=("far-sinks",),
    nulls=("no_sink", "sink_clamped"),
    one_in=2,
)
def check_sink_range(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """A sink far below all scores takes nothing; one far above takes everything."""
    yield from output_agrees(case, bench, f"sink = {case['sink'][0]:g}")
    if "return_lse" in bench.capabilities:
        yield from lse_agrees(case, bench, f"sink = {case['sink'][0]:g}")


@ATTENTION.law(
    "lse-partition",
    "normalizers.logsumexp",
    pins=("model-groups", "composite-keys", "composite-queries"),
    needs=("return_lse",),
    without=("sink",),
    fields={"scores": ("uniform",)},
    nulls=("zeros:lse", "mask_shifted:lse", "last_key_dropped:lse"),
)
def check_lse_partition(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """With all scores zero the logsumexp is the logarithm of the number of keys."""
    flat = {"query": np.zeros_like(case.query), "bias": None, "alibi_slopes": None}
    probe = case.replace(**flat)
    exact = bench.judged(probe)
    count = exact.visible
    if not count.any():
        return
    lse = lse_of(probe, bench)
    expected = np.log(np.maximum(count, 1))[count > 0]
    bound = exact.others["lse"][1][count > 0] + rounding(expected)
    found = within(expected, lse[count > 0], bound, what="lse")
    yield noted(found, "natural logarithm")


@ATTENTION.law(
    "score-shift",
    "normalizers.shift",
    pins=("composite-keys",),
    needs=("bias",),
    without=("sink",),
    families=("plain", "unequal-lengths", "masks-with-holes", "tile-boundaries"),
    nulls=("bias_on_values",),
)
def check_score_shift(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """The same number added to all scores of a row moves the logsumexp alone."""
    plain = case.replace(bias=None, layouts={})
    if bench.dialect["softcap_order"] == "after_bias":
        plain = plain.without("softcap")  # It would bend what is added.
    for shift in (64.0, -32.0):
        row = np.full((1, 1, 1, case.sizes.S), shift).astype(case.query.dtype)
        shifted = plain.replace(bias=row)
        yield from alike(plain, shifted, bench, f"all scores {shift:+g}")
        if "return_lse" in bench.capabilities:
            yield from same_lse(plain, shifted, bench, f"all scores {shift:+g}", shift)


@ATTENTION.law(
    "lse-with-options",
    "normalizers.logsumexp",
    pins=("model-groups", "composite-keys"),
    needs=("return_lse",),
    families=("option-pairs", "empty-rows"),
    nulls=("options_dropped:lse", "zeros:lse"),
)
def check_lse_with_options(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """The logsumexp honors every option, and has the dialect's value on empty rows."""
    yield from lse_agrees(case, bench)


__all__: list[str] = []
