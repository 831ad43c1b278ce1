"""A window beside the first tokens: the kind `sink-window-mask`, and its laws."""

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
from attnspec.reference import sink_window
from attnspec.reference.masks import causal, positions


def _exact(case: Case, choices: Dialect) -> masks.Mask:
    left = case["size"] - (choices["unit"] == "keys_with_own")
    return sink_window(*masks.places(case, choices), case["sinks"], left)


def _defined(queries: int, keys: int, sinks: int, size: int) -> masks.Mask:
    """Show each query the first keys, itself, and so many keys before it."""
    return sink_window(positions(queries, keys), np.arange(keys), sinks, size)


def _causal(case: Case, right: Right) -> Array:
    """Forget the window."""
    return right(case.replace(size=2 * (case["queries"] + case["keys"])))


def _ahead(case: Case, right: Right) -> Array:
    """Show the first keys to the queries before them, too."""
    first = np.arange(case["keys"]) < case["sinks"]
    return np.asarray(np.where(first, 1.0, right(case)))


SINK_WINDOW_MASK = masks.mask_kind(
    "sink-window-mask",
    "Says which keys each query sees in a window beside the first tokens.",
    _defined,
    usage=usage.SINK_WINDOW_MASK,
    fields={**masks.SIZES, "sinks": (0, 1, 2, 4, 40), "size": (2, 1, 4, 40)},
    exact=_exact,
    simplest={"queries": 8, "sinks": 2, "size": 4},
    nulls={
        "causal": _causal,
        "ahead": _ahead,
        "sinkless": lambda case, right: right(case.replace(sinks=0)),
        "larger": lambda case, right: right(case.replace(size=case["size"] + 1)),
    },
    choices={"unit": ("keys_before", "keys_with_own"), **masks.ALIGNMENT},
    probes=({"queries": 8, "more": 4, "sinks": 1, "size": 4},),
)


SINK_WINDOW_MASK.agreement_law(
    "bands.sinks",
    "A key is seen if it is in the window or among the first, and not after the query.",
    nulls=("zeros", "ones", "causal", "sinkless", "ahead", "larger", "early"),
)


SINK_WINDOW_MASK.law(
    "sink-window-mask-sinkless",
    "bands.sinks",
    nulls=("early",),
    fields={"queries": (5, 8, 17), "sinks": (0,), "size": (2, 1)},
    sentence="Without sinks, whether a key is seen is decided by its distance alone.",
)(masks.by_distance)


@SINK_WINDOW_MASK.law(
    "sink-window-mask-wide",
    "bands.sinks",
    nulls=("zeros", "ones"),
    fields={"queries": masks.LONG, "size": (40,)},
)
def check_wide(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A window longer than the sequence is causal attention, whatever the sinks."""
    expected = causal(*masks.places(case, bench.dialect))
    yield from masks.holds(expected, masks.mask_of(case, bench), "a wide window")


@SINK_WINDOW_MASK.law(
    "sink-window-mask-stay",
    "bands.sinks",
    nulls=("sinkless", "ahead"),
    fields={"queries": (8, 17, 5), "sinks": (1, 2, 4), "size": (2, 1)},
)
def check_stay(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The first keys are seen by every query from their own on."""
    seen = masks.mask_of(case, bench)[:, : case["sinks"]]
    expected = causal(*masks.places(case, bench.dialect))[:, : case["sinks"]]
    yield from masks.holds(expected, seen, "the first keys")


@SINK_WINDOW_MASK.law(
    "sink-window-mask-apart",
    "bands.sinks",
    nulls=("causal", "larger"),
    fields={"queries": (8, 17), "sinks": (1, 2), "size": (2, 1)},
)
def check_apart(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Sinks take no place in the window: behind them it is what it is without them."""
    sinks = case["sinks"]
    with_them, without = (
        masks.mask_of(each, bench)[:, sinks:] for each in (case, case.replace(sinks=0))
    )
    expected = bench.judged(case).output[:, sinks:]
    yield from masks.holds(expected, with_them, "behind the sinks")
    yield from masks.holds(without, with_them, "as without sinks")


__all__ = ["SINK_WINDOW_MASK"]
