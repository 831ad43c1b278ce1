"""Chunks, each of which begins anew: the kind `chunked-mask`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right
from attnspec.kinds.windows import _mask_kinds as masks
from attnspec.kinds.windows import _usage as usage
from attnspec.numerics import Comparison
from attnspec.reference import chunked
from attnspec.reference.masks import causal, positions, window


def _exact(case: Case, choices: Dialect) -> masks.Mask:
    start = case["start"] if choices["origin"] == "start" else 0
    return chunked(*masks.places(case, choices), case["size"], start=start)


def _defined(queries: int, keys: int, size: int, start: int) -> masks.Mask:
    """Show each query its own chunk, up to itself."""
    return chunked(positions(queries, keys), np.arange(keys), size, start=start)


def _causal(case: Case, right: Right) -> Array:
    """Forget the chunks."""
    return right(case.replace(size=2 * (case["queries"] + case["keys"]), start=0))


def _sliding(case: Case, right: Right) -> Array:
    """Show each query as many keys as a chunk has."""
    places = masks.places(case, right.dialect)
    return window(*places, case["size"] - 1, 0)


def _blocks(case: Case, right: Right) -> Array:
    """Forget causality."""
    query, key = masks.places(case, right.dialect)
    chunks = [(each - case["start"]) // case["size"] for each in (query, key)]
    return np.asarray(np.equal.outer(*chunks))


CHUNKED_MASK = masks.mask_kind(
    "chunked-mask",
    "Says which keys each query sees in a sequence of chunks.",
    _defined,
    usage=usage.CHUNKED_MASK,
    # The last chunk is longer than all keys; a chunk may begin in the second one.
    fields={**masks.SIZES, "size": (2, 1, 3, 4, 40), "start": (0, 1, 2, 5)},
    exact=_exact,
    simplest={"queries": 8, "size": 4},
    nulls={
        "causal": _causal,
        "sliding": _sliding,
        "blocks": _blocks,
        "unstarted": lambda case, right: right(case.replace(start=0)),
    },
    choices={**masks.ALIGNMENT, "origin": ("start", "slot")},
    probes=({"queries": 5, "more": 2, "size": 3, "start": 1},),
)


CHUNKED_MASK.agreement_law(
    "bands.chunks",
    "A key is seen if it is in the query's chunk, and not after the query.",
    nulls=("zeros", "causal", "sliding", "blocks", "early"),
)


@CHUNKED_MASK.law(
    "chunked-mask-causal",
    "bands.chunks",
    nulls=("zeros", "ones"),
    fields={"queries": masks.LONG, "size": (40,), "start": (0,)},
)
def check_causal(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A chunk longer than the sequence is causal attention."""
    expected = causal(*masks.places(case, bench.dialect))
    yield from masks.holds(expected, masks.mask_of(case, bench), "one chunk")


@CHUNKED_MASK.law(
    "chunked-mask-alone",
    "bands.chunks",
    nulls=("causal", "zeros"),
    fields={**masks.SQUARE, "queries": masks.LONG, "size": (1,)},
)
def check_alone(case: Case, bench: Bench) -> Iterator[Comparison]:
    """In chunks of one, each token sees itself alone."""
    own = np.eye(case["queries"], dtype=np.bool_)
    yield from masks.holds(own, masks.mask_of(case, bench), "chunks of one")


@CHUNKED_MASK.law(
    "chunked-mask-repeats",
    "bands.chunks",
    nulls=("early",),
    fields={"queries": (8, 17, 5), "size": (2, 3, 4), "start": (0, 1, 2)},
)
def check_repeats(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Every chunk sees of itself what the chunk before it sees of itself."""
    mask, size = masks.mask_of(case, bench), case["size"]
    yield from masks.holds(mask[:-size, :-size], mask[size:, size:], "one chunk on")


@CHUNKED_MASK.law(
    "chunked-mask-start",
    "bands.chunks",
    nulls=("unstarted",),
    fields={"queries": masks.LONG, "size": (2, 3, 4), "start": (1,)},
    applies=lambda dialect, _: dialect["origin"] == "start",
)
def check_start(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Where chunks begin counts up to whole chunks."""
    whole = case.replace(start=case["size"] + case["start"])
    expected = bench.judged(case).output
    for each, note in ((case, "as it is"), (whole, "a chunk later")):
        yield from masks.holds(expected, masks.mask_of(each, bench), note)


__all__ = ["CHUNKED_MASK"]
