"""Laws of splitting: attention over parts of the keys, merged by logsumexp."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec.cases import Case
from attnspec.invariants._compare import (
    F64,
    lse_bound,
    noted,
    output_bound,
    rounding,
)
from attnspec.invariants._law import Bench, invariant
from attnspec.invariants._probes import narrowed
from attnspec.numerics import Comparison, Evaluation, within
from attnspec.reference.split import merge


def _part(case: Case, keys: slice) -> Case:
    """Return the case with some of its keys only."""
    return case.replace(
        key=np.ascontiguousarray(case.key[:, :, keys]),
        value=np.ascontiguousarray(case.value[:, :, keys]),
        mask=narrowed(case.mask, 3, keys, case.sizes.S),
        bias=narrowed(case.bias, 3, keys, case.sizes.S),
        layouts={},
    )


@invariant(
    "split-merge",
    "split.merge",
    needs=("return_lse", "unequal_lengths"),
    without=("causal", "window", "sink"),
    nulls=("zeros", "mean_value", "copy_value"),
)
def check_split_merge(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Two parts of the keys, merged by their logsumexps, make the whole."""
    cut = _cut(case, bench)
    if not 0 < cut < case.sizes.S:
        return
    halves = [_part(case, slice(0, cut)), _part(case, slice(cut, None))]
    exact = [bench.judged(half) for half in halves]
    whole = bench.judged(case)
    seen = whole.visible > 0
    parts = [_share(half, e, bench) for half, e in zip(halves, exact, strict=True)]
    output, lse = merge(*parts[0], *parts[1])
    expected = bench.run(case).output.astype(np.float64)
    bound = _merged_bound(exact, whole) + output_bound(whole)
    bound = bound + rounding(output, expected)
    yield noted(within(output[seen], expected[seen], bound[seen]), "merged parts")
    bound = np.maximum(lse_bound(exact[0]), lse_bound(exact[1])) + lse_bound(whole)
    bound = bound + rounding(lse)
    merged = within(whole.lse[seen], lse[seen], bound[seen], what="lse")
    yield noted(merged, "merged logsumexp")


def _cut(case: Case, bench: Bench) -> int:
    """Return where to split: about a third, at a supported length."""
    step = bench.capabilities.multiples.get("keys", 1)
    return -(-max(1, case.sizes.S // 3) // step) * step


def _share(case: Case, exact: Evaluation, bench: Bench) -> tuple[F64, F64]:
    """Return a part's output and logsumexp; 0 and minus infinity where it is empty."""
    result = bench.run(case, lse=True)
    live = exact.visible > 0
    output = np.where(live[..., None], result.output.astype(np.float64), 0.0)
    return output, np.where(live, np.asarray(result.lse, np.float64), -np.inf)


def _merged_bound(exact: list[Evaluation], whole: Evaluation) -> F64:
    """Bound the error of a merge from the errors of its parts.

    A part weighs w = exp(lse - whole). An error d in each logsumexp changes w by a
    factor within exp(+-2d), which moves the merged output by at most that times
    the distance of the part's output from the whole. Merging in float64 rounds
    each w by about |lse| units more, which nothing cancels.
    """
    drift = np.expm1(2.0 * np.maximum(lse_bound(exact[0]), lse_bound(exact[1])))
    drift = drift[..., None]
    total = np.zeros_like(whole.output)
    for part in exact:
        live = part.visible > 0
        gap = np.where(live, part.lse, 0.0) - np.where(live, whole.lse, 0.0)
        weight = np.where(live, np.exp(np.minimum(0.0, gap)), 0.0)[..., None]
        size = np.abs(np.where(live, part.lse, 0.0)) + np.abs(np.where(live, gap, 0.0))
        merging = (2.0**-50 * (1.0 + size))[..., None]
        own = output_bound(part)
        distance = np.abs(part.output - whole.output) + own
        error = (1.0 + drift) * own + drift * distance
        error = error + merging * (np.abs(part.output) + own)
        total = total + np.where(live[..., None], weight * error, 0.0)
    return total * (1.0 + 2.0**-30)


__all__ = ["check_split_merge"]
