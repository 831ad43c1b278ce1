"""Laws of weights: each is a property that some normalizers keep and some do not.

No law here asks what the exact weights are, but for how far off they may be: a
function is held to be consistent with itself. So a law can be run on a normalizer
that does not keep it, and says so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from attnspec.judge.case import Case
from attnspec.judge.kind import Kind
from attnspec.judge.law import Applies, Bench, Law, always
from attnspec.kinds.normalizers import _scores_and_masks as rows
from attnspec.numerics import Comparison, within

_SHIFTS = (16.0, -24.0)
"""Shifts of quarters below 4 that no format has to round."""


@dataclasses.dataclass(frozen=True, slots=True)
class WeightLaw:
    """A law of weights, and what it draws and excludes wherever it is run."""

    check: Law
    nulls: tuple[str, ...]
    needs: tuple[str, ...]
    fields: Mapping[str, tuple[Any, ...]]


WEIGHT_LAWS: dict[str, WeightLaw] = {}
"""The laws by the word that ends their ids."""


def _law(
    word: str,
    nulls: tuple[str, ...],
    *,
    needs: tuple[str, ...] = (),
    fields: Mapping[str, tuple[Any, ...]] | None = None,
) -> Callable[[Law], Law]:
    """Keep a law for the kinds that will be held to it."""

    def enter(check: Law) -> Law:
        WEIGHT_LAWS[word] = WeightLaw(check, nulls, needs, fields or {})
        return check

    return enter


@_law("weights", ("negative", "unmasked"))
def check_weights(case: Case, bench: Bench) -> Iterator[Comparison]:
    """No weight is negative, and a hidden key has none at all."""
    seen = rows.visible(case)
    output = rows.last(case, bench.run(case).output)[seen.any(-1)].astype(np.float64)
    seen = seen[seen.any(-1)]
    nearest = np.where(seen, np.maximum(np.nan_to_num(output), 0.0), 0.0)
    yield within(nearest, output, np.zeros(()), what="weight")


@_law("order", ("sorted",))
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Keys in another order have their weights in that order."""
    scores, mask = rows.scores_of(case), case["mask"]
    if mask is not None:
        mask = rows.last(case, np.broadcast_to(mask, case["scores"].shape))
    # Backward, and on by one: no order that data of ours have.
    turn = np.roll(np.arange(scores.shape[-1])[::-1], 1)
    turned = rows.with_keys(
        case, scores[..., turn], None if mask is None else mask[..., turn]
    )
    weights, bound = rows.pair(case, bench)
    moved = weights[..., turn], bound[..., turn]
    yield from rows.same(moved, rows.pair(turned, bench), "another order of the keys")


@_law("hidden", ("unmasked",), needs=("mask",))
def check_hidden(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What stands in a hidden score changes nothing."""
    mask = case["mask"]
    if mask is None or mask.all():
        return
    # Beyond all scores, and within float16.
    poisoned = np.where(mask, case["scores"], 30_000.0).astype(case["scores"].dtype)
    other = rows.pair(case.replace(scores=poisoned), bench)
    yield from rows.same(rows.pair(case, bench), other, "hidden scores of 30,000")


@_law("sum", ("zeros", "each_alone"), fields={"sink": (None,)})
def check_sum(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The weights of a row sum to one."""
    some = rows.visible(case).any(-1)
    weights, bound = rows.pair(case, bench)
    actual, slack = weights[some].sum(-1), bound[some].sum(-1)
    yield within(np.ones_like(actual), actual, slack + rows.ROOM, what="sum")


@_law("convex", ("zeros", "each_alone"), fields={"sink": (None,)})
def check_convex(case: Case, bench: Bench) -> Iterator[Comparison]:
    """An output lies between the least and the greatest visible value."""
    seen = rows.visible(case)
    some = seen.any(-1)
    weights, bound = rows.pair(case, bench)
    # All above 0, so that weights that sum to less leave the hull, too.
    value = 8.0 + np.arange(seen.shape[-1])
    low = np.where(seen, value, np.inf).min(-1, initial=np.inf)[some]
    high = np.where(seen, value, -np.inf).max(-1, initial=-np.inf)[some]
    actual = weights[some] @ value
    slack = bound[some] @ value + rows.ROOM * value.max(initial=0.0)
    nearest = np.clip(np.nan_to_num(actual), low, high)
    yield within(nearest, actual, slack, what="nearest point of the hull")


@_law("shift", ("each_alone",), fields={"data": rows.EXACT_DATA, "sink": (None,)})
def check_shift(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The same number added to all scores of a row changes no weight."""
    for shift in _SHIFTS:
        moved = case["scores"].astype(np.float64) + shift
        other = case.replace(scores=moved.astype(case["scores"].dtype))
        note = f"all scores {shift:+g}"
        yield from rows.same(rows.pair(case, bench), rows.pair(other, bench), note)


@_law("zeros", ("lifted",))
def check_zeros(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A visible key far below the others, and below 0, has a weight of exactly zero."""
    some = rows.visible(case).any(-1)
    scores = rows.scores_of(case)
    finite = np.where(np.isneginf(scores), 0.0, scores)
    # Two below the best have no weight by 1.5-entmax, and ReLU wants a score below 0.
    low = 2.0 * np.minimum(finite.min(-1, keepdims=True, initial=0.0), 0.0) - 4.0
    wider = rows.with_more(case, low, seen=True)
    added = rows.last(wider, bench.run(wider).output)[some][..., -1]
    yield within(np.zeros(added.shape), added, np.zeros(()), what="lowest weight")


@_law("alone", ("shared",))
def check_alone(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The weight of a key depends on its own score and on no other."""
    scores = rows.scores_of(case).copy()
    # Whatever the keys share, a sum or a peak, would show this.
    scores[..., 0] += 64.0
    weights, bound = rows.pair(case, bench)
    after, other = rows.pair(rows.with_keys(case, scores, None), bench)
    one, two = (weights[..., 1:], bound[..., 1:]), (after[..., 1:], other[..., 1:])
    yield from rows.same(one, two, "the first score raised by 64")


@_law("padding", ("by_length",), needs=("mask",))
def check_padding(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Hidden keys at the end change nothing."""
    some = rows.visible(case).any(-1)
    # High enough to take most of the weight if it were seen.
    column = np.full((*some.shape, 1), 8.0)
    more, slack = rows.pair(rows.with_more(case, column, seen=False), bench)
    weights, bound = rows.pair(case, bench)
    padded = more[..., :-1][some], slack[..., :-1][some]
    yield from rows.same((weights[some], bound[some]), padded, "one hidden key more")


@_law("merge", ("opposite", "sorted"))
def check_merge(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A part of the keys has the weights of the whole, up to one factor."""
    half = (rows.scores_of(case).shape[-1] + 1) // 2
    mask = None if case["mask"] is None else rows.visible(case)[..., :half]
    part = rows.with_keys(case, rows.scores_of(case)[..., :half], mask)
    some = rows.visible(part).any(-1)
    w, b = (x[..., :half][some] for x in rows.pair(case, bench))
    v, c = (x[some] for x in rows.pair(part, bench))
    # w_i v_j = w_j v_i whatever the factor, which may be 0.
    cross, again = w[..., :, None] * v[..., None, :], v[..., :, None] * w[..., None, :]
    v, w = np.abs(v), np.abs(w)
    bound = w[..., :, None] * c[..., None, :] + b[..., :, None] * (v + c)[..., None, :]
    bound = bound + bound.swapaxes(-1, -2) + rows.ROOM * np.abs(cross)
    yield within(cross, again, bound, what="cross product")


@_law("monotone", ("opposite",))
def check_monotone(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A larger score never has a smaller weight, and equal scores have equal ones."""
    seen = rows.visible(case)
    scores = rows.scores_of(case)
    weights, bound = rows.pair(case, bench)
    step = np.sign(scores[..., :, None] - np.where(seen, scores, 0.0)[..., None, :])
    both = seen[..., :, None] & seen[..., None, :]
    rise = np.where(both, weights[..., :, None] - weights[..., None, :], 0.0)
    slack = bound[..., :, None] + bound[..., None, :]
    least = np.where(step > 0, np.maximum(rise, 0.0), np.where(step == 0, 0.0, rise))
    yield within(least, rise, np.where(both, slack, 0.0), what="rise of the weight")


@_law("uniform", ("zeros", "each_alone"), fields={"sink": (None,)})
def check_uniform(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Keys with equal scores share the weight equally."""
    seen = rows.visible(case)
    some = np.asarray(seen.any(-1))
    first = np.max(np.where(seen, rows.scores_of(case), -np.inf), -1, keepdims=True)
    first = np.where(some[..., None], first, 0.0)
    level = np.where(np.isneginf(rows.scores_of(case)), -np.inf, first)
    actual, bound = rows.pair(rows.with_keys(case, level, None), bench)
    expected = seen / np.maximum(1, seen.sum(-1, keepdims=True))
    yield within(expected[some], actual[some], bound[some] + rows.ROOM, what="weight")


ON_THE_SIMPLEX = (
    *("weights", "order", "hidden", "sum", "convex", "shift", "zeros"),
    *("padding", "monotone", "uniform"),
)
"""The laws of weights that are a point of the simplex, and may be zero."""


def hold_to(
    kind: Kind,
    words: tuple[str, ...],
    *,
    also: Mapping[str, tuple[str, ...]] | None = None,
    applies: Mapping[str, Applies] | None = None,
) -> None:
    """Register laws of weights for a kind, in this order, by the words of their ids."""
    for word in words:
        law = WEIGHT_LAWS[word]
        kind.law(
            f"{kind.name}-{word}",
            "activations.laws",
            nulls=law.nulls,
            needs=law.needs,
            # A normalizer without a sink has no field for it.
            fields={n: v for n, v in law.fields.items() if n in kind.table.fields},
            also=(also or {}).get(word, ()),
            applies=(applies or {}).get(word, always),
        )(law.check)


__all__ = ["ON_THE_SIMPLEX", "WEIGHT_LAWS", "WeightLaw", "hold_to"]
