"""A prefix that all queries see: the kind `prefix-mask`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.law import Bench
from attnspec.judge.nulls import Right
from attnspec.kinds.windows import _mask_kinds as masks
from attnspec.kinds.windows import _usage as usage
from attnspec.numerics import Comparison
from attnspec.reference import prefix
from attnspec.reference.masks import positions


def _defined(queries: int, keys: int, length: int) -> masks.Mask:
    """Show each query the prefix, itself, and what is before it."""
    return prefix(positions(queries, keys), np.arange(keys), length)


def _causal(case: Case, right: Right) -> Array:
    """Forget the prefix."""
    return right(case.replace(length=0))


def _all_within(case: Case, _right: Right) -> Array:
    """Show the prefix to its own queries alone."""
    query, key = np.arange(case["queries"])[:, None], np.arange(case["keys"])
    both = (query < case["length"]) & (key < case["length"])
    return both | ((query >= case["length"]) & (key <= query))


PREFIX_MASK = masks.mask_kind(
    "prefix-mask",
    "Says which keys each query sees with a prefix that all see.",
    _defined,
    usage=usage.PREFIX_MASK,
    # The last prefix is longer than all keys.
    fields={**masks.SIZES, "length": (0, 1, 2, 4, 9, 40)},
    exact=lambda case, choices: prefix(*masks.places(case, choices), case["length"]),
    simplest={"queries": 8, "length": 4},
    nulls={"causal": _causal, "upper_left": _all_within},
    choices=masks.ALIGNMENT,
    probes=({"queries": 3, "more": 4, "length": 1},),
)


PREFIX_MASK.agreement_law(
    "bands.prefix",
    "A key is seen if it is in the prefix, or not after the query.",
    nulls=("zeros", "ones", "causal", "early"),
)


@PREFIX_MASK.law("prefix-mask-open", "bands.prefix", nulls=("causal",))
def check_open(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Every query sees the whole prefix."""
    seen = masks.mask_of(case, bench)[:, : case["length"]]
    yield from masks.holds(np.ones_like(seen), seen, "within the prefix")


@PREFIX_MASK.law(
    "prefix-mask-causal",
    "bands.prefix",
    nulls=("ones",),
    fields={"queries": masks.LONG, "length": (0, 1, 2)},
)
def check_causal(case: Case, bench: Bench) -> Iterator[Comparison]:
    """After the prefix nothing is seen before its time: the mask is the causal one."""
    behind = masks.mask_of(case, bench)[:, case["length"] :]
    causal = bench.judged(case.replace(length=0)).output[:, case["length"] :]
    yield from masks.holds(causal, behind, "behind the prefix")


@PREFIX_MASK.law(
    "prefix-mask-mutual",
    "bands.prefix",
    nulls=("causal",),
    fields={**masks.SQUARE, "length": (2, 4, 9)},
)
def check_mutual(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Within the prefix two tokens see each other."""
    inside = masks.mask_of(case, bench)[: case["length"], : case["length"]]
    yield from masks.holds(inside.T, inside, "prefix, the other way round")


__all__ = ["PREFIX_MASK"]
