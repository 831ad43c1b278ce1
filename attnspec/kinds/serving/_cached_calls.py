"""Calls over caches: what a call has left there, and the same tokens elsewhere."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.judge.case import Case, Result
from attnspec.judge.compare import fact, noted
from attnspec.judge.law import Bench
from attnspec.kinds.serving._cached import (
    again,
    before,
    is_turned,
    new_of,
    pads_of,
    slots_of,
    stored,
    written,
)
from attnspec.kinds.serving._cached_table import CACHES
from attnspec.numerics import Comparison, identical, within


def standing(case: Case, found: Result) -> Case:
    """Return the call whose keys are those that stand in the cache after it."""
    if not is_turned(case):
        return case
    return case.replace(standing=found.others["key_cache"])


def agrees(
    case: Case, bench: Bench, note: str = ""
) -> Generator[Comparison, None, Result]:
    """Yield whether a call has written what is right, and answers by what it wrote.

    Values, and keys that nothing turns, are written bit by bit.
    """
    found, where = bench.run(case), written(case)
    right = stored(case, bench.dialect, bench.model) if new_of(case) else {}
    for name, exact_cache in right.items():
        value, bound = (a[where] for a in exact_cache)
        array = found.others[name][where]
        if name == "key_cache" and is_turned(case):
            yield noted(within(value, array, bound, what=name), note)
        else:
            yield noted(identical(value, array, what=name), note)
    if found.mutated:
        yield fact(f"changed: {', '.join(found.mutated)}", holds=False)
    exact = bench.judged(standing(case, found))
    yield noted(within(exact.output, found.output, exact.bound), note)
    if "lse" in found.others:
        value, bound = exact.others["lse"]
        yield noted(within(value, found.others["lse"], bound, what="lse"), note)
    return found


def caches_of(found: Result) -> dict[str, Array]:
    """Return the caches as a call has left them."""
    return {name: found.others[name] for name in CACHES if name in found.others}


def filled(case: Case, places: npt.NDArray[np.bool_], number: float) -> Case:
    """Return the call with a number in some places of both caches."""

    def changed(cache: Array) -> Array:
        whole = places[:, :, None, None]
        return np.where(whole, np.full((), number, cache.dtype), cache)

    return case.changed(changed, *CACHES)


def unowned(case: Case) -> npt.NDArray[np.bool_]:
    """Return which places (C, cap) hold no token that a sequence reads."""
    found = np.ones(case["key_cache"].shape[:2], np.bool_)
    for slot, pad, length in zip(
        slots_of(case), pads_of(case), before(case), strict=True
    ):
        found[slot, pad:length] = False
    return found


def roomier(case: Case, more: int) -> Case:
    """Return the call in caches with room for more tokens of each sequence."""
    rest = ((0, 0), (0, more), (0, 0), (0, 0))
    return again(case.changed(lambda cache: np.pad(cache, rest), *CACHES))


def elsewhere(case: Case) -> Case:
    """Return the call in caches in which each sequence is at another slot."""
    slots, count = slots_of(case), len(case["key_cache"]) + 1
    order = np.roll(np.arange(count)[::-1], 1)
    changes: dict[str, Any] = {}
    for name in CACHES:
        old = np.pad(case[name], ((0, 1), (0, 0), (0, 0), (0, 0)))
        moved = np.zeros_like(old)
        moved[order] = old
        changes[name] = moved
    return again(case, **changes, slots=order[slots].astype(case["lengths"].dtype))


def tokens(case: Case, part: slice, caches: dict[str, Array] | None = None) -> Case:
    """Return the call with some of its new tokens, behind those before them."""
    given = {name: case[name][:, part] for name in ("query", "key", "value")}
    return again(case, **given, **(caches or {}), before=before(case) + part.start)


def without_padding(case: Case) -> Case:
    """Return the call whose sequences begin with their first token."""
    pads, slots = pads_of(case), slots_of(case)
    changes = {}
    for name in CACHES:
        cache = case[name].copy()
        for slot, pad in zip(slots, pads, strict=True):
            cache[slot] = np.roll(cache[slot], -pad, axis=0)
        changes[name] = cache
    return again(case, **changes, left_pad=None, before=before(case) - pads)


__all__ = [
    "agrees",
    "caches_of",
    "elsewhere",
    "filled",
    "roomier",
    "standing",
    "tokens",
    "unowned",
    "without_padding",
]
