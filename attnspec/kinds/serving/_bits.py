"""How the sequences of packed, padded, paged and cached calls are told apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from attnspec.judge.case import Case
from attnspec.judge.invariance import Batch, Places, others_changed
from attnspec.judge.law import Dialect
from attnspec.kinds.serving import _cached as cached
from attnspec.kinds.serving import _cached_calls as calls
from attnspec.kinds.serving import _padded as padded
from attnspec.kinds.serving import _paged as paged
from attnspec.kinds.serving import _pools as pools
from attnspec.kinds.serving import _sequences as sequences
from attnspec.kinds.serving import _slots as slots
from attnspec.kinds.serving import _varlen as packed
from attnspec.kinds.serving._cached_table import CACHES
from attnspec.reference import append

_BACK = (0, 1, 2)
"""How far before the last query one stands that is asked for alone."""


def ends_at_the_last(dialect: Dialect, _capabilities: Any) -> bool:
    """Return whether the last query of a sequence stands at its last key."""
    return dialect["alignment"] == "lower_right"


def ends_at_the_length(dialect: Dialect, _capabilities: Any) -> bool:
    """Return whether the last query of a padded sequence stands at its last key."""
    return dialect["frontier"] == "lengths" and dialect["length"] == "count"


def _again(case: Case, sized: Any, **changes: Any) -> Case:
    """Return the call with other operands, and results as large as they make them."""
    other = case.replace(layouts={}, **changes)
    found: Case = sized(other, return_lse=case["return_lse"] is not None)
    return found


# Packed.


def _packs(case: Case) -> int:
    return len(case["cu_query"]) - 1


def _loud_pack(case: Case, number: int) -> Case:
    """Return the call in which the rows of other sequences hold other numbers."""
    changes = {}
    for name, side in (("query", "query"), ("key", "key"), ("value", "key")):
        kept = np.zeros(len(case[name]), np.bool_)
        kept[slots.rows_of(case, (number,), side)] = True
        changes[name] = others_changed(case[name], kept[:, None, None])
    return case.replace(**changes)


def _longer_pack(case: Case) -> Iterator[tuple[Case, str]]:
    """Yield the call with larger bounds on the lengths."""
    more = {name: case[name] + 77 for name in ("max_query", "max_key")}
    yield case.replace(**more), "larger bounds"


def _last_of_packs(case: Case) -> Iterator[tuple[Case, Places, str]]:
    """Yield calls with one query of each sequence, and the keys up to its own."""
    for back in _BACK:
        own = [
            s
            for s in packed.segments_of(case)
            if min(s.queries.stop - s.queries.start, s.keys.stop - s.keys.start) > back
        ]
        if not own:
            return
        rows = np.array([s.queries.stop - 1 - back for s in own])
        keys = [np.arange(s.keys.start, s.keys.stop - back) for s in own]
        form, every = case["cu_key"].dtype, np.concatenate(keys)
        ends = np.cumsum([0, *map(len, keys)]).astype(form)
        one = _again(
            case.without("used_query", "used_key"),
            packed.sized,
            query=case["query"][rows],
            key=case["key"][every],
            value=case["value"][every],
            cu_query=np.arange(len(own) + 1).astype(form),
            cu_key=ends,
            max_query=1,
            max_key=int(np.diff(ends).max()),
        )
        yield one, slots.places(rows), f"{back} before the last, alone"


VARLEN = Batch(
    count=_packs,
    taken=slots.taken,
    loud=_loud_pack,
    roomier=_longer_pack,
    stepwise=_last_of_packs,
    layer=sequences.next_layer,
)


# Padded.


def _whole_batch(numbers: Any) -> Places:
    return {"output": numbers, "lse": numbers}


_OF_PADDED = ("query", "key", "value", "query_lengths", "key_lengths", "mask", "bias")


def _some_padded(case: Case, numbers: Sequence[int]) -> tuple[Case, Places]:
    """Return the call with some sequences alone, as long as their arrays were."""
    own, batch = np.array(numbers), len(case["query"])
    changes = {}
    for name in _OF_PADDED:
        array = case[name]
        if array is not None and np.ndim(array) and len(array) == batch:
            changes[name] = array[own]
    return _again(case, padded.sized, **changes), _whole_batch(own)


def _loud_rows(case: Case, number: int, *names: str) -> Case:
    """Return the call in which other elements of a batch hold other numbers."""
    kept = (np.arange(len(case["query"])) == number)[:, None, None, None]
    return case.changed(lambda array: others_changed(array, kept), *names)


def _longer_padding(case: Case) -> Iterator[tuple[Case, str]]:
    """Yield the call with more padding behind all keys."""
    rest = ((0, 0), (0, 0), (0, 77), (0, 0))
    yield case.changed(lambda a: np.pad(a, rest), "key", "value"), "more padding"


def _last_of_padded(case: Case) -> Iterator[tuple[Case, Places, str]]:
    """Yield calls with one query of each sequence, and the keys up to its own."""
    queries, keys = padded.lengths_of(case)
    form = np.asarray(case["key_lengths"]).dtype
    for back in _BACK:
        own = np.flatnonzero(np.minimum(queries, keys) > back)
        if not own.size:
            return
        rows = queries[own] - 1 - back
        one = _again(
            case.without("query_lengths"),
            padded.sized,
            query=case["query"][own[:, None], :, rows[:, None]].swapaxes(1, 2),
            key=case["key"][own],
            value=case["value"][own],
            key_lengths=(keys[own] - back).astype(form),
        )
        heads = np.arange(case["query"].shape[1])[:, None]
        here = own[:, None, None], heads, rows[:, None, None]
        yield one, {"output": here, "lse": here}, f"{back} before the last, alone"


PADDED = Batch(
    count=lambda case: len(case["query"]),
    taken=_some_padded,
    loud=lambda case, number: _loud_rows(case, number, "query", "key", "value"),
    roomier=_longer_padding,
    stepwise=_last_of_padded,
    layer=sequences.next_layer,
)


# Paged.


def _some_paged(case: Case, numbers: Sequence[int]) -> tuple[Case, Places]:
    """Return the call with some sequences alone, and the same pools."""
    own = np.array(numbers)
    changes = {name: case[name][own] for name in ("query", "table", "lengths")}
    return _again(case, paged.sized, **changes), _whole_batch(own)


def _other_pools(case: Case) -> Iterator[tuple[Case, str]]:
    """Yield the call with a wider table, more pages, and pages elsewhere."""
    wider = np.pad(case["table"], ((0, 0), (0, 3)))
    yield case.replace(table=wider), "three entries more"
    yield pools.larger(case), "more pages"
    yield pools.shuffled(case), "pages elsewhere"


def _last_of_paged(case: Case) -> Iterator[tuple[Case, Places, str]]:
    """Yield calls with one query of each sequence, at the length that it stands at."""
    queries = case["query"].shape[1]
    for at in dict.fromkeys((queries - 1, queries // 2, 0)):
        own, alone = pools.alone(case, at)
        if own.size:
            row = slice(at, at + 1)
            here = {"output": (own, row), "lse": (own, slice(None), row)}
            yield alone, here, f"query {at} alone"


PAGED = Batch(
    count=lambda case: len(case["table"]),
    taken=_some_paged,
    loud=lambda case, number: _loud_rows(case, number, "query"),
    roomier=_other_pools,
    stepwise=_last_of_paged,
    layer=sequences.next_layer,
)


# Cached.


def _some_cached(case: Case, numbers: Sequence[int]) -> tuple[Case, Places]:
    """Return the call with some sequences alone, each in a slot of its own."""
    own = np.array(numbers)
    names = ("query", "key", "value", "left_pad")
    changes = {name: case[name][own] for name in names if case[name] is not None}
    changes |= {name: case[name][cached.slots_of(case)[own]] for name in CACHES}
    if case["slots"] is not None:
        changes["slots"] = np.arange(len(own)).astype(case["slots"].dtype)
    other = case.replace(layouts={})
    return cached.again(
        other, **changes, before=cached.before(case)[own]
    ), _whole_batch(own)


def _loud_caches(case: Case, number: int) -> Case:
    """Return the call in which other sequences, and slots, hold other numbers."""
    new = ("key", "value") if cached.new_of(case) else ()
    slot = cached.slots_of(case)[number]
    kept = (np.arange(len(case["key_cache"])) == slot)[:, None, None, None]
    other = _loud_rows(case, number, "query", *new)
    return other.changed(lambda array: others_changed(array, kept), *CACHES)


def _other_caches(case: Case) -> Iterator[tuple[Case, str]]:
    """Yield the call with more room in the caches, and sequences in other slots."""
    yield calls.roomier(case, 77), "more room"
    if case["slots"] is not None:
        yield calls.elsewhere(case), "other slots"


def _last_of_cached(case: Case) -> Iterator[tuple[Case, Places, str]]:
    """Yield calls that bring one token of each sequence, behind those before it."""
    new, slots, first = cached.new_of(case), cached.slots_of(case), cached.before(case)
    pairs = tuple(zip(CACHES, ("key", "value"), strict=True))
    for at in dict.fromkeys((new - 1, new // 2, 0)):
        stored = {
            cache: append(case[cache], case[tokens][:, :at], first, slots=slots)
            for cache, tokens in pairs
        }
        row = slice(at, at + 1)
        alone = calls.tokens(case.replace(layouts={}), row, stored)
        here = {"output": np.s_[:, row], "lse": np.s_[:, :, row]}
        yield alone, here, f"token {at} alone"


CACHED = Batch(
    count=lambda case: len(case["query"]),
    taken=_some_cached,
    loud=_loud_caches,
    roomier=_other_caches,
    stepwise=_last_of_cached,
)


__all__ = [
    "CACHED",
    "PADDED",
    "PAGED",
    "VARLEN",
    "ends_at_the_last",
    "ends_at_the_length",
]
