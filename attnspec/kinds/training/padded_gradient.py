"""The gradients of padded sequences: the laws of the kind `padded-gradient`."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from attnspec.judge.case import Case
from attnspec.judge.claims import Capabilities
from attnspec.judge.compare import agrees
from attnspec.judge.law import Bench, Dialect
from attnspec.kinds.serving import _padded as padded
from attnspec.kinds.serving._sequences import parts_alike
from attnspec.kinds.serving._varlen import KEYLESS, SEVERAL
from attnspec.kinds.training._packed_gradients import (
    ALL,
    check_nothing,
    heads_add_up,
    places,
    sized,
)
from attnspec.kinds.training._padded_gradient_kind import PADDED_GRADIENT, past
from attnspec.numerics import Comparison

_LAW = PADDED_GRADIENT.law
_LENGTHS = ("query_lengths", "key_lengths")
_BACKWARD = slice(None, None, -1)
_ZEROS = dict.fromkeys(("poison_key", "poison_value", "poison_output"), ("zeros",))
"""Padding that what forgets the lengths can read: NaN would be evidence of nothing."""


def _counts(dialect: Dialect, _capabilities: Capabilities) -> bool:
    """Return whether a length is the number of keys."""
    return dialect["length"] == "count"


def _moves_along(dialect: Dialect, capabilities: Capabilities) -> bool:
    """Return whether a query stands where it stands without the padding."""
    by_itself = dialect["frontier"] in ("lengths", "start")
    return by_itself and _counts(dialect, capabilities)


PADDED_GRADIENT.agreement_law(
    "gradients.sequences",
    "Each padded sequence has the gradients that it has by itself.",
    nulls=(
        *("zeros", "zeros:dk", "zeros:dv", "halved", "halved:dk", "halved:dv"),
        *("late:dk", "unpadded:dk"),
    ),
)

PADDED_GRADIENT.law(
    "padded-gradient-options",
    "gradients.sequences",
    one_in=2,
    nulls=(
        *("uncausal:dv", "unwindowed:dv", "uncapped", "unsunk:dv", "unscaled"),
        "unmasked:dv",
    ),
    any_of=("mask", "causal", "window", "softcap", "sink", "scale"),
    fields={"lengths": SEVERAL, "more_keys": (1, 3)},
    sentence="Options count within each padded sequence, on the way back as well.",
)(agrees)


@_LAW(
    "padded-gradient-padding",
    "gradients.nobody",
    one_in=3,
    nulls=("ones:dk", "ones:dv", "unpadded:dv"),
    needs=("key_lengths",),
    fields={"more_keys": (3, 1, 64), "more_queries": (3, 1)},
    applies=_counts,
)
def check_padding(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Padding has gradients of exactly zero."""
    here = {name: past(case, name) for name in ("dq", "dk", "dv")}
    yield from check_nothing(case, bench, "padding", here)
    yield from agrees(case, bench)


@_LAW(
    "padded-gradient-queries",
    "gradients.nobody",
    one_in=3,
    nulls=("ones", "unpadded:dv"),
    needs=("query_lengths",),
    fields={"more_queries": (3, 1), "lengths": SEVERAL},
)
def check_queries(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A query that is padding has no gradient, and gives none, whatever is asked."""
    yield from check_nothing(case, bench, "padding", {"dq": past(case, "dq")})
    louder = case["d_output"].copy()
    louder[past(case, "d_output")] = 64
    other = case.replace(d_output=louder)
    yield from parts_alike(case, other, bench, "other cotangents there", ALL, ALL)


@_LAW(
    "padded-gradient-slices",
    "gradients.sequences",
    one_in=3,
    nulls=("unpadded", "unpadded:dk"),
    needs=("key_lengths",),
    fields={"lengths": SEVERAL, **_ZEROS},
    without=("mask",),
    applies=_moves_along,
)
def check_slices(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Each sequence has the gradients that it has alone, without padding."""
    for own in padded.segments_of(case):
        if own.queries.stop and own.keys.stop:
            alone = case.replace(
                query=own.of_queries(case["query"]),
                key=own.of_keys(case["key"]),
                value=own.of_keys(case["value"]),
                d_output=own.of_queries(case["d_output"]),
                query_lengths=None,
                key_lengths=None,
            )
            element = slice(own.batch, own.batch + 1), slice(None)
            here = places((*element, own.queries), (*element, own.keys))
            note = f"sequence {own.batch} alone"
            yield from parts_alike(case, sized(alone), bench, note, here, ALL)


@_LAW(
    "padded-gradient-unread",
    "gradients.nobody",
    one_in=3,
    nulls=("unpadded", "touched", "touched:dk"),
    needs=("key_lengths",),
    fields={"more_keys": (3, 1, 64), "more_queries": (3, 1)},
    applies=_counts,
)
def check_unread(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What padding holds, its cotangents too, moves no gradient."""
    for what, number in (("zeros", 0.0), ("large numbers", -64.0)):
        other = {}
        for name in ("query", "key", "value", "d_output"):
            other[name] = case[name].copy()
            other[name][past(case, name)] = number
        note = f"{what} in the padding"
        yield from parts_alike(case, case.replace(**other), bench, note, ALL, ALL)


@_LAW(
    "padded-gradient-order",
    "gradients.sequences",
    one_in=3,
    nulls=("first_length:dk", "first_length:dv"),
    any_of=_LENGTHS,
    fields={"lengths": SEVERAL, "one_length": (False,), **_ZEROS},
)
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Sequences in another order have their gradients in that order."""
    backward = operator.itemgetter(_BACKWARD)
    own = [n for n in (*_LENGTHS, "mask") if case[n] is not None]
    other = case.changed(backward, "query", "key", "value", "d_output", *own)
    there = places(_BACKWARD, _BACKWARD)
    yield from parts_alike(case, other, bench, "in the other order", ALL, there)


@_LAW(
    "padded-gradient-full",
    "gradients.sequences",
    one_in=3,
    nulls=("measured", "measured:dk"),
    any_of=_LENGTHS,
    fields=_ZEROS,
    applies=_counts,
)
def check_full(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Lengths as long as the arrays give the gradients that none give."""
    none = case.without(*_LENGTHS)
    sizes = {"query_lengths": case["query"], "key_lengths": case["key"]}
    full: dict[str, Any] = {
        name: np.full(len(array), array.shape[2], case[name].dtype)
        for name, array in sizes.items()
        if case[name] is not None
    }
    if full:
        other = none.replace(**full)
        yield from parts_alike(none, other, bench, "full lengths", ALL, ALL)


@_LAW(
    "padded-gradient-no-keys",
    "gradients.empty-rows",
    one_in=3,
    nulls=("ones", "zeros:dv"),
    needs=("no_keys", "key_lengths"),
    fields={"lengths": KEYLESS, "one_length": (False,)},
    without=("one_length",),
    applies=lambda dialect, capabilities: (
        dialect["no_keys"] == "zeros" and _counts(dialect, capabilities)
    ),
)
def check_no_keys(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A query without keys has a gradient of zero, and is in no other's way."""
    _, keys = padded.lengths_of(case)
    here = {"dq": np.flatnonzero(keys == 0)}
    yield from check_nothing(case, bench, "queries without keys", here)
    yield from agrees(case, bench)


@_LAW(
    "padded-gradient-groups",
    "gradients.groups",
    one_in=3,
    nulls=("first_of_group:dk", "first_of_group:dv"),
    needs=("grouped_query", "key_lengths"),
    fields={"group": (4, 7, 3), "lengths": SEVERAL},
)
def check_groups(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Query heads that share a key head add up in its gradients, padding or not."""
    yield from heads_add_up(case, bench)


PADDED_GRADIENT.law(
    "padded-gradient-sink",
    "gradients.sink",
    one_in=3,
    nulls=("zeros:dsink", "halved:dsink"),
    needs=("sink",),
    fields={"lengths": SEVERAL, "sink": ("normal",)},
    sentence="The gradient of a sink sums those of all sequences, and of no padding.",
)(agrees)


__all__ = ["PADDED_GRADIENT"]
