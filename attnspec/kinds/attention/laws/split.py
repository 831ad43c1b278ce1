"""Laws of splitting: attention over parts of the keys, merged by logsumexp."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np

from attnspec.judge.compare import noted, rounding
from attnspec.judge.law import F64
from attnspec.kinds.attention.bounds.evaluator import Evaluation
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.compare import AttentionBench
from attnspec.kinds.attention.kind import ATTENTION
from attnspec.kinds.attention.probes import narrowed
from attnspec.numerics import Comparison, within
from attnspec.reference.merge import merge


def _part(case: AttentionCase, keys: slice) -> AttentionCase:
    """Return the case with some of its keys only."""
    return case.changed(lambda a: a[:, :, keys], "key", "value").replace(
        mask=narrowed(case.mask, 3, keys, case.sizes.S),
        bias=narrowed(case.bias, 3, keys, case.sizes.S),
        layouts={},
    )


_law_of_parts = functools.partial(
    ATTENTION.law,
    needs=("return_lse", "unequal_lengths", "more_queries"),
    without=("causal", "window", "sink", "alibi_slopes"),
    nulls=("mean_value", "copy_value", "zeros:lse"),
)


@_law_of_parts(
    "split-merge",
    "split.merge",
    pins=("model-widths", "model-groups", "composite-keys"),
)
def check_split_merge(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """Two parts of the keys, merged by their logsumexps, make the whole."""
    cut = _third(case, bench)
    if not 0 < cut < case.sizes.S:
        return
    halves = [_part(case, slice(0, cut)), _part(case, slice(cut, None))]
    exact = [bench.judged(half) for half in halves]
    one, two = (_share(half, e, bench) for half, e in zip(halves, exact, strict=True))
    yield from _make_the_whole(merge(*one, *two), exact, case, bench, "merged parts")


@_law_of_parts("split-associative", "split.associative", pins=("model-groups",))
def check_split_associative(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """Three parts of the keys make the whole, whichever two are merged first."""
    cut = _third(case, bench)
    if not 0 < 2 * cut < case.sizes.S:
        return
    cuts = (slice(0, cut), slice(cut, 2 * cut), slice(2 * cut, None))
    parts = [_part(case, keys) for keys in cuts]
    exact = [bench.judged(part) for part in parts]
    a, b, c = (_share(part, e, bench) for part, e in zip(parts, exact, strict=True))
    early, late = merge(*merge(*a, *b), *c), merge(*a, *merge(*c, *b))
    yield from _make_the_whole(early, exact, case, bench, "the first two first")
    yield from _make_the_whole(late, exact, case, bench, "the last two first")


def _make_the_whole(
    merged: tuple[F64, F64],
    exact: list[Evaluation],
    case: AttentionCase,
    bench: AttentionBench,
    note: str,
) -> Iterator[Comparison]:
    """Yield whether merged parts are what the kernel says of all keys at once."""
    output, lse = merged
    whole = bench.judged(case)
    seen = whole.visible > 0
    expected = bench.run(case).output.astype(np.float64)
    bound = _merged_bound(exact, whole) + whole.bound
    bound = bound + rounding(output, expected)
    yield noted(within(output[seen], expected[seen], bound[seen]), note)
    bound = _largest_lse_bound(exact) + whole.others["lse"][1] + rounding(lse)
    found = within(whole.lse[seen], lse[seen], bound[seen], what="lse")
    yield noted(found, note)


def _largest_lse_bound(exact: list[Evaluation]) -> F64:
    """Return the largest bound on a part's logsumexp, row by row."""
    return np.asarray(np.maximum.reduce([part.others["lse"][1] for part in exact]))


def _third(case: AttentionCase, bench: AttentionBench) -> int:
    """Return where to split: about a third, at a supported length."""
    step = bench.capabilities.multiples.get("keys", 1)
    return -(-max(1, case.sizes.S // 3) // step) * step


def _share(
    case: AttentionCase, exact: Evaluation, bench: AttentionBench
) -> tuple[F64, F64]:
    """Return a part's output and logsumexp; 0 and minus infinity where it is empty."""
    result = bench.run(case.with_lse())
    live = exact.visible > 0
    output = np.where(live[..., None], result.output.astype(np.float64), 0.0)
    return output, np.where(live, np.asarray(result.others["lse"], np.float64), -np.inf)


def _merged_bound(exact: list[Evaluation], whole: Evaluation) -> F64:
    """Bound the error of a merge from the errors of its parts.

    A part weighs w = exp(lse - whole). An error d in each logsumexp changes w by a
    factor within exp(+-2d), which moves the merged output by at most that times
    the distance of the part's output from the whole. Merging in float64 rounds
    each w by about |lse| units more, which nothing cancels.
    """
    drift = np.expm1(2.0 * _largest_lse_bound(exact))[..., None]
    total = np.zeros_like(whole.output)
    for part in exact:
        live = part.visible > 0
        gap = np.where(live, part.lse, 0.0) - np.where(live, whole.lse, 0.0)
        weight = np.where(live, np.exp(np.minimum(0.0, gap)), 0.0)[..., None]
        size = np.abs(np.where(live, part.lse, 0.0)) + np.abs(np.where(live, gap, 0.0))
        merging = (2.0**-50 * (1.0 + size))[..., None]
        own = part.bound
        distance = np.abs(part.output - whole.output) + own
        error = (1.0 + drift) * own + drift * distance
        error = error + merging * (np.abs(part.output) + own)
        total = total + np.where(live[..., None], weight * error, 0.0)
    return total * (1.0 + 2.0**-30)


__all__: list[str] = []
