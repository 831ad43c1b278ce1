"""ALiBi as an option: slopes that make a bias of the distance of a key."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.judge.law import Dialect
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import SPEC, alignment_of
from attnspec.reference import masks

Float64 = npt.NDArray[np.float64]


def counts_keys(case: AttentionCase, dialect: Dialect) -> bool:
    """Return whether slopes multiply the number of a key, and not its distance."""
    left, right = case.window or (None, None)
    is_causal = left is None and (case.causal or right == 0)
    return is_causal and dialect["causal_alibi"] == "key"


def biases(
    slopes: Float64, here: npt.NDArray[np.int_], keys: int, *, from_first: bool
) -> Float64:
    """Return what slopes (..., 1, 1) add to the scores of queries at these places."""
    j = np.arange(keys)
    steps = j if from_first else -np.abs(j - here[:, None])
    return np.asarray(slopes * steps)


def alibi_bias(case: AttentionCase, dialect: Dialect) -> Float64 | None:
    """Return the bias (B or 1, Hq, L, S) that the slopes of a case stand for."""
    if case.alibi_slopes is None:
        return None
    sizes = case.sizes
    here = masks.positions(sizes.L, sizes.S, alignment=alignment_of(dialect))
    slopes = np.asarray(case.alibi_slopes, np.float64)[..., None, None]
    slopes = slopes.reshape(-1, sizes.Hq, 1, 1)
    from_first = counts_keys(case, dialect)
    return biases(slopes, here, sizes.S, from_first=from_first)


def with_alibi(
    query: Array, key: Array, bias: Array | None, slopes: Array | None
) -> Array | None:
    """Return a bias and that of slopes, in one, with the diagonal lower right."""
    if slopes is None:
        return bias
    case = AttentionCase.of(query, key, key, alibi_slopes=slopes)
    added = alibi_bias(case, SPEC)
    if bias is None or added is None:
        return added
    return np.asarray(added + bias.astype(np.float64))


def slopes_of(case: AttentionCase, batch: slice, heads: slice) -> Array | None:
    """Return the slopes of some heads of some elements of the batch."""
    slopes = case.alibi_slopes
    if slopes is None:
        return None
    return slopes[heads] if slopes.ndim == 1 else slopes[batch, heads]


__all__ = ["alibi_bias", "biases", "counts_keys", "slopes_of", "with_alibi"]
