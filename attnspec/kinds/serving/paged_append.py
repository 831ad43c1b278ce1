"""New tokens in pages: the kind `paged-append`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case, Result
from attnspec.judge.compare import agrees, noted, same_bits
from attnspec.judge.law import Bench
from attnspec.kinds.serving import _paged as paged
from attnspec.kinds.serving import _paged_append as appended
from attnspec.kinds.serving import _pools as pools
from attnspec.kinds.serving._paged_append import NEW
from attnspec.kinds.serving._paged_append_kind import PAGED_APPEND
from attnspec.numerics import Comparison, identical
from attnspec.reference import gather_pages

_SEVERAL = (2, 5, 17)
"""Numbers of new tokens, more than one."""

_ELSEWHERE = ("reversed", "random")
"""Tables that are no simple counting."""

PAGED_APPEND.agreement_law(
    "memory.append",
    "Each new token lies behind the last one of its sequence; all else is as it was.",
    nulls=("zeros", "unwritten", "late", "unwritten:value_pages", "late:value_pages"),
)


def _pools_of(found: Result) -> dict[str, Array]:
    """Return both pools as a call has left them."""
    values = found.others["value_pages"]
    return dict(zip(NEW, (found.output, values), strict=True))


def _pools_alike(one: Result, two: Result, note: str) -> Iterator[Comparison]:
    """Yield whether two calls leave the same in both pools."""
    there = _pools_of(two)
    for name, pool in _pools_of(one).items():
        yield noted(identical(pool, there[name], what=name), note)


def _tokens(case: Case, found: Result) -> dict[str, Array]:
    """Return the tokens of all sequences after a call, read from both pools."""
    table, totals = case["table"], appended.totals_of(case)
    return {
        name: gather_pages(pool, table, totals)[:, : totals.max()]
        for name, pool in _pools_of(found).items()
    }


def _read_alike(
    case: Case, other: Case, bench: Bench, note: str
) -> Iterator[Comparison]:
    """Yield whether the tokens that two calls leave are the same."""
    there = _tokens(other, bench.run(other))
    for name, tokens in _tokens(case, bench.run(case)).items():
        yield noted(identical(tokens, there[name], what=name), note)


@PAGED_APPEND.law(
    "paged-append-bits",
    "memory.append-bits",
    nulls=("unwritten", "flushed", "swept", "flushed:value_pages"),
    fields={"data": ("bits",), "poison_key": ("nan",), "page": (2, 8, 1, 16, 64)},
)
def check_bits(case: Case, bench: Bench) -> Iterator[Comparison]:
    """New tokens have the bits that they had, and so does what is in other slots."""
    yield from agrees(case, bench)
    exact, found = bench.judged(case), _pools_of(bench.run(case))
    values = {"key_pages": exact.output, "value_pages": exact.others["value_pages"][0]}
    for name, value in values.items():
        yield same_bits(value.astype(case[name].dtype), found[name], name)


@PAGED_APPEND.law(
    "paged-append-kept",
    "memory.append-bits",
    one_in=3,
    nulls=("swept", "swept:value_pages"),
    fields={
        "page": (2, 8, 16, 32),
        "data": ("normal",),
        "poison_key": ("nan", "infinity"),
        "poison_value": ("nan", "large"),
    },
)
def check_kept(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Whatever the other slots hold, NaN as well, they hold it afterwards."""
    yield from agrees(case, bench)


@PAGED_APPEND.law(
    "paged-append-read-back",
    "memory.append",
    one_in=3,
    nulls=("unwritten", "late", "late:value_pages"),
    fields={"lengths": paged.SEVERAL, "table": _ELSEWHERE},
)
def check_read_back(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Read back, a sequence is the tokens it had, and the new ones behind them."""
    found = _tokens(case, bench.run(case))
    for pool, name in NEW.items():
        before = gather_pages(case[pool], case["table"], case["lengths"])
        for b, (length, count) in enumerate(
            zip(case["lengths"], appended.counts_of(case), strict=True)
        ):
            right = np.concatenate([before[b, :length], case[name][b, :count]])
            mine = found[pool][b, : length + count]
            yield noted(identical(right, mine, what=pool), f"sequence {b}")


PAGED_APPEND.law(
    "paged-append-seams",
    "memory.append",
    nulls=("unwritten", "late"),
    fields={"lengths": appended.SEAMS, "tokens": (2, 1, 5, 17), "page": (2, 8, 16, 1)},
    sentence="New tokens that a page has no room for lie in the next one of the table.",
)(agrees)


@PAGED_APPEND.law(
    "paged-append-steps",
    "memory.append-steps",
    one_in=3,
    nulls=("restarted",),
    fields={"tokens": _SEVERAL, "lengths": (*appended.SEAMS, *paged.SEVERAL)},
)
def check_steps(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Token by token, or in chunks, the pools become what they become at once."""
    most, counts = case["key"].shape[1], appended.counts_of(case)
    whole = bench.run(case)
    for size in {1, most // 2 + 1} if most <= _SEVERAL[1] else {most // 2 + 1}:
        now = case
        for start in range(0, most, size):
            own = slice(start, start + size)
            done, here = (
                np.minimum(counts, end) for end in (start, min(start + size, most))
            )
            form = case["lengths"].dtype
            step = {
                "key": case["key"][:, own],
                "value": case["value"][:, own],
                "lengths": (case["lengths"] + done).astype(form),
            }
            if case["counts"] is not None:
                step["counts"] = (here - done).astype(form)
            last = bench.run(now.replace(**step))
            now = now.replace(**_pools_of(last))
        yield from _pools_alike(whole, last, f"{size} at a time")


@PAGED_APPEND.law(
    "paged-append-apart",
    "memory.append-apart",
    one_in=3,
    nulls=("first_length",),
    fields={"lengths": (*paged.SEVERAL, *paged.KEYLESS)},
)
def check_apart(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Sequences one at a time, the last one first, leave what all of them leave."""
    whole, now = bench.run(case), case
    for at in reversed(range(len(case["table"]))):
        own = slice(at, at + 1)
        names = (*NEW.values(), "table", "lengths", "counts")
        mine = {n: case[n][own] for n in names if case[n] is not None}
        last = bench.run(now.replace(**mine))
        now = now.replace(**_pools_of(last))
    yield from _pools_alike(whole, last, "one at a time")


PAGED_APPEND.law(
    "paged-append-shared",
    "memory.append-apart",
    nulls=("unwritten", "late"),
    fields={
        "lengths": (((1, 0), (1, 1)), ((2, 0), (2, 0)), ((2, 1), (1, 0), (1, 0))),
        "table": ("prefix",),
        "page": (2, 1, 8, 16),
    },
    sentence="Pages that several sequences have are left as they are.",
)(agrees)


PAGED_APPEND.law(
    "paged-append-counts",
    "memory.append",
    nulls=("uncounted",),
    needs=("counts",),
    fields={"counts": (True,), "tokens": _SEVERAL, "lengths": paged.SEVERAL},
    sentence="Each sequence gets as many tokens as its count says.",
)(agrees)


PAGED_APPEND.law(
    "paged-append-nothing",
    "memory.append",
    nulls=("zeros", "late"),
    needs=("no_tokens",),
    fields={"tokens": (0,), "lengths": paged.SEVERAL},
    sentence="Without new tokens nothing changes.",
)(agrees)


@PAGED_APPEND.law(
    "paged-append-shuffled",
    "memory.table",
    one_in=3,
    nulls=("measured",),
    fields={"lengths": paged.SEVERAL},
)
def check_shuffled(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Pages that lie elsewhere in the pool, as the table says, get the same tokens."""
    other = pools.shuffled(case, appended.totals_of(case))
    yield from _read_alike(case, other, bench, "pages elsewhere")


@PAGED_APPEND.law(
    "paged-append-page-size",
    "memory.page-size",
    one_in=3,
    nulls=("unwritten",),
    fields={"lengths": paged.SEVERAL, "table": _ELSEWHERE},
)
def check_page_size(case: Case, bench: Bench) -> Iterator[Comparison]:
    """In pages of another size, or in one for each sequence, lie the same tokens."""
    totals = appended.totals_of(case)
    for page in {1, 8, 64, int(totals.max())} - {case["key_pages"].shape[1]}:
        own = pools.contiguous(case, page, totals)
        other = appended.sized(own, in_place=bool(case.writes))
        yield from _read_alike(case, other, bench, f"pages of {page}")


@PAGED_APPEND.law(
    "paged-append-past-entries",
    "memory.unread",
    one_in=3,
    nulls=("measured",),
    fields={"lengths": paged.SEVERAL, "more_entries": (1, 3)},
)
def check_past_entries(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Entries of the table behind the pages of a sequence have no influence."""
    for number in (0, len(case["key_pages"]) - 1):
        other = pools.past_replaced(case, number, appended.totals_of(case))
        note = f"{number} behind the pages"
        yield from _read_alike(case, other, bench, note)


@PAGED_APPEND.law(
    "paged-append-wider-table",
    "memory.unread",
    one_in=3,
    nulls=("measured",),
    fields={"lengths": paged.SEVERAL},
)
def check_wider_table(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A wider table changes nothing."""
    other = case.replace(table=np.pad(case["table"], ((0, 0), (0, 3))))
    yield from _read_alike(case, other, bench, "three entries more")


@PAGED_APPEND.law(
    "paged-append-larger-pool",
    "memory.unread",
    one_in=3,
    nulls=("measured",),
    fields={"table": _ELSEWHERE, "lengths": paged.SEVERAL},
)
def check_larger_pool(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A larger pool, whose other pages are anywhere, changes nothing."""
    other = pools.larger(case, appended.totals_of(case))
    other = appended.sized(other, in_place=bool(case.writes))
    yield from _read_alike(case, other, bench, "more pages")


PAGED_APPEND.law(
    "paged-append-square",
    "memory.append",
    one_in=3,
    nulls=("turned",),
    fields={
        "page": (2,),
        "key_heads": (2,),
        "width": (4, 8),
        "tokens": (1, 5),
        "data": ("normal",),
        "layouts": ((),),
    },
    sentence="A page with as many slots as heads is written slot by slot.",
)(agrees)


PAGED_APPEND.law(
    "paged-append-strides",
    "calls.layout",
    nulls=("strides_ignored",),
    fields={
        "layouts": paged.STRIDED,
        "key_heads": (2,),
        "page": (2, 8, 16),
        "data": ("normal",),
        "poison_key": ("zeros",),
        "poison_value": ("zeros",),
    },
    sentence="How a pool lies in memory changes nothing.",
)(agrees)


PAGED_APPEND.law(
    "paged-append-int64",
    "memory.append",
    nulls=("unwritten",),
    needs=("int64",),
    fields={"index": ("int64",), "lengths": paged.SEVERAL, "table": _ELSEWHERE},
    sentence="Tables and lengths of 64 bits are read as such.",
)(agrees)


__all__ = ["PAGED_APPEND"]
