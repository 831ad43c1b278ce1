"""Scores, weights and their sums for a block of queries, in float64."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from attnspec.kinds.attention.alibi import biases
from attnspec.kinds.attention.bounds.problem import (
    Bool,
    Float64,
    Problem,
    Real,
    visible_keys,
)


@dataclasses.dataclass(slots=True, eq=False)
class Visibility:
    """The keys that the queries of a block see.

    `keep` includes the sink as a last key, and all keys of the empty rows if
    these are a mean; `hidden` is its negation. None is all. `count`, the number
    of visible keys, and `empty` broadcast to (B, Hkv, G, L); `mean` marks the
    empty rows that are a mean.
    """

    keep: Bool | None
    hidden: Bool | None
    count: npt.NDArray[np.int_]
    empty: Bool | None
    mean: Bool | None


def visibility(problem: Problem) -> Visibility:
    """Return what the queries see, with the sink as a last key."""
    keep = visible_keys(problem)
    if keep is None:
        count = np.full((1, 1, 1, problem.queries), problem.keys)
    else:
        count = np.asarray(np.count_nonzero(keep, axis=-1))
    if problem.sink is not None:
        keep = _with_sink(problem.sink, keep, problem.queries, problem.keys)
    if keep is None:
        return Visibility(None, None, count, None, None)
    empty: Bool = ~np.any(keep, axis=-1)
    mean: Bool | None = None
    if problem.empty_mean and empty.any():
        mean = empty[..., None]
        keep[..., : problem.keys] |= mean
    return Visibility(keep, ~keep, count, empty, mean)


def _with_sink(sink: Float64, keep: Bool | None, queries: int, keys: int) -> Bool:
    """Append the sink as a key; a sink of minus infinity is hidden."""
    shape = np.broadcast_shapes(sink.shape, (1, 1, 1, queries))
    if keep is not None:
        shape = np.broadcast_shapes(shape, keep.shape[:-1])
    whole = np.empty((*shape, keys + 1), np.bool_)
    whole[..., :-1] = True if keep is None else keep
    whole[..., -1] = sink != -np.inf
    return whole


def products(problem: Problem) -> Float64:
    """Return scale * query . key, with room for the sink in a last column."""
    batch, heads, group, queries, width = problem.query.shape
    left = (problem.query * problem.scale).reshape(batch, heads, group * queries, width)
    right = problem.key[:, :, 0].swapaxes(-1, -2)
    columns = problem.value.shape[3]
    out = np.empty((batch, heads, group * queries, columns))
    np.matmul(left, right, out=out[..., : problem.keys])
    if problem.sink is not None:
        out[..., -1] = 0.0
    return out.reshape(batch, heads, group, queries, columns)


def scores(problem: Problem, scaled: Float64, seen: Visibility) -> Float64:
    """Turn scaled products into scores, in place: softcap, biases, sink, mask."""
    if problem.softcap_is_last:
        _add_biases(problem, scaled)
    if problem.softcap is not None:
        scaled /= problem.softcap
        np.tanh(scaled, out=scaled)
        scaled *= problem.softcap
    if not problem.softcap_is_last:
        _add_biases(problem, scaled)
    if problem.sink is not None:
        scaled[..., -1] = problem.sink
    if seen.mean is not None:
        np.copyto(scaled, 0.0, where=seen.mean)
    if seen.hidden is not None:
        np.copyto(scaled, -np.inf, where=seen.hidden)
    return scaled


def _add_biases(problem: Problem, scaled: Float64) -> None:
    """Add the bias and that of the slopes, in place."""
    for bias in (problem.bias, alibi(problem)):
        if bias is not None:
            scaled[..., : problem.keys] += bias


def alibi(problem: Problem) -> Float64 | None:
    """Return what slopes add to the scores."""
    if problem.slopes is None:
        return None
    here, from_first = problem.query_positions, problem.slopes_count_keys
    return biases(problem.slopes, here, problem.keys, from_first=from_first)


def bent(problem: Problem, scaled: Float64, magnitude: Real) -> Real:
    """Return the magnitude of what the softcap bends: with biases, if it is last."""
    if problem.softcap is None or not problem.softcap_is_last:
        return magnitude
    found = scaled.copy()
    _add_biases(problem, found)
    return np.abs(found).astype(magnitude.dtype)


def shift(values: Float64) -> Float64:
    """Subtract the largest score of each row, in place, and return it."""
    largest = values.max(axis=-1, keepdims=True, initial=-np.inf)
    largest[largest == -np.inf] = 0.0
    values -= largest
    return largest


def weighted_sum(weights: Real, right: Real) -> Real:
    """Return weights @ right for weights (B, Hkv, G, L, S), right (B, Hkv, 1, S, n)."""
    batch, heads, group, queries, keys = weights.shape
    left = weights.reshape(batch, heads, group * queries, keys)
    return (left @ right[:, :, 0]).reshape(batch, heads, group, queries, -1)


__all__ = [
    "Visibility",
    "alibi",
    "bent",
    "products",
    "scores",
    "shift",
    "visibility",
    "weighted_sum",
]
