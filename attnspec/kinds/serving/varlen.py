"""Attention of packed sequences: the kind `varlen`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec.judge.case import Case
from attnspec.judge.compare import agrees
from attnspec.judge.invariance import enter
from attnspec.judge.law import Bench
from attnspec.kinds.attention.build import HUGE
from attnspec.kinds.serving import _bits as bits
from attnspec.kinds.serving import _varlen as packed
from attnspec.kinds.serving._sequences import MANY_ROWS, parts_alike, untouched
from attnspec.kinds.serving._slots import places, rows_of, taken, tight
from attnspec.kinds.serving._varlen_kind import VARLEN
from attnspec.numerics import Comparison, identical, within

VARLEN.agreement_law(
    "memory.packed",
    "Each sequence is answered by its own keys, and by all of them.",
    nulls=(
        *("zeros", "one_sequence", "late", "next_keys"),
        *("uncausal", "unwindowed", "uncapped", "unsunk", "unscaled"),
    ),
)


@VARLEN.law(
    "varlen-lse",
    "memory.packed",
    nulls=("zeros:lse", "one_sequence:lse", "late:lse"),
    needs=("return_lse",),
    fields={"return_lse": (True,)},
)
def check_lse(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The logsumexp of each query is that of the keys of its own sequence."""
    yield from agrees(case, bench)


VARLEN.law(
    "varlen-batch",
    "memory.packed",
    one_in=3,
    nulls=("one_sequence", "late"),
    fields={"lengths": packed.EQUAL},
    sentence="Sequences of one length are answered as a batch.",
)(agrees)


@VARLEN.law(
    "varlen-alone",
    "memory.packed",
    one_in=3,
    nulls=("one_sequence",),
    fields={"lengths": packed.SEVERAL},
)
def check_alone(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Each sequence is answered as when it comes alone."""
    for slot in range(len(case["cu_query"]) - 1):
        alone, here = taken(case, [slot])
        note = f"sequence {slot} alone"
        yield from parts_alike(case, alone, bench, note, here)


@VARLEN.law(
    "varlen-parts",
    "memory.packed",
    one_in=3,
    nulls=("one_sequence",),
    fields={"lengths": packed.SEVERAL},
)
def check_parts(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Two packs, one behind the other, are answered like each of them."""
    count = len(case["cu_query"]) - 1
    for slots in (range(count // 2), range(count // 2, count)):
        part, here = taken(case, slots)
        yield from parts_alike(case, part, bench, "a part of the pack", here)


@VARLEN.law(
    "varlen-order",
    "memory.order",
    one_in=3,
    nulls=("late", "next_keys"),
    fields={"lengths": packed.SEVERAL},
)
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Sequences in another order are answered in that order."""
    order = range(len(case["cu_query"]) - 1)[::-1]
    other, here = taken(case, order)
    yield from parts_alike(case, other, bench, "in the other order", here)


@VARLEN.law(
    "varlen-empty",
    "memory.empty",
    one_in=3,
    nulls=("numbered",),
    needs=("no_queries",),
    fields={"lengths": packed.SEVERAL},
)
def check_empty(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A sequence without rows, wherever it stands, changes nothing."""
    for at in range(len(case["cu_query"])):
        more = {n: np.insert(case[n], at, case[n][at]) for n in ("cu_query", "cu_key")}
        for name in ("used_query", "used_key"):
            if case[name] is not None:
                more[name] = np.insert(case[name], at, 0)
        note = f"a sequence without rows before sequence {at}"
        yield from parts_alike(case, case.replace(**more), bench, note)


@VARLEN.law(
    "varlen-longest",
    "memory.bounds",
    one_in=3,
    nulls=("measured",),
)
def check_longest(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A larger bound on the lengths changes nothing."""
    more = {name: case[name] + 61 for name in ("max_query", "max_key")}
    yield from parts_alike(case, case.replace(**more), bench, "larger bounds")


@VARLEN.law(
    "varlen-neighbors",
    "memory.packed",
    one_in=3,
    nulls=("one_sequence",),
    fields={"lengths": packed.SEVERAL},
)
def check_neighbors(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What the other sequences hold has no influence, however large it is."""
    slots = range(len(case["cu_query"]) - 1)
    for slot in slots:
        rest = [other for other in slots if other != slot]
        others = {name: case[name].copy() for name in ("query", "key", "value")}
        for name, array in others.items():
            side = "query" if name == "query" else "key"
            array[rows_of(case, rest, side)] = HUGE[case.dtype]
        here = places(rows_of(case, [slot], "query"))
        note = f"huge numbers in all sequences but {slot}"
        yield from untouched(case, case.replace(**others), bench, note, here)


@VARLEN.law(
    "varlen-unread",
    "memory.nobody",
    one_in=3,
    nulls=("to_the_end", "unused_read"),
    any_of=("used_query", "used_key"),
    fields={"behind": (5, 1, 64)},
)
def check_unread(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What rows hold that belong to nobody has no influence."""
    clean = {}
    for name in ("query", "key", "value"):
        side = "query" if name == "query" else "key"
        clean[name] = case[name].copy()
        clean[name][packed.unowned_rows(case, side)] = 0
    other = case.replace(**clean)
    yield from parts_alike(case, other, bench, "zeros there")
    for name in ("key", "value"):
        clean[name][packed.unowned_rows(case, "key")] = -HUGE[case.dtype]
    loud = case.replace(**clean)
    yield from parts_alike(case, loud, bench, "huge numbers there")


@VARLEN.law(
    "varlen-capacity",
    "memory.nobody",
    one_in=3,
    nulls=("to_the_end",),
    needs=("rows_behind",),
    fields={"behind": (1, 5, 64)},
)
def check_capacity(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Longer arrays, with the same sequences, change nothing."""
    shorter, here = taken(case, range(len(case["cu_query"]) - 1))
    yield from parts_alike(case, shorter, bench, "arrays cut", here)


@VARLEN.law(
    "varlen-slots",
    "memory.slots",
    one_in=3,
    nulls=("unused_read",),
    needs=("used_key",),
    fields={"lengths": packed.SEVERAL, "used_query": (3, 1), "used_key": (3, 1)},
)
def check_slots(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Sequences in longer slots are answered as when they are packed tightly."""
    here = places(np.flatnonzero(~packed.unowned_rows(case)))
    yield from parts_alike(case, tight(case), bench, "packed tightly", here)


@VARLEN.law(
    "varlen-causal",
    "memory.causal",
    nulls=("uncausal", "one_sequence"),
    needs=("causal",),
    fields={"lengths": packed.SQUARE, "causal": (True,)},
)
def check_causal(case: Case, bench: Bench) -> Iterator[Comparison]:
    """No query sees a later key of its sequence, and the last one sees them all."""
    yield from agrees(case, bench)
    changed = {name: case[name].copy() for name in ("key", "value")}
    segments = packed.segments_of(case)
    for array in changed.values():
        array[[s.keys.stop - 1 for s in segments]] = HUGE[case.dtype]
    before = [np.arange(s.queries.start, s.queries.stop - 1) for s in segments]
    here = places(np.concatenate(before))
    loud = case.replace(**changed)
    yield from untouched(case, loud, bench, "huge last keys", here)


@VARLEN.law(
    "varlen-no-keys",
    "memory.no-keys",
    nulls=("ones", "zeros:lse"),
    needs=("no_keys",),
    fields={"lengths": packed.KEYLESS},
    without=("sink",),
)
def check_no_keys(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A query without keys is answered with zero, and by the logsumexp of none."""
    yield from agrees(case, bench)
    found, exact = bench.run(case), bench.judged(case)
    none = [s.queries for s in packed.segments_of(case) if s.keys.stop == s.keys.start]
    rows = np.concatenate([np.arange(each.start, each.stop) for each in none])
    yield identical(exact.output[rows], found.output[rows])
    for name, array in found.others.items():
        value, bound = (each[:, rows] for each in exact.others[name])
        yield within(value, array[:, rows], bound, what=name)


@VARLEN.law(
    "varlen-gap-rows",
    "memory.nobody",
    one_in=3,
    nulls=("ones",),
    needs=("rows_behind",),
    fields={"behind": (1, 5, 64)},
    applies=lambda dialect, _: dialect["gap_rows"] == "zero",
)
def check_gap_rows(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Rows that belong to nobody are answered with zero, where that is declared."""
    rows = packed.unowned_rows(case)
    output = bench.run(case).output[rows]
    yield identical(np.zeros_like(output), output)


VARLEN.law(
    "varlen-out",
    "memory.packed",
    one_in=3,
    nulls=("zeros", "late"),
    needs=("out",),
    fields={"into": (True,), "lengths": (*packed.SEVERAL, *packed.KEYLESS)},
    sentence="A result that goes into a buffer is written row by row, to the last.",
)(agrees)


VARLEN.law(
    "varlen-many-rows",
    "memory.packed",
    one_in=9,
    nulls=("zeros", "ones"),
    fields={"lengths": (((3, 2), (MANY_ROWS, 1)),)},
    sentence="Rows beyond those that 16 bits count are answered like the others.",
)(agrees)


VARLEN.law(
    "varlen-int64",
    "memory.packed",
    nulls=("zeros", "one_sequence"),
    needs=("int64",),
    fields={"index": ("int64",), "lengths": packed.SEVERAL},
    sentence="Sums of 64 bits are read as such.",
)(agrees)


enter(
    VARLEN,
    bits.VARLEN,
    prefix="varlen-",
    several={"lengths": packed.SEVERAL, "width": (8, 80)},
    stepwise={
        "fields": {"causal": (True,)},
        "needs": ("causal",),
        "applies": bits.ends_at_the_last,
    },
)


__all__ = ["VARLEN"]
