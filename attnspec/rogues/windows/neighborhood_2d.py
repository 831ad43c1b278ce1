"""Neighborhoods of pixels that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues.windows._neighborhoods import Axis, centered, clipped, nearest
from attnspec.rogues.windows._windowed_attention import (
    Attend,
    Mask,
    attend,
    gathered,
    leaking,
    tiled,
)

Pair = tuple[int, int]


def _product(rows: Mask, columns: Mask) -> Mask:
    return np.kron(rows, columns)


def _axes(
    rows: Axis = nearest, columns: Axis = nearest
) -> Callable[[Pair, Pair, Pair], Mask]:
    """Return a mask of pixels, made of one along each axis."""

    def mask(grid: Pair, size: Pair, step: Pair) -> Mask:
        one, two = zip(grid, size, step, strict=True)
        return _product(rows(*one), columns(*two))

    return mask


def _exchanged(grid: Pair, size: Pair, step: Pair) -> Mask:
    """Take the size along one axis for that along the other, where it fits."""
    fits = tuple(min(k, n // d) for k, n, d in zip(size[::-1], grid, step, strict=True))
    return _axes()(grid, (fits[0], fits[1]), step)


def _counted(grid: Pair, size: Pair, _step: Pair) -> Mask:
    """Take neighbors along the sequence of all pixels, as if there were no rows."""
    return nearest(grid[0] * grid[1], size[0] * size[1], 1)


def _cross(grid: Pair, size: Pair, step: Pair) -> Mask:
    """Show what is in the same row or column alone."""
    same = np.eye(grid[0], dtype=np.bool_), np.eye(grid[1], dtype=np.bool_)
    seen = _axes()(grid, size, step)
    one, two = np.ones_like(same[0]), np.ones_like(same[1])
    return seen & (_product(same[0], two) | _product(one, same[1]))


def _undilated(grid: Pair, size: Pair, _step: Pair) -> Mask:
    return _axes()(grid, size, (1, 1))


def _neighborhood(
    mask: Callable[[Pair, Pair, Pair], Mask], how: Attend = attend
) -> Callable[..., Array]:
    """Return attention over a rectangle, or over what is taken for one."""

    def neighborhood(
        query: Array,
        key: Array,
        value: Array,
        kernel_size: Pair,
        *,
        dilation: Pair = (1, 1),
        scale: float | None = None,
    ) -> Array:
        batch, heads, *grid, width = query.shape
        flat = (a.reshape(batch, heads, -1, width) for a in (query, key, value))
        seen = mask((grid[0], grid[1]), kernel_size, dilation)
        return how(*flat, seen, scale).reshape(query.shape)

    return neighborhood


_rogue, _control = makers("neighborhood-2d", usual="window")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "sizes-exchanged",
        "The size along the rows is taken for that along the columns.",
        _neighborhood(_exchanged),
        "agreement",
    ),
    _rogue(
        "undilated",
        "The dilation is ignored.",
        _neighborhood(_undilated),
        "dilation",
        "dropped-option",
    ),
    _rogue(
        "clipped",
        "The rectangle is cut off at the borders.",
        _neighborhood(_axes(clipped, clipped)),
        "agreement",
    ),
    _rogue(
        "cross",
        "Only the own row and the own column are seen.",
        _neighborhood(_cross),
        "rectangle",
    ),
    _rogue(
        "half-clipped",
        "Columns are cut off at the borders, rows are not.",
        _neighborhood(_axes(nearest, clipped)),
        "exchange",
    ),
    _rogue(
        "penalty",
        "What is hidden is given 20 less, not minus infinity.",
        _neighborhood(_axes(), leaking),
        "influence",
        "precision",
    ),
    _rogue(
        "counted",
        "Neighbors are counted along the sequence of all pixels.",
        _neighborhood(_counted),
        "own-row",
    ),
)
"""Neighborhoods of pixels that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control(
        "gathered",
        "It goes pixel by pixel and touches no hidden key.",
        _neighborhood(_axes(), gathered),
        dtypes=FORMATS,
    ),
    _control(
        "tiled",
        "It goes over tiles of pixels with a running maximum.",
        _neighborhood(_axes(), tiled),
        dtypes=FORMATS,
    ),
    _control(
        "centered",
        "It moves the center inside, so an even rectangle holds one more key each way.",
        _neighborhood(_axes(centered, centered)),
        dialect={"even_size": "one_more_key"},
    ),
)
"""Neighborhoods of pixels that are right."""

__all__ = ["CONTROLS", "ROGUES"]
