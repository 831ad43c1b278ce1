"""Laws of NaN and infinities that a query sees: where they arrive, and where not."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.compare import AttentionBench, spoiled_agrees
from attnspec.kinds.attention.kind import ATTENTION
from attnspec.kinds.attention.probes import hidden_from_all
from attnspec.numerics import Comparison

_law = functools.partial(
    ATTENTION.law,
    families=("plain", "masks-with-holes", "grouped-heads"),
    fields={
        "lengths": ((2, 2), (3, 3), (2, 5), (5, 9), (9, 5), (3, 17), (17, 9), (3, 33)),
        "widths": ((4, 4), (8, 8), (4, 2), (3, 5), (16, 8)),
        # Weights that no format rounds to 0: what 0 times NaN is, is another question.
        "scores": ("normal", "uniform", "integers", "ties"),
    },
    nulls=("nan_dropped", "nan_spreads"),
)

_law_of_nan = functools.partial(_law, needs=("visible_nan",))


def _drawn(case: AttentionCase, label: str, count: int) -> int:
    """Return a number below a count that depends on the data alone."""
    seed = int(np.abs(case.key.astype(np.float64)).sum() * 1024) % 2**32
    return int(integers(seed, label, (1,), 0, count - 1)[0])


def _seen_key(case: AttentionCase, bench: AttentionBench) -> tuple[int, ...] | None:
    """Return batch element, key head and place of a key that some query sees."""
    seen = np.argwhere(~hidden_from_all(case, bench.dialect)[..., 0])
    if not len(seen):
        return None
    return tuple(int(i) for i in seen[_drawn(case, "key", len(seen))])


def _with(array: Array, place: tuple[int, ...], number: float) -> Array:
    """Return an array with one number changed."""
    changed = array.copy()
    changed[place] = number
    return changed


@_law_of_nan("nan-in-query", "attention.nan-scores")
def check_nan_in_query(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """A NaN in a query makes its row NaN, output and logsumexp, and no other row."""
    shape = case.query.shape
    place = np.unravel_index(_drawn(case, "query", case.query.size), shape)
    query = _with(case.query, tuple(map(int, place)), np.nan)
    yield from spoiled_agrees(case.replace(query=query), case, bench, "NaN in a query")


@_law_of_nan("nan-in-key", "attention.nan-scores")
def check_nan_in_key(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """A NaN in a key or in a bias makes the rows that see it NaN, and no others."""
    key = _seen_key(case, bench)
    if key is not None:
        place = (*key, _drawn(case, "component", case.sizes.E))
        spoiled = case.replace(key=_with(case.key, place, np.nan))
        yield from spoiled_agrees(spoiled, case, bench, "NaN in a key")
    if case.bias is not None:
        index = np.unravel_index(_drawn(case, "bias", case.bias.size), case.bias.shape)
        bias = _with(case.bias, tuple(map(int, index)), np.nan)
        spoiled = case.replace(bias=bias)
        yield from spoiled_agrees(spoiled, case, bench, "NaN in the bias")


@_law_of_nan("nan-in-value", "attention.nan-values")
def check_nan_in_value(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """A NaN in a value makes its column NaN in the rows that see it, nothing else."""
    key = _seen_key(case, bench)
    if key is not None:
        place = (*key, _drawn(case, "component", case.sizes.Ev))
        spoiled = case.replace(value=_with(case.value, place, np.nan))
        yield from spoiled_agrees(spoiled, case, bench, "NaN in a value")


@_law(
    "infinities",
    "attention.infinities",
    needs=("visible_infinity",),
    without=("softcap",),
)
def check_infinities(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """A score of minus infinity weighs nothing; an infinite value makes its column so."""
    key = _seen_key(case, bench)
    if key is None:
        return
    component = _drawn(case, "component", case.sizes.E)
    query = case.query.copy()
    # All queries on one side of 0, so that all scores of the key are minus infinity.
    query[..., component] = np.maximum(np.abs(query[..., component]), 0.5)
    number = math.copysign(math.inf, -case.effective_scale)
    clean = case.replace(query=query)
    lowest = clean.replace(key=_with(case.key, (*key, component), number))
    yield from spoiled_agrees(lowest, clean, bench, "a score of minus infinity")
    place = (*key, _drawn(case, "column", case.sizes.Ev))
    number = math.inf if _drawn(case, "sign", 2) else -math.inf
    spoiled = case.replace(value=_with(case.value, place, number))
    yield from spoiled_agrees(spoiled, case, bench, f"{number} in a value")


__all__: list[str] = []
