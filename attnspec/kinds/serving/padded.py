"""Attention of padded sequences: the kind `padded`, and its laws."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from attnspec.judge.case import Case
from attnspec.judge.claims import Capabilities
from attnspec.judge.compare import agrees
from attnspec.judge.invariance import enter
from attnspec.judge.law import Bench, Dialect
from attnspec.kinds.attention.build import HUGE
from attnspec.kinds.serving import _bits as bits
from attnspec.kinds.serving import _padded as padded
from attnspec.kinds.serving._padded_kind import PADDED
from attnspec.kinds.serving._sequences import MANY_ROWS, REVERSED, parts_alike
from attnspec.kinds.serving._varlen import KEYLESS, SEVERAL
from attnspec.numerics import Comparison, identical

_LENGTHS = ("query_lengths", "key_lengths")


def _counts(dialect: Dialect, _capabilities: Capabilities) -> bool:
    """Return whether a length is the number of keys."""
    return dialect["length"] == "count"


def _moves_along(dialect: Dialect, capabilities: Capabilities) -> bool:
    """Return whether a query stands where it stands without the padding."""
    by_itself = dialect["frontier"] in ("lengths", "start")
    return by_itself and _counts(dialect, capabilities)


PADDED.agreement_law(
    "memory.padded",
    "Each sequence is answered by its own keys, and by all of them.",
    nulls=(
        *("zeros", "late", "next_keys", "unpadded", "first_length"),
        *("uncausal", "unwindowed", "uncapped", "unsunk", "unscaled"),
        *("unmasked", "unbiased"),
    ),
)


PADDED.law(
    "padded-lse",
    "memory.padded",
    nulls=("zeros:lse", "unpadded:lse", "late:lse"),
    needs=("return_lse",),
    fields={"return_lse": (True,)},
    sentence="The logsumexp of each query is that of the keys of its own sequence.",
)(agrees)


@PADDED.law(
    "padded-mask",
    "memory.padded",
    one_in=3,
    nulls=("unpadded",),
    needs=("key_lengths", "mask"),
    fields={"lengths": SEVERAL, "one_length": (False,), "mask": ("holes",)},
    without=("query_lengths", "causal", "window"),
    applies=_counts,
)
def check_mask(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A length hides what a mask hides that ends there."""
    mask = case["mask"] & ~padded.past_keys(case)[:, None, None]
    clean = {n: case[n].copy() for n in ("key", "value")}
    past = np.broadcast_to(padded.past_keys(case)[:, None], case["key"].shape[:3])
    for array in clean.values():
        array[past] = 0
    other = case.replace(**clean, mask=mask, key_lengths=None)
    yield from parts_alike(case, other, bench, "by a mask")


@PADDED.law(
    "padded-slices",
    "memory.padded",
    one_in=3,
    nulls=("unpadded",),
    needs=("key_lengths",),
    fields={"lengths": SEVERAL},
    without=("mask", "bias"),
    applies=_moves_along,
)
def check_slices(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Each sequence is answered as when it comes alone, without padding."""
    for own in padded.segments_of(case):
        if own.queries.stop and own.keys.stop:
            alone = case.replace(
                query=own.of_queries(case["query"]),
                key=own.of_keys(case["key"]),
                value=own.of_keys(case["value"]),
                query_lengths=None,
                key_lengths=None,
            )
            alone = padded.sized(alone, return_lse=case["return_lse"] is not None)
            part = (slice(own.batch, own.batch + 1), slice(None), own.queries)
            here = {"output": part, "lse": part}
            note = f"sequence {own.batch} alone"
            yield from parts_alike(case, alone, bench, note, here)


@PADDED.law(
    "padded-unread",
    "memory.nobody",
    one_in=3,
    nulls=("unpadded",),
    needs=("key_lengths",),
    fields={"more_keys": (3, 1, 64), "more_queries": (3, 1)},
    applies=lambda dialect, _: dialect["no_keys"] == "zeros",
)
def check_unread(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What padding holds has no influence."""
    for what, number in (("zeros", 0.0), ("huge numbers", -HUGE[case.dtype])):
        other = {}
        for name in ("query", "key", "value"):
            past = padded.past_queries if name == "query" else padded.past_keys
            rows = np.broadcast_to(past(case)[:, None], case[name].shape[:3])
            other[name] = case[name].copy()
            other[name][rows] = number if name != "query" else 0.0
        note = f"{what} in the padding"
        yield from parts_alike(case, case.replace(**other), bench, note)


@PADDED.law(
    "padded-full",
    "memory.full",
    one_in=3,
    nulls=("measured",),
    any_of=_LENGTHS,
    applies=_counts,
)
def check_full(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Lengths as long as the arrays are as good as none."""
    batch, _, queries, _ = case["query"].shape
    keys = case["key"].shape[2]
    none = _clean(case).replace(query_lengths=None, key_lengths=None)
    full: dict[str, Any] = {}
    for name, size in (("query_lengths", queries), ("key_lengths", keys)):
        if case[name] is not None:
            full[name] = np.full(batch, size, case[name].dtype)
    if full:
        other = none.replace(**full)
        yield from parts_alike(none, other, bench, "full lengths")


def _clean(case: Case) -> Case:
    """Return the call with 0 where there is NaN, or a huge number."""

    def tame(array: Any) -> Any:
        wide = np.abs(np.nan_to_num(array.astype(np.float64), posinf=1e9, nan=1e9))
        return np.where(wide > 100.0, 0, array).astype(array.dtype)

    return case.changed(tame, "query", "key", "value")


@PADDED.law(
    "padded-order",
    "memory.order",
    one_in=3,
    nulls=("first_length",),
    any_of=_LENGTHS,
    fields={"lengths": SEVERAL, "one_length": (False,)},
)
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Sequences in another order are answered in that order."""
    backward = operator.itemgetter(slice(None, None, -1))
    own = [n for n in (*_LENGTHS, "mask") if case[n] is not None]
    other = case.changed(backward, "query", "key", "value", *own)
    yield from parts_alike(case, other, bench, "in the other order", there=REVERSED)


PADDED.law(
    "padded-queries-alone",
    "memory.padded",
    one_in=3,
    nulls=("zeros", "late", "ones"),
    needs=("query_lengths",),
    without=("key_lengths",),
    fields={"lengths": SEVERAL},
    sentence="The lengths of the queries count without those of the keys.",
)(agrees)


PADDED.law(
    "padded-keys-alone",
    "memory.padded",
    one_in=3,
    nulls=("unpadded", "first_length"),
    needs=("key_lengths",),
    without=("query_lengths",),
    fields={"lengths": SEVERAL},
    sentence="The lengths of the keys count without those of the queries.",
)(agrees)


PADDED.law(
    "padded-options",
    "memory.padded",
    nulls=("unpadded", "unmasked", "unbiased", "unwindowed", "uncapped"),
    needs=("key_lengths",),
    any_of=("mask", "bias", "window", "softcap"),
    fields={"lengths": SEVERAL, "more_keys": (1, 3)},
    sentence="Lengths count beside a mask, a bias, a window and a softcap.",
)(agrees)


PADDED.law(
    "padded-single",
    "memory.padded",
    one_in=3,
    nulls=("unpadded",),
    needs=("key_lengths",),
    fields={"lengths": (((3, 5),), ((17, 16),), ((1, 9),)), "more_keys": (1, 3, 64)},
    sentence="One padded sequence is answered like one of several.",
)(agrees)


PADDED.law(
    "padded-one-length",
    "memory.padded",
    one_in=3,
    nulls=("unpadded",),
    needs=("key_lengths", "one_length"),
    fields={"one_length": (True,), "more_keys": (1, 3)},
    sentence="One number is the length of each sequence.",
)(agrees)


PADDED.law(
    "padded-short-mask",
    "memory.padded",
    one_in=3,
    nulls=("unmasked",),
    needs=("mask", "short_mask"),
    fields={"mask": ("short",)},
    sentence="A mask of fewer keys hides the others.",
)(agrees)


@PADDED.law(
    "padded-no-keys",
    "memory.no-keys",
    nulls=("ones", "zeros:lse"),
    needs=("no_keys", "key_lengths"),
    fields={
        "lengths": KEYLESS,
        "one_length": (False,),
        "poison_key": ("zeros", "large"),
        "poison_value": ("zeros",),
    },
    without=("sink", "one_length"),
)
def check_no_keys(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A query without keys is answered as declared, and by the logsumexp of none."""
    yield from agrees(case, bench)


@PADDED.law(
    "padded-rows-past",
    "memory.nobody",
    one_in=3,
    nulls=("ones",),
    needs=("query_lengths",),
    fields={"more_queries": (1, 3)},
    applies=lambda dialect, _: dialect["rows_past"] == "zero",
)
def check_rows_past(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Queries that are padding are answered with zero, where that is declared."""
    rows = np.broadcast_to(padded.past_queries(case)[:, None], case["query"].shape[:3])
    output = bench.run(case).output[rows]
    yield identical(np.zeros_like(output), output)


PADDED.law(
    "padded-many-rows",
    "memory.padded",
    one_in=9,
    nulls=("zeros", "ones"),
    fields={
        "lengths": (((MANY_ROWS, 1),),),
        "more_queries": (0,),
        "more_keys": (0, 1),
    },
    sentence="Rows beyond those that 16 bits count are answered like the others.",
)(agrees)


PADDED.law(
    "padded-int64",
    "memory.padded",
    one_in=3,
    nulls=("zeros", "unpadded"),
    needs=("int64", "key_lengths"),
    fields={"index": ("int64",), "lengths": SEVERAL},
    sentence="Lengths of 64 bits are read as such.",
)(agrees)


enter(
    PADDED,
    bits.PADDED,
    prefix="padded-",
    several={"lengths": SEVERAL, "width": (8, 80)},
    stepwise={
        "fields": {"causal": (True,)},
        "needs": ("causal", "key_lengths"),
        "without": ("mask", "bias"),
        "applies": bits.ends_at_the_length,
    },
    roomier={"needs": ("key_lengths",), "without": ("mask", "bias")},
)


__all__ = ["PADDED"]
