"""A certified enclosure of attention: ball arithmetic, with its own rules."""

from __future__ import annotations

from typing import Any

import flint
import numpy as np
import numpy.typing as npt

from attnspec.judge.law import Dialect
from attnspec.kinds.attention.case import AttentionCase

Array = npt.NDArray[Any]
BITS = 212


def enclosure(
    case: AttentionCase, dialect: Dialect
) -> tuple[Array, Array, Array, Array]:
    """Return output and logsumexp to float64, each with a certified error.

    Visibility is written out here key by key, apart from the definition.
    """
    sizes = case.sizes
    before, flint.ctx.prec = flint.ctx.prec, BITS
    try:
        shape = (sizes.B, sizes.Hq, sizes.L)
        output, radius = (np.zeros((*shape, sizes.Ev)) for _ in range(2))
        lse, lse_radius = np.full(shape, -np.inf), np.zeros(shape)
        for place in np.ndindex(*shape):
            row, logsum = _row(case, dialect, *place)
            if logsum is not None:
                lse[place], lse_radius[place] = _rounded(logsum)
            for column, ball in enumerate(row):
                output[(*place, column)], radius[(*place, column)] = _rounded(ball)
    finally:
        flint.ctx.prec = before
    return output, radius, lse, lse_radius


def _rounded(ball: Any) -> tuple[float, float]:
    """Return the float64 next to the middle, and how far the truth may be."""
    middle = float(ball.mid())
    return middle, float((ball - flint.arb(middle)).abs_upper())


def _row(
    case: AttentionCase, dialect: Dialect, batch: int, head: int, query: int
) -> tuple[list[Any], Any]:
    """Return one row of the output and its logsumexp."""
    sizes = case.sizes
    shared = head // (sizes.Hq // sizes.Hkv)
    scores = {
        key: _score(case, dialect, batch, head, shared, query, key)
        for key in range(sizes.S)
        if _is_visible(case, dialect, batch, head, query, key)
    }
    weights = {key: score.exp() for key, score in scores.items()}
    total = sum(weights.values(), flint.arb(0))
    if case.sink is not None and np.isfinite(case.sink[head]):
        total += flint.arb(float(case.sink[head])).exp()
    elif not weights:
        return [flint.arb(0)] * sizes.Ev, None
    value = case.value[batch, shared]
    row = [
        sum((w * flint.arb(float(value[j, e])) for j, w in weights.items()), 0) / total
        for e in range(sizes.Ev)
    ]
    return [flint.arb(x) for x in row], total.log()


def _score(
    case: AttentionCase,
    dialect: Dialect,
    batch: int,
    head: int,
    shared: int,
    query: int,
    key: int,
) -> Any:
    """Return one score: scale, softcap and biases, in the order of the dialect."""
    pairs = zip(
        case.query[batch, head, query], case.key[batch, shared, key], strict=True
    )
    dot = sum(
        (flint.arb(float(q)) * flint.arb(float(k)) for q, k in pairs), flint.arb(0)
    )
    score = dot * flint.arb(case.effective_scale)
    added = _added(case, dialect, batch, head, query, key)
    if case.softcap is None:
        return score + added
    cap = flint.arb(case.softcap)
    if dialect["softcap_order"] == "after_bias":
        return cap * ((score + added) / cap).tanh()
    return cap * (score / cap).tanh() + added


def _added(case: AttentionCase, dialect: Dialect, *place: int) -> Any:
    """Return what bias and slopes add to one score."""
    batch, head, query, key = place
    total = flint.arb(0)
    if case.bias is not None:
        total += flint.arb(float(_entry(case, case.bias, *place)))
    if case.alibi_slopes is None:
        return total
    whole = np.broadcast_to(case.alibi_slopes, (case.sizes.B, case.sizes.Hq))
    if dialect["alignment"] == "lower_right":
        query += case.sizes.S - case.sizes.L
    left, right = case.window or (None, None)
    by_key = left is None and (case.causal or right == 0)
    by_key = by_key and dialect["causal_alibi"] == "key"
    steps = key if by_key else -abs(query - key)
    return total + flint.arb(float(whole[batch, head])) * steps


def _entry(case: AttentionCase, array: Array, *place: int) -> Any:
    """Return one entry of an array that broadcasts to the scores."""
    sizes = case.sizes
    whole = np.broadcast_to(array, (sizes.B, sizes.Hq, sizes.L, sizes.S))
    return whole[place]


def _is_visible(case: AttentionCase, dialect: Dialect, *place: int) -> bool:
    """Whether a query sees a key."""
    *_, query, key = place
    sizes = case.sizes
    if dialect["alignment"] == "lower_right":
        query += sizes.S - sizes.L
    if case.causal and key > query:
        return False
    left, right = case.window or (None, None)
    if left is not None and key < query - left:
        return False
    if right is not None and key > query + right:
        return False
    if case.mask is not None and not _entry(case, case.mask, *place):
        return False
    return case.bias is None or _entry(case, case.bias, *place) != -np.inf


__all__ = ["enclosure"]
