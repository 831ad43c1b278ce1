"""Attention over a cache: the kind `cached`, and its laws."""

from __future__ import annotations

import operator
from collections.abc import Iterator

import numpy as np

from attnspec.judge.case import Case
from attnspec.judge.compare import finite_difference, noted, rounding
from attnspec.judge.invariance import enter
from attnspec.judge.law import Bench
from attnspec.kinds.attention.build import HUGE
from attnspec.kinds.serving import _bits as bits
from attnspec.kinds.serving import _cached as cached
from attnspec.kinds.serving import _cached_calls as calls
from attnspec.kinds.serving._cached_calls import agrees
from attnspec.kinds.serving._cached_history import HISTORIES, check_history
from attnspec.kinds.serving._cached_kind import CACHED
from attnspec.kinds.serving._cached_table import (
    CACHES,
    KEYLESS,
    SEVERAL,
    STORED,
    STRIDED,
)
from attnspec.kinds.serving._cached_turned import check_outside, check_shift
from attnspec.kinds.serving._sequences import (
    REVERSED,
    exact_of,
    found_of,
    parts_alike,
    untouched,
)
from attnspec.numerics import Comparison, identical, within

_SOME = (1, 2, 5)
"""Numbers of new tokens, of which there are some."""


CACHED.law(
    "cached-agreement",
    "memory.cache",
    nulls=(
        *("zeros", "unappended", "short", "first_length", "first_slots", "unpadded"),
        *("unturned", "unwindowed", "uncapped", "unsunk", "unscaled"),
    ),
    sentence="New tokens are put behind those of their sequence, and all are read.",
)(agrees)


CACHED.law(
    "cached-written",
    "memory.written",
    nulls=("untouched:key_cache", "untouched:value_cache"),
    needs=("new_tokens",),
    fields={"new": _SOME, "lengths": SEVERAL},
    sentence="The places of new tokens are written, and no others.",
)(agrees)


CACHED.law(
    "cached-lse",
    "memory.cache",
    nulls=("zeros:lse", "short:lse", "unappended:lse"),
    needs=("return_lse",),
    fields={"return_lse": (True,), "lengths": SEVERAL},
    sentence="The logsumexp of each query is that of the tokens of its sequence.",
)(agrees)


@CACHED.law(
    "cached-copied",
    "memory.cache",
    one_in=3,
    nulls=("unappended", "short"),
    needs=("new_tokens", "nothing_new"),
    fields={"new": _SOME, "lengths": SEVERAL},
    without=("rotary",),
)
def check_copied(case: Case, bench: Bench) -> Iterator[Comparison]:
    """To append and to attend at once is to append first, and then to attend."""
    done = cached.again(
        case,
        **calls.caches_of(bench.run(case)),
        key=None,
        value=None,
        before=cached.before(case) + cached.new_of(case),
    )
    yield from parts_alike(case, done, bench, "appended before")


@CACHED.law(
    "cached-chunks",
    "memory.chunks",
    one_in=3,
    nulls=("unappended", "short", "uncausal"),
    needs=("new_tokens", "several_new", "causal"),
    fields={"new": (5, 2, 17), "causal": (True,)},
)
def check_chunks(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Causally, tokens in chunks, or one at a time, are answered like all at once."""
    new = cached.new_of(case)
    whole, exact = bench.run(case), bench.judged(case)
    for size in sorted({1, 2, new // 2 + 1} - {0, new}):
        caches = None
        for start in range(0, new, size):
            part = slice(start, min(start + size, new))
            some = calls.tokens(case, part, caches)
            found, right = bench.run(some), bench.judged(some)
            caches = calls.caches_of(found)
            for name in {"output", "lse"} & {n for n, _, _ in case.results}:
                rows = (slice(None), part) if name == "output" else np.s_[:, :, part]
                value, bound = (a[rows] for a in exact_of(exact, name))
                own, own_bound = exact_of(right, name)
                expected = found_of(whole, name)[rows] + finite_difference(own, value)
                array = found_of(found, name)
                allowed = bound + own_bound + rounding(expected, array)
                same = within(expected, array, allowed, what=name)
                yield noted(same, f"{size} at a time")


@CACHED.law(
    "cached-rolled-back",
    "memory.roll-back",
    one_in=3,
    nulls=("long",),
    needs=("new_tokens",),
    fields={"new": _SOME, "lengths": SEVERAL},
)
def check_rolled_back(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A sequence that was made shorter again is answered as if it had never grown."""
    other = case.changed(np.negative, "key", "value")
    back = cached.again(case, **calls.caches_of(bench.run(other)))
    yield from parts_alike(case, back, bench, "tokens taken back")


@CACHED.law(
    "cached-elsewhere",
    "memory.cache-slots",
    one_in=3,
    nulls=("measured", "first_slots"),
    needs=("slots",),
    fields={"lengths": SEVERAL},
)
def check_elsewhere(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Where in the cache a sequence is changes nothing."""
    yield from parts_alike(case, calls.elsewhere(case), bench, "other slots")


@CACHED.law(
    "cached-capacity",
    "memory.unread-cache",
    one_in=3,
    nulls=("measured",),
    fields={"lengths": SEVERAL},
)
def check_capacity(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Room for more tokens changes nothing."""
    for more in (1, 16):
        other = calls.roomier(case, more)
        yield from parts_alike(case, other, bench, f"room for {more} more")


@CACHED.law(
    "cached-unread",
    "memory.unread-cache",
    one_in=3,
    nulls=("long",),
    fields={"lengths": SEVERAL, "room": (1, 6, 30)},
)
def check_unread(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What stands behind the tokens of a sequence, or in other slots, is not read."""
    for what, number in (("zeros", 0.0), ("huge numbers", -HUGE[case.dtype])):
        other = calls.filled(case, calls.unowned(case), number)
        yield from untouched(case, other, bench, f"{what} in other places")


@CACHED.law(
    "cached-left-pad",
    "memory.left-pad",
    one_in=3,
    nulls=("unpadded",),
    needs=("left_pad",),
    fields={"left_pad": (True,), "lengths": STORED},
    without=("rotary",),
)
def check_left_pad(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A sequence with padding before it is answered like one that is shorter."""
    yield from parts_alike(case, calls.without_padding(case), bench, "no padding")


CACHED.law(
    "cached-left-pad-places",
    "memory.left-pad",
    nulls=("unturned", "unpadded"),
    needs=("left_pad", "rotary"),
    fields={
        "left_pad": (True,),
        "rotary": ("whole",),
        "angles": ("random",),
        "lengths": STORED,
        "new": _SOME,
    },
    sentence="New tokens behind padding are turned by the places that they have.",
)(agrees)


CACHED.law(
    "cached-one-query",
    "memory.causal-cache",
    one_in=3,
    nulls=("first_key", "short"),
    needs=("causal",),
    fields={"causal": (True,), "new": (1,), "lengths": STORED},
    sentence="A single query sees every token of its sequence, causally too.",
)(agrees)


CACHED.law(
    "cached-causal",
    "memory.causal-cache",
    one_in=3,
    nulls=("uncausal",),
    needs=("causal", "several_new", "new_tokens"),
    fields={"causal": (True,), "new": (2, 5, 17), "lengths": SEVERAL},
    sentence="No query sees a later token of its sequence.",
)(agrees)


@CACHED.law(
    "cached-window",
    "memory.cache",
    one_in=3,
    nulls=("unwindowed",),
    needs=("window",),
    fields={
        "window": ((2, 0), (0, 0)),
        "lengths": ((7, 2, 12), (16, 3)),
        "new": (1, 2, 5),
    },
)
def check_window(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Tokens before every window, stored or new, have no influence."""
    yield from agrees(case, bench)
    left, _ = case["window"]
    before = np.zeros(case["key_cache"].shape[:2], np.bool_)
    for slot, length in zip(cached.slots_of(case), cached.before(case), strict=True):
        first = length + cached.new_of(case) - case["query"].shape[1] - left
        before[slot, : max(0, int(first))] = True
    loud = calls.filled(case, before, HUGE[case.dtype])
    yield from untouched(case, loud, bench, "huge numbers before the window")


CACHED.law(
    "cached-rotary",
    "memory.turned",
    nulls=("unturned", "unturned:key_cache"),
    needs=("rotary", "new_tokens"),
    fields={
        "rotary": ("whole", "part"),
        "angles": ("random", "far"),
        "new": _SOME,
        "width": (8, 4, 64, 128),
        "data": ("normal",),
    },
    sentence="New keys are turned by the row of their place, and so are their queries.",
)(agrees)

CACHED.law(
    "cached-rotary-outside",
    "memory.turned",
    one_in=3,
    nulls=("unturned",),
    needs=("rotary", "new_tokens"),
    fields={
        "rotary": ("whole",),
        "angles": ("random",),
        "lengths": SEVERAL,
        "new": _SOME,
    },
)(check_outside)

CACHED.law(
    "cached-shift",
    "memory.turned",
    one_in=3,
    nulls=("absolute",),
    needs=("rotary", "new_tokens", "empty_cache"),
    fields={
        "rotary": ("whole",),
        "angles": ("near",),
        "lengths": ((0,), (0, 0)),
        "new": (2, 5),
    },
)(check_shift)


@CACHED.law(
    "cached-apart",
    "memory.apart",
    one_in=3,
    nulls=("other_sequence",),
    needs=("unequal_lengths",),
    fields={"lengths": SEVERAL},
)
def check_apart(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What a sequence holds and asks has no influence on the others."""
    own = cached.slots_of(case)[0]
    other = case.changed(lambda a: np.concatenate([-a[:1], a[1:]]), "query")
    for name in CACHES:
        cache = case[name].copy()
        cache[own] = -cache[own]
        other = other.replace(**{name: cache})
    rest = {"output": np.s_[1:], "lse": np.s_[1:]}
    yield from agrees(case, bench)
    yield from untouched(case, other, bench, "another first sequence", rest)


@CACHED.law(
    "cached-order",
    "memory.apart",
    one_in=3,
    nulls=("other_sequence", "first_length"),
    needs=("slots", "unequal_lengths"),
    fields={"lengths": SEVERAL},
)
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Sequences in another order are answered in that order."""
    backward = operator.itemgetter(slice(None, None, -1))
    names = [n for n in ("query", "key", "value", "left_pad") if case[n] is not None]
    slots = cached.slots_of(case)[::-1].astype(case["lengths"].dtype)
    other = case.changed(backward, *names, "lengths")
    other = cached.again(other, slots=slots)
    yield from parts_alike(case, other, bench, "in the other order", there=REVERSED)


@CACHED.law(
    "cached-strides",
    "calls.layout",
    one_in=3,
    nulls=("strides_ignored",),
    fields={"layouts": STRIDED, "key_heads": (2,)},
)
def check_strides(case: Case, bench: Bench) -> Iterator[Comparison]:
    """How a cache lies in memory changes nothing."""
    dense = case.replace(layouts={})
    note = ", ".join(f"{name} {layout}" for name, layout in case.layouts.items())
    if note:
        yield from agrees(case, bench, note)
        yield from parts_alike(dense, case, bench, note)


@CACHED.law(
    "cached-no-keys",
    "memory.no-keys",
    nulls=("ones", "zeros:lse"),
    needs=("no_keys", "nothing_new", "empty_cache"),
    fields={"lengths": KEYLESS, "new": (0,)},
    without=("sink",),
)
def check_no_keys(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A query without keys is answered with zero, and by the logsumexp of none."""
    yield from agrees(case, bench)
    found, exact = bench.run(case), bench.judged(case)
    none = cached.before(case) == 0
    yield identical(exact.output[none], found.output[none])


CACHED.law(
    "cached-int64",
    "memory.cache",
    nulls=("zeros", "first_length"),
    needs=("int64",),
    fields={"index": ("int64",), "lengths": SEVERAL},
    sentence="Lengths and slots of 64 bits are read as such.",
)(agrees)

CACHED.law(
    "cached-history",
    "memory.history",
    one_in=3,
    nulls=("unappended", "short"),
    needs=("new_tokens",),
    fields={
        "steps": HISTORIES,
        "lengths": ((2, 1), (0, 3, 1), (7, 2, 12)),
        "new": _SOME,
        "slots": ("own", "reversed", "sparse"),
    },
)(check_history)

# Single queries are asked without rotary: the keys before them are put into the cache
# here, and of a turned key only the function itself has the bits.
enter(
    CACHED,
    bits.CACHED,
    prefix="cached-",
    several={"lengths": SEVERAL, "width": (8, 128)},
    stepwise={
        "fields": {"causal": (True,), "new": (2, 5)},
        "needs": ("causal", "new_tokens", "several_new"),
        "without": ("rotary",),
    },
)


__all__ = ["CACHED"]
