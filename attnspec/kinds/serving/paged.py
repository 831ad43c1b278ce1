"""Attention over pages: the kind `paged`, and its laws."""

from __future__ import annotations

import operator
from collections.abc import Iterator

import numpy as np

from attnspec.judge.case import Case
from attnspec.judge.compare import agrees
from attnspec.judge.invariance import enter
from attnspec.judge.law import Bench
from attnspec.kinds.attention.build import HUGE
from attnspec.kinds.serving import _bits as bits
from attnspec.kinds.serving import _paged as paged
from attnspec.kinds.serving import _pools as pools
from attnspec.kinds.serving._paged_kind import PAGED
from attnspec.kinds.serving._sequences import REVERSED, parts_alike, untouched
from attnspec.numerics import Comparison, identical, within

_ELSEWHERE = ("reversed", "random")
"""Tables that are no simple counting."""


PAGED.agreement_law(
    "memory.pages",
    "Each sequence is answered by the tokens in its pages, and by all of them.",
    nulls=(
        *("zeros", "physical", "first_table", "full_pages", "next_slots"),
        *("unwindowed", "uncapped", "unsunk", "unscaled"),
    ),
)


PAGED.law(
    "paged-lse",
    "memory.pages",
    nulls=("zeros:lse", "physical:lse", "first_table:lse"),
    needs=("return_lse",),
    fields={"return_lse": (True,), "table": _ELSEWHERE},
    sentence="The logsumexp of each query is that of the tokens of its sequence.",
)(agrees)


@PAGED.law(
    "paged-shuffled",
    "memory.table",
    one_in=3,
    nulls=("physical", "contiguous"),
    fields={"lengths": paged.SEVERAL},
)
def check_shuffled(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Pages that lie elsewhere in the pool, as the table says, change nothing."""
    other = pools.shuffled(case)
    yield from parts_alike(case, other, bench, "pages elsewhere")


@PAGED.law(
    "paged-contiguous",
    "memory.table",
    one_in=3,
    nulls=("physical", "first_table"),
    fields={"lengths": paged.SEVERAL, "table": ("random", "reversed")},
)
def check_contiguous(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Pages are answered like a cache in which each sequence has a room of its own."""
    other = pools.contiguous(case, case["key_pages"].shape[1])
    yield from parts_alike(case, other, bench, "a room of its own")


@PAGED.law(
    "paged-shared",
    "memory.table",
    one_in=3,
    nulls=("physical", "contiguous"),
    fields={
        "lengths": (((2, 1), (1, 1)), ((3, 0), (1, 0), (2, 1)), ((2, 0), (2, -1))),
        "table": ("prefix",),
        "page": (1, 2, 8, 16, 32),
    },
)
def check_shared(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Sequences that share pages are answered as if each had copies of them."""
    other = pools.contiguous(case, case["key_pages"].shape[1])
    yield from parts_alike(case, other, bench, "copies")


@PAGED.law(
    "paged-page-size",
    "memory.page-size",
    one_in=3,
    nulls=("measured", "contiguous"),
    fields={"lengths": paged.SEVERAL, "table": _ELSEWHERE},
)
def check_page_size(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The same tokens in pages of another size are answered alike."""
    for page in {1, 8, 64} - {case["key_pages"].shape[1]}:
        other = pools.shuffled(pools.contiguous(case, page))
        yield from parts_alike(case, other, bench, f"pages of {page}")


@PAGED.law(
    "paged-past-entries",
    "memory.unread",
    one_in=3,
    nulls=("measured",),
    fields={"lengths": paged.SEVERAL, "more_entries": (1, 3)},
)
def check_past_entries(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Entries of the table behind the pages of a sequence have no influence."""
    for number in (0, len(case["key_pages"]) - 1):
        other = pools.past_replaced(case, number)
        note = f"{number} behind the pages"
        yield from parts_alike(case, other, bench, note)


@PAGED.law(
    "paged-unread",
    "memory.unread",
    one_in=3,
    nulls=("full_pages",),
    fields={"page": (2, 8, 16, 32, 64, 128, 256)},
)
def check_unread(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What slots hold that no sequence has written has no influence."""
    for what, number in (("zeros", 0.0), ("huge numbers", -HUGE[case.dtype])):
        other = pools.filled(case, pools.unowned(case), number)
        note = f"{what} in the other slots"
        yield from parts_alike(case, other, bench, note)


@PAGED.law(
    "paged-wider-table",
    "memory.unread",
    one_in=3,
    nulls=("measured",),
    fields={"lengths": paged.SEVERAL},
)
def check_wider_table(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A wider table changes nothing."""
    table = np.pad(case["table"], ((0, 0), (0, 3)))
    other = case.replace(table=table)
    yield from parts_alike(case, other, bench, "three entries more")


@PAGED.law(
    "paged-larger-pool",
    "memory.unread",
    one_in=3,
    nulls=("measured",),
    fields={"table": _ELSEWHERE, "lengths": paged.SEVERAL},
)
def check_larger_pool(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A larger pool, whose other pages are anywhere, changes nothing."""
    yield from parts_alike(case, pools.larger(case), bench, "more pages")


@PAGED.law(
    "paged-strides",
    "calls.layout",
    one_in=3,
    nulls=("strides_ignored",),
    fields={"layouts": paged.STRIDED, "key_heads": (2,), "page": (2, 8, 16)},
)
def check_strides(case: Case, bench: Bench) -> Iterator[Comparison]:
    """How a pool lies in memory changes nothing."""
    dense = case.replace(layouts={})
    note = ", ".join(f"{name} {layout}" for name, layout in case.layouts.items())
    if note:
        yield from parts_alike(dense, case, bench, note)


PAGED.law(
    "paged-square",
    "memory.pages",
    one_in=3,
    nulls=("turned",),
    fields={"page": (2,), "key_heads": (2,), "width": (4, 8), "layouts": ((),)},
    sentence="A page with as many slots as heads is read slot by slot.",
)(agrees)


PAGED.law(
    "paged-causal",
    "memory.causal",
    one_in=3,
    nulls=("uncausal",),
    # A single query stands at the last token, and sees all of them anyway.
    needs=("causal", "several_queries"),
    fields={"causal": (True,), "queries": (2, 5, 17), "lengths": paged.SEVERAL},
    sentence="No query sees a later token of its sequence.",
)(agrees)


@PAGED.law(
    "paged-window",
    "memory.pages",
    nulls=("unwindowed",),
    needs=("window",),
    fields={
        "window": ((2, 0), (0, 0)),
        "lengths": (((3, 1), (2, 0)), ((3, -1), (3, 1), (2, 1))),
        "page": (2, 1, 8, 16),
        "queries": (1, 2),
    },
    applies=bits.ends_at_the_last,
)
def check_window(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Pages that end before a window begins have no influence."""
    yield from agrees(case, bench)
    loud = pools.filled(case, pools.pages_before(case), HUGE[case.dtype])
    yield from untouched(case, loud, bench, "huge numbers before the window")


PAGED.law(
    "paged-holes",
    "memory.holes",
    nulls=("unwindowed",),
    needs=("window", "holes"),
    fields={
        "holes": (True,),
        "window": ((2, 0), (0, 0), (1, 3)),
        "lengths": (((3, 1), (2, 0)), ((3, -1), (3, 1), (2, 1))),
        "page": (2, 1, 8, 16),
        "queries": (1, 2),
    },
    applies=bits.ends_at_the_last,
    sentence="Pages that end before a window begins may be missing from the table.",
)(agrees)


@PAGED.law(
    "paged-order",
    "memory.order",
    one_in=3,
    nulls=("first_table",),
    fields={"lengths": paged.SEVERAL},
)
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Sequences in another order are answered in that order."""
    backward = operator.itemgetter(slice(None, None, -1))
    other = case.changed(backward, "query", "table", "lengths")
    yield from parts_alike(case, other, bench, "in the other order", there=REVERSED)


@PAGED.law(
    "paged-one-query",
    "memory.one-query",
    one_in=3,
    nulls=("uncausal",),
    needs=("causal", "several_queries"),
    fields={"causal": (True,), "queries": (2, 5), "lengths": paged.SEVERAL},
    applies=bits.ends_at_the_last,
)
def check_one_query(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Causally, queries one at a time, each at its length, are answered like all."""
    for at in range(case["query"].shape[1]):
        own, alone = pools.alone(case, at)
        if own.size:
            row = slice(at, at + 1)
            here = {"output": (own, row), "lse": (own, slice(None), row)}
            note = f"query {at} alone"
            yield from parts_alike(case, alone, bench, note, here)


@PAGED.law(
    "paged-no-keys",
    "memory.no-keys",
    nulls=("ones", "zeros:lse"),
    needs=("no_keys",),
    fields={"lengths": paged.KEYLESS},
    without=("sink",),
)
def check_no_keys(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A query without keys is answered with zero, and by the logsumexp of none."""
    yield from agrees(case, bench)
    found, exact = bench.run(case), bench.judged(case)
    none = case["lengths"] == 0
    yield identical(exact.output[none], found.output[none])
    for name, array in found.others.items():
        value, bound = (each[none] for each in exact.others[name])
        yield within(value, array[none], bound, what=name)


PAGED.law(
    "paged-out",
    "memory.pages",
    one_in=3,
    nulls=("zeros", "other_sequence"),
    needs=("out",),
    fields={"into": (True,), "lengths": (*paged.SEVERAL, *paged.KEYLESS)},
    sentence="A result that goes into a buffer is written query by query, to the last.",
)(agrees)


PAGED.law(
    "paged-int64",
    "memory.pages",
    nulls=("zeros", "first_table"),
    needs=("int64",),
    fields={"index": ("int64",), "lengths": paged.SEVERAL, "table": _ELSEWHERE},
    sentence="Tables and lengths of 64 bits are read as such.",
)(agrees)


enter(
    PAGED,
    bits.PAGED,
    prefix="paged-",
    several={"lengths": paged.SEVERAL, "page": (16, 8, 32, 2), "width": (8, 128)},
    stepwise={
        "fields": {"causal": (True,), "queries": (2, 5)},
        "needs": ("causal", "several_queries"),
        "applies": bits.ends_at_the_last,
    },
)


__all__ = ["PAGED"]
