"""Laws of the whole: linearity, permutations, independence of batch and heads."""

from __future__ import annotations

import operator
from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import bits
from attnspec.judge.compare import alike, noted, rounding
from attnspec.kinds.attention.alibi import slopes_of
from attnspec.kinds.attention.bounds.evaluator import Evaluation
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.compare import AttentionBench
from attnspec.kinds.attention.kind import ATTENTION
from attnspec.kinds.attention.probes import narrowed
from attnspec.numerics import Comparison, within

_OPERANDS = ("query", "key", "value")


@ATTENTION.law(
    "value-linearity",
    "attention.linear",
    pins=("model-widths", "composite-keys"),
    families=("plain", "option-pairs", "tile-boundaries", "grouped-heads"),
    fields={"values": ("integers",)},
    nulls=("ones",),
)
def check_value_linearity(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """The output is linear in the values."""
    other = np.roll(case.value, 1, axis=2)[..., ::-1]
    total = (case.value.astype(np.float64) + other).astype(case.value.dtype)
    parts = [case, case.replace(value=other)]
    whole = case.replace(value=total)
    exact = [bench.judged(c) for c in (*parts, whole)]
    one, two, three = (bench.run(c).output.astype(np.float64) for c in (*parts, whole))
    empty = (exact[0].visible == 0)[..., None]
    expected = np.where(empty, exact[2].output, one + two)
    bound = sum((e.bound for e in exact), rounding(one, two, three))
    yield noted(within(expected, three, bound), "sum of two sets of values")


def _permuted(
    array: Array | None, axis: int, order: Array, length: int
) -> Array | None:
    """Return an operand with an axis of (B, Hq, L, S) permuted, if it has it."""
    if array is None or array.ndim < 4 - axis or array.shape[axis - 4] != length:
        return array
    return np.take(array, order, axis - 4)


def _order(case: AttentionCase, length: int, label: str) -> Array:
    """Return a permutation that depends on the data alone."""
    seed = int(np.abs(case.key.astype(np.float64)).sum() * 1024) % 2**32
    order = np.argsort(bits(seed, label, (length,)), kind="stable")
    return np.roll(order, 1) if (order == np.arange(length)).all() else order


@ATTENTION.law(
    "key-permutation",
    "attention.key-order",
    pins=("model-widths", "composite-keys"),
    without=("causal", "window", "alibi_slopes"),
    fields={"layouts": ((),)},
    nulls=("copy_value", "last_key_dropped"),
)
def check_key_permutation(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """Keys in another order, with their values, mask and bias, change nothing."""
    keys = case.sizes.S
    if keys < 2:
        return
    order = _order(case, keys, "keys")
    permuted = case.changed(lambda a: a[:, :, order], "key", "value").replace(
        mask=_permuted(case.mask, 3, order, keys),
        bias=_permuted(case.bias, 3, order, keys),
    )
    yield from alike(case, permuted, bench, "keys in another order")


@ATTENTION.law(
    "query-permutation",
    "attention.equivariance",
    pins=("composite-queries",),
    without=("causal", "window", "alibi_slopes"),
    fields={"layouts": ((),)},
    nulls=("copy_value",),
)
def check_query_permutation(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """Queries in another order give the same outputs in that order."""
    queries = case.sizes.L
    if queries < 2:
        return
    order = _order(case, queries, "queries")
    permuted = case.replace(
        query=case.query[:, :, order],
        mask=_permuted(case.mask, 2, order, queries),
        bias=_permuted(case.bias, 2, order, queries),
    )
    expected = bench.run(case).output.astype(np.float64)[:, :, order]
    actual, exact = bench.run(permuted).output, bench.judged(permuted)
    yield _as_alone(expected, actual, exact, "queries in another order")


def _as_alone(
    expected: Array, output: Array, exact: Evaluation, note: str
) -> Comparison:
    """Compare two outputs of the kernel that have one exact result."""
    actual = output.astype(np.float64)
    bound = 2.0 * exact.bound + rounding(expected, actual)
    return noted(within(expected, actual, bound), note)


def _alone(case: AttentionCase, batch: int) -> AttentionCase:
    """Return one element of a batch as a case of its own."""
    here = slice(batch, batch + 1)
    return case.changed(operator.itemgetter(here), *_OPERANDS).replace(
        mask=narrowed(case.mask, 0, here, case.sizes.B),
        bias=narrowed(case.bias, 0, here, case.sizes.B),
        alibi_slopes=slopes_of(case, here, slice(None)),
        layouts={},
    )


@ATTENTION.law(
    "batch-independence",
    "attention.batch",
    pins=("model-widths", "model-groups"),
    fields={
        "batch": (2, 3),
        "layouts": ((), (("key", "transposed"),), (("value", "sliced"),)),
    },
    nulls=("first_batch",),
)
def check_batch_independence(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """An element of a batch has the output that it has alone, whatever is next door."""
    sizes = case.sizes
    if sizes.B < 2:
        return
    batch = sizes.B - 1
    mine = (np.arange(sizes.B) == batch)[:, None, None, None]
    poisoned = case.changed(lambda a: _poisoned(a, mine), *_OPERANDS)
    alone = _alone(case, batch)
    exact = bench.judged(alone)
    expected = bench.run(alone).output.astype(np.float64)
    for name, shared in (("other numbers", case), ("NaN", poisoned)):
        actual = bench.run(shared).output[batch:]
        note = f"{name} in the rest of the batch"
        yield _as_alone(expected, actual, exact, note)


def _poisoned(array: Array, mine: Array) -> Array:
    """Return an operand with NaN everywhere but in one's own part."""
    nan = np.asarray(np.nan).astype(array.dtype)
    return np.where(mine, array, nan).astype(array.dtype)


@ATTENTION.law(
    "head-independence",
    "heads.independence",
    pins=("model-groups",),
    fields={
        "heads": ((2, 2), (3, 3), (6, 2), (6, 3), (10, 2)),
        "layouts": ((), (("key", "transposed"),), (("value", "sliced"),)),
    },
    nulls=("one_head",),
)
def check_head_independence(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """A head has the output that it has alone, whatever the other heads hold."""
    sizes = case.sizes
    if sizes.Hkv < 2:
        return
    group = sizes.Hq // sizes.Hkv
    shared = slice((sizes.Hkv - 1) * group, sizes.Hq)
    last = slice(sizes.Hkv - 1, sizes.Hkv)
    mine = (np.arange(sizes.Hkv) == sizes.Hkv - 1)[:, None, None]
    poisoned = case.replace(
        query=_poisoned(case.query, mine.repeat(group, 0)),
        key=_poisoned(case.key, mine),
        value=_poisoned(case.value, mine),
    )
    alone = case.replace(
        query=case.query[:, shared],
        key=case.key[:, last],
        value=case.value[:, last],
        mask=narrowed(case.mask, 1, shared, sizes.Hq),
        bias=narrowed(case.bias, 1, shared, sizes.Hq),
        sink=None if case.sink is None else case.sink[shared],
        alibi_slopes=slopes_of(case, slice(None), shared),
        layouts={},
    )
    exact = bench.judged(alone)
    expected = bench.run(alone).output.astype(np.float64)
    actual = bench.run(poisoned).output[:, shared]
    yield _as_alone(expected, actual, exact, "NaN in the other heads")


@ATTENTION.law(
    "grouped-heads",
    "heads.grouped",
    pins=("model-groups", "sizes-with-masks"),
    needs=("grouped_query",),
    families=("grouped-heads", "option-pairs"),
    fields={"heads": ((6, 2), (10, 2), (9, 3), (6, 3), (14, 2), (3, 1), (2, 1))},
    nulls=("tiled_heads",),
)
def check_grouped_heads(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """Consecutive query heads share a key head, as if it were written out for each."""
    group = case.sizes.Hq // case.sizes.Hkv
    written = case.changed(lambda a: a.repeat(group, 1), "key", "value")
    yield from alike(case, written.replace(layouts={}), bench, "key heads written out")


__all__: list[str] = []
