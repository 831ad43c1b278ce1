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
    keys = case.sizes.S
    if keys < 2:
        return
    cut = max(1, keys // 3)
    cut = -(-cut // bench.capabilities.multiples.get("keys", 1))
    cut *= bench.capabilities.multiples.get("keys", 1)
    if cut >= keys:
        return
    halves = [_part(case, slice(0, cut)), _part(case, slice(cut, keys))]
    results = [bench.run(half, lse=True) for half in halves]
    exact = [bench.judged(half) for half in halves]
    whole = bench.judged(case)
    seen = whole.visible > 0
    parts = [
        (r.output.astype(np.float64), _lse(r.lse, e))
        for r, e in zip(results, exact, strict=True)
    ]
    parts = [
        (np.where(e.visible[..., None] > 0, o, 0.0), lse)
        for (o, lse), e in zip(parts, exact, strict=True)
    ]
    output, lse = merge(*parts[0], *parts[1])
    expected = bench.run(case).output.astype(np.float64)
    bound = _merged_bound(exact, whole) + output_bound(whole)
    bound = bound + rounding(output, expected)
    yield noted(within(output[seen], expected[seen], bound[seen]), "merged parts")
    slack = np.maximum(lse_bound(exact[0]), lse_bound(exact[1])) + rounding(lse)
    yield noted(
        within(
            whole.lse[seen], lse[seen], (slack + lse_bound(whole))[seen], what="lse"
        ),
        "merged logsumexp",
    )


def _lse(lse: object, exact: Evaluation) -> F64:
    """Return a part's logsumexp, minus infinity where it sees no key."""
    return np.where(exact.visible > 0, np.asarray(lse, np.float64), -np.inf)


def _merged_bound(exact: list[Evaluation], whole: Evaluation) -> F64:
    """Bound the error of a merge from the errors of its parts.

    A part weighs w = exp(lse - whole). An error d in each logsumexp changes w by a
    factor within exp(+-2d), which moves the merged output by at most that times
    the distance of the part's output from the whole.
    """
    with np.errstate(invalid="ignore"):
        weights = [
            np.where(e.visible > 0, np.exp(np.minimum(0, e.lse - whole.lse)), 0.0)
            for e in exact
        ]
    drift = np.expm1(2.0 * np.maximum(lse_bound(exact[0]), lse_bound(exact[1])))
    total = np.zeros_like(whole.output)
    for weight, part in zip(weights, exact, strict=True):
        own = output_bound(part)
        distance = np.abs(part.output - whole.output) + own
        live = (part.visible > 0)[..., None]
        own = (1.0 + drift)[..., None] * own + drift[..., None] * distance
        total = total + np.where(live, weight[..., None] * own, 0.0)
    return total * (1.0 + 2.0**-30)


__all__ = ["check_split_merge"]
