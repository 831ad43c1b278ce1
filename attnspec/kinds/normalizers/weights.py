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
from attnspec.judge.kind import Bench, Kind, KindLaw
from attnspec.judge.law import Applies, always
from attnspec.kinds.normalizers._weights import (
    ROOM,
    last,
    pair,
    same,
    scores_of,
    visible,
    with_keys,
    with_more,
)
from attnspec.kinds.normalizers.softmax import (
    ENTMAX15,
    RELU,
    SIGMOID,
    SOFTMAX,
    SPARSEMAX,
)
from attnspec.numerics import Comparison, within

_SHIFTS = (16.0, -24.0)
"""Shifts of quarters below 4 that no format has to round."""

_SIMPLEX = (SOFTMAX, SPARSEMAX, ENTMAX15)
_ALL = (*_SIMPLEX, SIGMOID, RELU)


@dataclasses.dataclass(frozen=True, slots=True)
class Shared:
    """A law of weights, and what it draws wherever it is run."""

    check: KindLaw
    needs: tuple[str, ...]
    fields: Mapping[str, tuple[Any, ...]]


SHARED: dict[str, Shared] = {}
"""The laws by the word that ends their ids."""


def _law(
    word: str,
    kinds: Mapping[Kind, tuple[str, ...]],
    *,
    needs: tuple[str, ...] = (),
    fields: Mapping[str, tuple[Any, ...]] | None = None,
    applies: Mapping[Kind, Applies] | None = None,
    also: Mapping[Kind, tuple[str, ...]] | None = None,
    clause: str = "activations.laws",
) -> Callable[[KindLaw], KindLaw]:
    """Register a law for each kind that keeps it, with the answers to exclude."""

    def enter(check: KindLaw) -> KindLaw:
        SHARED[word] = Shared(check, needs, dict(fields or {}))
        for kind, nulls in kinds.items():
            known = {n: v for n, v in (fields or {}).items() if n in kind.table.fields}
            kind.law(
                f"{kind.name}-{word}",
                clause,
                nulls=nulls,
                needs=needs,
                fields=known,
                applies=(applies or {}).get(kind, always),
                also=(also or {}).get(kind, ()),
            )(check)
        return check

    return enter


def _every(*nulls: str, kinds: tuple[Kind, ...] = _ALL) -> dict[Kind, tuple[str, ...]]:
    return dict.fromkeys(kinds, nulls)


def _chose(field: str, value: str) -> Applies:
    """Return whether a dialect has a choice."""

    def applies(dialect: Any, _capabilities: object) -> bool:
        return bool(dialect[field] == value)

    return applies


@_law(
    "weights",
    _every("negative", "unmasked"),
    also={SOFTMAX: ("normalizers.softmax", "normalizers.sum")},
)
def check_weights(case: Case, bench: Bench) -> Iterator[Comparison]:
    """No weight is negative, and a hidden key has none at all."""
    seen = visible(case)
    output = last(case, bench.run(case).output)[seen.any(-1)].astype(np.float64)
    seen = seen[seen.any(-1)]
    nearest = np.where(seen, np.maximum(np.nan_to_num(output), 0.0), 0.0)
    yield within(nearest, output, np.zeros(()), what="weight")


@_law("order", _every("sorted"))
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Keys in another order have their weights in that order."""
    scores, mask = scores_of(case), case["mask"]
    if mask is not None:
        mask = last(case, np.broadcast_to(mask, case["scores"].shape))
    turn = np.roll(np.arange(scores.shape[-1])[::-1], 1)
    turned = with_keys(
        case, scores[..., turn], None if mask is None else mask[..., turn]
    )
    weights, bound = pair(case, bench)
    moved = weights[..., turn], bound[..., turn]
    yield from same(moved, pair(turned, bench), "another order of the keys")


@_law("hidden", _every("unmasked"), needs=("mask",))
def check_hidden(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What stands in a hidden score changes nothing."""
    mask = case["mask"]
    if mask is None or mask.all():
        return
    poisoned = np.where(mask, case["scores"], 30_000.0).astype(case["scores"].dtype)
    other = pair(case.replace(scores=poisoned), bench)
    yield from same(pair(case, bench), other, "hidden scores of 30,000")


@_law(
    "sum",
    _every("zeros", "each_alone", kinds=_SIMPLEX),
    fields={"sink": (None,)},
    also={SOFTMAX: ("normalizers.sum",)},
)
def check_sum(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The weights of a row sum to one."""
    some = visible(case).any(-1)
    weights, bound = pair(case, bench)
    actual, slack = weights[some].sum(-1), bound[some].sum(-1)
    yield within(np.ones_like(actual), actual, slack + ROOM, what="sum")


@_law(
    "convex",
    _every("zeros", "each_alone", kinds=_SIMPLEX),
    fields={"sink": (None,)},
    also=dict.fromkeys(_SIMPLEX, ("attention.convex",)),
)
def check_convex(case: Case, bench: Bench) -> Iterator[Comparison]:
    """An output lies between the least and the greatest visible value."""
    seen = visible(case)
    some = seen.any(-1)
    weights, bound = pair(case, bench)
    value = 8.0 + np.arange(seen.shape[-1])
    low = np.where(seen, value, np.inf).min(-1, initial=np.inf)[some]
    high = np.where(seen, value, -np.inf).max(-1, initial=-np.inf)[some]
    actual = weights[some] @ value
    slack = bound[some] @ value + ROOM * value.max(initial=0.0)
    nearest = np.clip(np.nan_to_num(actual), low, high)
    yield within(nearest, actual, slack, what="nearest point of the hull")


@_law(
    "shift",
    _every("each_alone", kinds=_SIMPLEX),
    fields={"data": ("quarters", "ties", "zeros"), "sink": (None,)},
    also={SOFTMAX: ("normalizers.shift",)},
)
def check_shift(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The same number added to all scores of a row changes no weight."""
    for shift in _SHIFTS:
        moved = case["scores"].astype(np.float64) + shift
        other = case.replace(scores=moved.astype(case["scores"].dtype))
        note = f"all scores {shift:+g}"
        yield from same(pair(case, bench), pair(other, bench), note)


@_law("zeros", _every("lifted", kinds=(SPARSEMAX, ENTMAX15, RELU)))
def check_zeros(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A visible key far below the others, and below 0, has a weight of exactly zero."""
    some = visible(case).any(-1)
    scores = scores_of(case)
    finite = np.where(np.isneginf(scores), 0.0, scores)
    low = 2.0 * np.minimum(finite.min(-1, keepdims=True, initial=0.0), 0.0) - 4.0
    wider = with_more(case, low, seen=True)
    added = last(wider, bench.run(wider).output)[some][..., -1]
    yield within(np.zeros(added.shape), added, np.zeros(()), what="lowest weight")


@_law("alone", _every("shared", kinds=(SIGMOID, RELU)))
def check_alone(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The weight of a key depends on its own score and on no other."""
    scores = scores_of(case).copy()
    scores[..., 0] += 64.0
    weights, bound = pair(case, bench)
    after, other = pair(with_keys(case, scores, None), bench)
    one, two = (weights[..., 1:], bound[..., 1:]), (after[..., 1:], other[..., 1:])
    yield from same(one, two, "the first score raised by 64")


@_law(
    "padding",
    _every("by_length"),
    needs=("mask",),
    applies={
        SIGMOID: _chose("default_offset", "zero"),
        RELU: _chose("divisor", "visible"),
    },
)
def check_padding(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Hidden keys at the end change nothing."""
    some = visible(case).any(-1)
    column = np.full((*some.shape, 1), 8.0)
    more, slack = pair(with_more(case, column, seen=False), bench)
    weights, bound = pair(case, bench)
    padded = more[..., :-1][some], slack[..., :-1][some]
    yield from same((weights[some], bound[some]), padded, "one hidden key more")


@_law(
    "merge",
    _every("opposite", "sorted", kinds=(SOFTMAX, SIGMOID, RELU)),
    applies={SIGMOID: _chose("default_offset", "zero")},
)
def check_merge(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A part of the keys has the weights of the whole, up to one factor."""
    half = (scores_of(case).shape[-1] + 1) // 2
    mask = None if case["mask"] is None else visible(case)[..., :half]
    part = with_keys(case, scores_of(case)[..., :half], mask)
    some = visible(part).any(-1)
    w, b = (x[..., :half][some] for x in pair(case, bench))
    v, c = (x[some] for x in pair(part, bench))
    cross, again = w[..., :, None] * v[..., None, :], v[..., :, None] * w[..., None, :]
    v, w = np.abs(v), np.abs(w)
    bound = w[..., :, None] * c[..., None, :] + b[..., :, None] * (v + c)[..., None, :]
    bound = bound + bound.swapaxes(-1, -2) + ROOM * np.abs(cross)
    yield within(cross, again, bound, what="cross product")


@_law("monotone", _every("opposite"))
def check_monotone(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A larger score never has a smaller weight, and equal scores have equal ones."""
    seen = visible(case)
    scores = scores_of(case)
    weights, bound = pair(case, bench)
    step = np.sign(scores[..., :, None] - np.where(seen, scores, 0.0)[..., None, :])
    both = seen[..., :, None] & seen[..., None, :]
    rise = np.where(both, weights[..., :, None] - weights[..., None, :], 0.0)
    slack = bound[..., :, None] + bound[..., None, :]
    least = np.where(step > 0, np.maximum(rise, 0.0), np.where(step == 0, 0.0, rise))
    yield within(least, rise, np.where(both, slack, 0.0), what="rise of the weight")


@_law(
    "uniform",
    _every("zeros", "each_alone", kinds=_SIMPLEX),
    fields={"sink": (None,)},
)
def check_uniform(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Keys with equal scores share the weight equally."""
    seen = visible(case)
    some = np.asarray(seen.any(-1))
    first = np.max(np.where(seen, scores_of(case), -np.inf), -1, keepdims=True)
    first = np.where(some[..., None], first, 0.0)
    level = np.where(np.isneginf(scores_of(case)), -np.inf, first)
    actual, bound = pair(with_keys(case, level, None), bench)
    expected = seen / np.maximum(1, seen.sum(-1, keepdims=True))
    yield within(expected[some], actual[some], bound[some] + ROOM, what="weight")


__all__ = [
    "SHARED",
    "Shared",
    "check_alone",
    "check_convex",
    "check_hidden",
    "check_merge",
    "check_monotone",
    "check_order",
    "check_padding",
    "check_shift",
    "check_sum",
    "check_uniform",
    "check_weights",
    "check_zeros",
]
