"""Windows that keep their size at the borders: the kind `neighborhood`, its laws."""

from __future__ import annotations

import operator
from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.claims import Claim
from attnspec.judge.compare import agrees, alike
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.windows import _usage as usage
from attnspec.kinds.windows import _windowed_attention as windowed
from attnspec.kinds.windows._neighborhoods import neighborhood_kind, neighbors
from attnspec.numerics import Comparison, identical
from attnspec.reference import attention, shifted_window

_CLAIMS = {
    "dilation": Claim("that only every so many-th key is seen", "dilation"),
    "scale": Claim("another scale than one over the root of the width", "scale"),
}
_LONG = (3, 5, 8, 17)
_SIZES = (2, 3, 4, 5)


def _mend(recipe: Recipe) -> Recipe:
    """Let a neighborhood reach over no more than the sequence."""
    length, size = recipe["length"], recipe["kernel_size"]
    if size * recipe["dilation"] <= length:
        return recipe
    return recipe.replace(dilation=1, kernel_size=min(size, length))


_TABLE = Table(
    fields={
        "batch": (1, 2),
        "heads": (1, 3),
        "length": (1, 2, 3, 5, 8, 17, 33),
        "width": (1, 2, 3, 8, 16),
        "kernel_size": (1, *_SIZES, 8, 33),
        "dilation": (1, 2, 3, 4),
        "data": windowed.DATA,
        "scale": (None, 0.5, 2.0, 0.0, -1.0),
    },
    claims=_CLAIMS,
    mend=_mend,
)


def _build(recipe: Recipe) -> Case:
    shape = (recipe["batch"], recipe["heads"], recipe["length"], recipe["width"])
    return windowed.build(recipe, shape, "kernel_size", dilation=1, scale=None)


def _mask(case: Case, choices: Dialect) -> windowed.Mask:
    length = case["query"].shape[-2]
    return neighbors(length, case["kernel_size"], case["dilation"] or 1, choices)


def _defined(
    query: Array,
    key: Array,
    value: Array,
    kernel_size: int,
    *,
    dilation: int = 1,
    scale: float | None = None,
) -> Array:
    """Evaluate the definition and round its result once."""
    mask = shifted_window(query.shape[-2], kernel_size, dilation=dilation)
    return attention(query, key, value, mask=mask, scale=scale).astype(query.dtype)


def _clipped(case: Case, _right: Right) -> Array:
    """Cut the neighborhood off at the borders."""
    length, size = case["query"].shape[-2], case["kernel_size"]
    dilation = case["dilation"] or 1
    distance = np.arange(length) - np.arange(length)[:, None]
    left, right = size // 2 * dilation, (size - 1) // 2 * dilation
    seen = (-left <= distance) & (distance <= right) & (distance % dilation == 0)
    return windowed.answer_over(case, seen)


def _whole(case: Case, _right: Right) -> Array:
    """Show every key to every query."""
    return windowed.answer_over(case, np.ones((1, 1), dtype=np.bool_))


NEIGHBORHOOD = neighborhood_kind(
    "neighborhood",
    "Attends to so many keys around each position, at the borders as well.",
    table=_TABLE,
    build=_build,
    mask=_mask,
    definition=_defined,
    usage=usage.NEIGHBORHOOD,
    probes=(
        {"length": 8, "width": 3, "kernel_size": 4, "data": "normal"},
        {"length": 5, "width": 2, "kernel_size": 2, "data": "integers"},
    ),
    simplest={"length": 8, "width": 8, "kernel_size": 3, "data": "normal"},
    nulls={"clipped": _clipped, "whole": _whole},
)


NEIGHBORHOOD.agreement_law(
    "bands.shifted",
    "Each query averages the values of its neighborhood.",
    also=("bands.dilated",),
    nulls=("zeros", "clipped", "whole", "undilated"),
)


@NEIGHBORHOOD.law(
    "neighborhood-size",
    "bands.shifted",
    nulls=("clipped", "whole"),
    fields={"length": _LONG, "kernel_size": _SIZES},
)
def check_size(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Every query sees the same number of keys, at the borders as well."""
    weights = bench.run(windowed.one_hot(case.without("dilation"))).output
    length, size = case["query"].shape[-2], case["kernel_size"]
    more = bench.dialect["even_size"] == "one_more_key" and size % 2 == 0
    # Equal scores weigh one over their number, which is zero in no format.
    counted = np.count_nonzero(weights, axis=-1)
    expected = np.full(counted.shape, min(length, size + more))
    yield identical(expected, counted, what="number of keys")


@NEIGHBORHOOD.law(
    "neighborhood-border",
    "bands.shifted",
    nulls=("clipped",),
    fields={"length": _LONG, "kernel_size": (3, 4, 5), "data": ("normal", "integers")},
)
def check_border(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Equal queries up to half a neighborhood from a border have one output."""
    plain = case.without("dilation")
    first = np.broadcast_to(plain["query"][..., :1, :], plain["query"].shape)
    same = plain.replace(query=first)
    # Up to this row a window begins at the first key; one more key changes nothing.
    half = case["kernel_size"] // 2

    def leading(output: Array) -> Array:
        """Let each row of the first border give what the first row gives."""
        rows = np.arange(output.shape[-2])
        return output[..., np.where(rows <= half, 0, rows), :]

    yield from alike(same, same, bench, "equal queries at the border", moved=leading)


@NEIGHBORHOOD.law(
    "neighborhood-influence",
    "bands.shifted",
    also=("bands.support",),
    nulls=("whole",),
    fields={"length": (5, 8, 17), "kernel_size": (2, 3, 4)},
)
def check_influence(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What lies outside of a neighborhood has no influence, however large it is."""
    seen = _mask(case, bench.dialect)
    at = np.arange(len(seen))
    # The two borders, where a window that moves inside may see too much.
    for far in (at == 0, at == at[-1]):
        blind = ~seen[:, far].any(-1)
        if blind.any():
            drowned, rows = windowed.drown(case, far), np.s_[..., blind, :]
            yield from windowed.rows_within(drowned, bench, rows, "huge and far")


@NEIGHBORHOOD.law(
    "neighborhood-dilation",
    "bands.dilated",
    nulls=("undilated",),
    needs=("dilation",),
    fields={"length": (8, 17, 33), "kernel_size": (2, 3, 4), "dilation": (2, 3, 4)},
)
def check_dilation(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Every so many-th vector is a sequence of its own, with a dilation of one."""
    step = case["dilation"] or 1
    for start in range(step if step > 1 else 0):
        own = operator.itemgetter(np.s_[..., start::step, :])
        alone = windowed.moved(case.without("dilation"), own)
        note = f"every {step}th from {start}"
        yield from alike(case, alone, bench, note, moved=own)


@NEIGHBORHOOD.law(
    "neighborhood-whole",
    "bands.shifted",
    nulls=("clipped",),
    fields={"length": _LONG},
)
def check_whole(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A neighborhood as large as the sequence shows every key to every query."""
    length = case["query"].shape[-2]
    everything = case.without("dilation").replace(kernel_size=length)
    order = np.roll(np.arange(length)[::-1], 1)
    other = everything.changed(lambda a: a[..., order, :], "key", "value")
    yield from agrees(everything, bench, "as large as the sequence")
    yield from alike(everything, other, bench, "keys in another order")


__all__ = ["NEIGHBORHOOD"]
