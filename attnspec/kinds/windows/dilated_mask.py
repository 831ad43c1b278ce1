"""Keys at multiples of a distance: the kind `dilated-mask`, and its laws."""

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
from attnspec.reference import dilated
from attnspec.reference.masks import positions


def _defined(queries: int, keys: int, dilation: int) -> masks.Mask:
    """Show each query the keys at multiples of the dilation from its position."""
    return dilated(positions(queries, keys), np.arange(keys), dilation)


def _from_zero(case: Case, _right: Right) -> Array:
    """Count from the first key."""
    seen = np.arange(case["keys"]) % case["dilation"] == 0
    return np.broadcast_to(seen, (case["queries"], case["keys"]))


DILATED_MASK = masks.mask_kind(
    "dilated-mask",
    "Says which keys each query sees at multiples of a dilation.",
    _defined,
    usage=usage.DILATED_MASK,
    # With 1 all is seen; with 8 most rows hold two keys or one.
    fields={**masks.SIZES, "dilation": (1, 2, 3, 4, 8)},
    exact=lambda case, choices: dilated(*masks.places(case, choices), case["dilation"]),
    simplest={"queries": 8, "dilation": 2},
    nulls={"from_zero": _from_zero},
    choices=masks.ALIGNMENT,
    probes=({"queries": 3, "more": 1, "dilation": 3},),
)


DILATED_MASK.agreement_law(
    "bands.dilated",
    "A key is seen if its distance is a multiple of the dilation.",
    nulls=("zeros", "ones", "from_zero", "early"),
)


@DILATED_MASK.law(
    "dilated-mask-classes",
    "bands.dilated",
    nulls=("from_zero", "early"),
    fields={**masks.SQUARE, "queries": masks.LONG, "dilation": (2, 3, 4)},
)
def check_classes(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Each token sees itself, seeing is mutual, and those seen see the same."""
    yield from masks.parts(masks.mask_of(case, bench))


DILATED_MASK.law(
    "dilated-mask-shift",
    "bands.dilated",
    nulls=("from_zero",),
    fields={"queries": masks.LONG, "dilation": (2, 3, 4)},
)(masks.by_distance)


__all__ = ["DILATED_MASK"]
