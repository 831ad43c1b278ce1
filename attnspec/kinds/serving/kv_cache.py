"""A cache that grows while it is read: the kind `kv-cache`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

from attnspec.judge.case import Case
from attnspec.judge.compare import agrees
from attnspec.judge.law import Bench
from attnspec.kinds.serving import _kv_cache as caches
from attnspec.kinds.serving import _retold as retold
from attnspec.kinds.serving._histories import told
from attnspec.kinds.serving._kv_cache_kind import KV_CACHE
from attnspec.kinds.serving._sequences import Places, exact_of, found_of, parts_alike
from attnspec.numerics import Comparison, identical, within

_SEVERAL = (2, 3)
"""Several sequences."""


def _alike(
    case: Case, other: Case, bench: Bench, note: str, **places: Places
) -> Iterator[Comparison]:
    """Yield whether two histories are answered alike, where they can be compared."""
    yield from parts_alike(retold.plain(case), other, bench, note, **places)


KV_CACHE.agreement_law(
    "caches.held",
    "Each query is answered by the tokens that there then are, and by all of them.",
    nulls=(
        *("zeros", "first_append", "one_less", "previous"),
        *("unwindowed", "uncapped", "unsunk", "unscaled"),
    ),
)


@KV_CACHE.law(
    "kv-cache-chunks",
    "caches.chunks",
    one_in=3,
    nulls=("first_append", "one_less"),
    # In smaller chunks the same queries stand before the last of them.
    needs=("earlier_queries",),
    fields={"steps": caches.GROWING},
)
def check_chunks(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Tokens in any chunks are answered like all at once, or one by one."""
    for note, other in {
        "in one go": retold.together(case),
        "one by one": retold.one_by_one(case),
    }.items():
        yield from _alike(case, other, bench, note)


@KV_CACHE.law(
    "kv-cache-prefill",
    "caches.chunks",
    one_in=3,
    nulls=("uncausal", "one_less"),
    needs=("causal", "several_queries"),
    fields={
        "steps": (
            told("append 3, attend 3"),
            told("append 5, append 4, attend 4"),
            told("append 2, attend 1, append 17, attend 17"),
        ),
        "causal": (True,),
    },
)
def check_prefill(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Queries that come with their tokens are answered like one query a token."""
    yield from _alike(case, retold.query_by_query(case), bench, "one by one")


def check_afresh(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Yield whether the last queries are answered as by a new cache.

    It has been given the tokens that there are, and no others, in one go.
    """
    other, here = retold.afresh(case)
    yield from agrees(case, bench)
    yield from _alike(case, other, bench, "a new cache", here=here)


KV_CACHE.law(
    "kv-cache-back",
    "caches.back",
    one_in=2,
    nulls=("kept",),
    needs=("back",),
    fields={"steps": caches.BACK},
    sentence="Tokens that are taken back are as if they had never come.",
)(check_afresh)


KV_CACHE.law(
    "kv-cache-reset",
    "caches.back",
    one_in=3,
    nulls=("unreset",),
    needs=("reset",),
    fields={"steps": caches.RESET},
    sentence="A cache that is reset is like a new one.",
)(check_afresh)


KV_CACHE.law(
    "kv-cache-apart",
    "caches.apart",
    one_in=3,
    nulls=("shared",),
    fields={"steps": caches.OTHER},
    sentence="Two caches that are used in turn know nothing of each other.",
)(check_afresh)


KV_CACHE.law(
    "kv-cache-one-sequence",
    "caches.apart",
    one_in=3,
    nulls=("everyone",),
    needs=("one_sequence", "batch"),
    fields={"steps": caches.ALONE, "batch": _SEVERAL},
    sentence="A step for one sequence leaves the others alone.",
)(agrees)


@KV_CACHE.law(
    "kv-cache-again",
    "caches.read",
    one_in=3,
    nulls=("read_once",),
    needs=("attend_alone",),
    fields={"steps": caches.GROWING},
)
def check_again(case: Case, bench: Bench) -> Iterator[Comparison]:
    """To attend changes nothing: who asks twice gets the same answer."""
    other, first, second = retold.asked_twice(case)
    yield from _alike(case, other, bench, "asked twice", there=first)
    yield from _alike(case, other, bench, "the second answer", there=second)


@KV_CACHE.law(
    "kv-cache-order",
    "memory.order",
    one_in=3,
    nulls=("other_sequence",),
    needs=("batch",),
    fields={"batch": _SEVERAL},
)
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Sequences in another order are answered in that order."""
    other, there = retold.reversed_batch(case)
    yield from _alike(case, other, bench, "in the other order", there=there)


@KV_CACHE.law(
    "kv-cache-capacity",
    "caches.capacity",
    one_in=3,
    nulls=("measured",),
    needs=("capacity",),
    fields={"capacity": ("exact", "more")},
)
def check_capacity(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Room for more tokens changes nothing."""
    for more in (1, 29):
        other = case.replace(capacity=case["capacity"] + more)
        yield from _alike(case, other, bench, f"room for {more} more")


KV_CACHE.law(
    "kv-cache-grows",
    "caches.capacity",
    one_in=3,
    nulls=("first_append", "one_less"),
    needs=("capacity", "grows"),
    fields={"capacity": ("half",), "steps": caches.GROWING[2:]},
    sentence="A cache that grows keeps every token that it has.",
)(agrees)


KV_CACHE.law(
    "kv-cache-causal",
    "memory.causal",
    one_in=3,
    nulls=("uncausal",),
    # A single query stands at the last token, and sees all of them anyway.
    needs=("causal", "several_queries"),
    fields={"causal": (True,), "steps": (*caches.GROWING[2:7], *caches.BACK[2:4])},
    sentence="No query sees a later token, however many came before.",
)(agrees)


KV_CACHE.law(
    "kv-cache-window",
    "caches.window",
    one_in=2,
    nulls=("unwindowed",),
    needs=("window",),
    fields={
        "window": ((2, 0), (0, 0), (3, 0)),
        "steps": (*caches.GROWING[1:7], caches.GROWING[8]),
    },
    sentence="A window reaches as far back, wherever one chunk ends.",
)(agrees)


KV_CACHE.law(
    "kv-cache-no-keys",
    "memory.no-keys",
    nulls=("ones", "previous"),
    needs=("no_keys",),
    fields={"steps": caches.EMPTY},
    without=("sink",),
    sentence="A query where there is no token is answered as the dialect says.",
)(agrees)


@KV_CACHE.law(
    "kv-cache-tokens",
    "caches.bits",
    one_in=2,
    nulls=("ones:keys", "ones:values"),
    needs=("return_tokens",),
    fields={"return_tokens": (True,)},
    without=("one_sequence",),
)
def check_tokens(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Keys and values are kept bit by bit, in the order in which they came."""
    found, exact = bench.run(case), bench.judged(case)
    for name in ("keys", "values"):
        value, _ = exact_of(exact, name)
        yield identical(value, found_of(found, name), what=name)


@KV_CACHE.law(
    "kv-cache-lengths",
    "caches.held",
    one_in=3,
    nulls=("zeros:lengths", "ones:lengths"),
    needs=("return_lengths",),
    fields={"return_lengths": (True,)},
)
def check_lengths(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The number of tokens is what was appended less what was taken back."""
    found, (count, bound) = bench.run(case), exact_of(bench.judged(case), "lengths")
    yield within(count, found_of(found, "lengths"), bound, what="lengths")


KV_CACHE.law(
    "kv-cache-lse",
    "caches.held",
    one_in=2,
    nulls=("zeros:lse", "one_less:lse"),
    needs=("return_lse",),
    fields={"return_lse": (True,)},
    sentence="The logsumexp of each query is that of the tokens that there then are.",
)(agrees)


__all__ = ["KV_CACHE", "check_afresh"]
