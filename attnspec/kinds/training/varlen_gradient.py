"""The gradients of packed sequences: the laws of the kind `varlen-gradient`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec.judge.case import Case
from attnspec.judge.compare import agrees
from attnspec.judge.law import Bench
from attnspec.kinds.attention.build import HUGE
from attnspec.kinds.serving import _varlen as packed
from attnspec.kinds.serving._sequences import parts_alike, untouched
from attnspec.kinds.serving._slots import rows_of
from attnspec.kinds.training._packed_gradients import (
    ALL,
    check_nothing,
    heads_add_up,
    places,
)
from attnspec.kinds.training._varlen_gradient_kind import VARLEN_GRADIENT, taken
from attnspec.numerics import Comparison

_LAW = VARLEN_GRADIENT.law

VARLEN_GRADIENT.agreement_law(
    "gradients.sequences",
    "Each packed sequence has the gradients that it has by itself.",
    nulls=(
        *("zeros", "zeros:dk", "zeros:dv", "halved", "halved:dk", "halved:dv"),
        *("one_sequence:dk", "late:dk"),
    ),
)

VARLEN_GRADIENT.law(
    "varlen-gradient-options",
    "gradients.sequences",
    one_in=2,
    nulls=("uncausal:dv", "unwindowed:dv", "uncapped", "unsunk:dv", "unscaled"),
    any_of=("causal", "window", "softcap", "sink", "scale"),
    fields={"lengths": packed.SEVERAL},
    sentence="Options count within each packed sequence, on the way back as well.",
)(agrees)


@_LAW(
    "varlen-gradient-nobody",
    "gradients.nobody",
    one_in=3,
    nulls=("ones", "ones:dk", "ones:dv"),
    any_of=("rows_behind", "used_key"),
    fields={"behind": (5, 1, 64)},
)
def check_nobody(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Rows that belong to nobody have gradients of exactly zero."""
    nobody = (packed.unowned_rows(case, side) for side in packed.SIDES)
    here = places(*nobody)
    del here["dsink"]
    yield from check_nothing(case, bench, "rows of nobody", here)
    yield from agrees(case, bench)


@_LAW(
    "varlen-gradient-alone",
    "gradients.sequences",
    one_in=3,
    nulls=("one_sequence", "one_sequence:dk"),
    fields={"lengths": packed.SEVERAL},
)
def check_alone(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Each sequence has the gradients that it has when it comes alone."""
    for slot in range(len(case["cu_query"]) - 1):
        alone, here = taken(case, [slot])
        yield from parts_alike(case, alone, bench, f"sequence {slot} alone", here, ALL)


@_LAW(
    "varlen-gradient-order",
    "gradients.sequences",
    one_in=3,
    nulls=("late", "late:dk", "next_keys:dv"),
    fields={"lengths": packed.SEVERAL},
)
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Sequences in another order have their gradients in that order."""
    other, here = taken(case, range(len(case["cu_query"]) - 1)[::-1])
    yield from parts_alike(case, other, bench, "in the other order", here, ALL)


@_LAW(
    "varlen-gradient-apart",
    "gradients.sequences",
    one_in=3,
    nulls=("one_sequence:dk", "ones", "ones:dk"),
    fields={"lengths": packed.SEVERAL},
)
def check_apart(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A cotangent of one sequence gives gradients to no other, whatever it holds."""
    slots = range(len(case["cu_query"]) - 1)
    for slot in slots:
        rest = [other for other in slots if other != slot]
        queries, keys = (rows_of(case, rest, side) for side in packed.SIDES)
        arrays = {name: case[name].copy() for name in ("key", "value", "d_output")}
        arrays["d_output"][queries] = 0
        one = case.replace(d_output=arrays["d_output"])
        here = places(*(rows_of(case, [slot], side) for side in packed.SIDES))
        yield from parts_alike(
            case,
            one,
            bench,
            f"cotangents of sequence {slot}",
            {**here, "dsink": slice(0)},
            {**here, "dsink": slice(0)},
        )
        none = {n: at for n, at in places(queries, keys).items() if n != "dsink"}
        yield from check_nothing(one, bench, f"all sequences but {slot}", none)
        for name in ("key", "value"):
            arrays[name][keys] = HUGE[case.dtype]
        loud = case.replace(**arrays)
        note = f"huge numbers in all sequences but {slot}"
        yield from untouched(one, loud, bench, note, {**here, "dsink": slice(0)})


@_LAW(
    "varlen-gradient-unread",
    "gradients.nobody",
    one_in=3,
    nulls=("to_the_end", "touched", "touched:dk", "unused_read"),
    any_of=("used_query", "used_key"),
    fields={"behind": (5, 1, 64)},
)
def check_unread(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What rows hold that belong to nobody, cotangents too, moves no gradient."""
    for note, number in (("zeros there", 0.0), ("large numbers there", -64.0)):
        changed = {}
        for name in ("query", "key", "value", "d_output"):
            side = "query" if name in ("query", "d_output") else "key"
            changed[name] = case[name].copy()
            changed[name][packed.unowned_rows(case, side)] = number
        yield from parts_alike(case, case.replace(**changed), bench, note, ALL, ALL)


@_LAW(
    "varlen-gradient-longest",
    "gradients.sequences",
    one_in=3,
    nulls=("measured", "measured:dk"),
)
def check_longest(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A larger bound on the lengths changes no gradient."""
    more = {name: case[name] + 61 for name in ("max_query", "max_key")}
    other = case.replace(**more)
    yield from parts_alike(case, other, bench, "larger bounds", ALL, ALL)


@_LAW(
    "varlen-gradient-empty",
    "gradients.sequences",
    one_in=3,
    nulls=("numbered",),
    needs=("no_queries",),
    fields={"lengths": packed.SEVERAL},
)
def check_empty(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A sequence without rows, wherever it stands, changes no gradient."""
    for at in range(len(case["cu_query"])):
        more = {n: np.insert(case[n], at, case[n][at]) for n in ("cu_query", "cu_key")}
        for name in ("used_query", "used_key"):
            if case[name] is not None:
                more[name] = np.insert(case[name], at, 0)
        note = f"a sequence without rows before sequence {at}"
        yield from parts_alike(case, case.replace(**more), bench, note, ALL, ALL)


@_LAW(
    "varlen-gradient-no-keys",
    "gradients.empty-rows",
    one_in=3,
    nulls=("ones", "zeros:dv"),
    needs=("no_keys",),
    fields={"lengths": packed.KEYLESS},
)
def check_no_keys(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A query without keys has a gradient of zero, and is in no other's way."""
    none = [s.queries for s in packed.segments_of(case) if s.keys.stop == s.keys.start]
    rows = np.concatenate([np.arange(each.start, each.stop) for each in none])
    yield from check_nothing(case, bench, "queries without keys", {"dq": rows})
    yield from agrees(case, bench)


@_LAW(
    "varlen-gradient-groups",
    "gradients.groups",
    one_in=3,
    nulls=("first_of_group:dk", "first_of_group:dv"),
    needs=("grouped_query",),
    fields={"group": (4, 7, 3), "lengths": packed.SEVERAL},
)
def check_groups(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Query heads that share a key head add up in its gradients, in each sequence."""
    yield from heads_add_up(case, bench)


VARLEN_GRADIENT.law(
    "varlen-gradient-sink",
    "gradients.sink",
    one_in=3,
    nulls=("zeros:dsink", "halved:dsink"),
    needs=("sink",),
    fields={"lengths": packed.SEVERAL, "sink": ("normal",)},
    sentence="The gradient of a sink sums those of all sequences.",
)(agrees)


__all__ = ["VARLEN_GRADIENT"]
