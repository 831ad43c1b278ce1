"""Buckets of distances that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import Control, Rogue, makers

Far = Callable[[Array, int, int], Array]


def _logarithmic(distance: Array, count: int, far: int) -> Array:
    """Return the buckets of one side as the authors do, in float32."""
    near = count // 2
    # The logarithm of 0 is not taken, though it is not used either.
    safe = np.maximum(distance, 1).astype(np.float32)
    ratio = np.log(safe / np.float32(near)) / np.float32(np.log(far / near))
    wide = near + (ratio * np.float32(count - near)).astype(np.int64)
    return np.where(distance < near, distance, np.minimum(wide, count - 1))


def _t5(
    far: Far = _logarithmic,
    *,
    change: Callable[[Array], Array] = lambda relative: relative,
    fold: bool = False,
    whole: bool = False,
    limit: int | None = None,
) -> Callable[..., Array]:
    """Return buckets by another formula, of other distances."""

    def t5(
        relative: Array,
        *,
        buckets: int = 32,
        max_distance: int = 128,
        bidirectional: bool = True,
    ) -> Array:
        seen = change(relative)
        count = buckets // 2 if bidirectional and not whole else buckets
        distance = np.abs(seen) if bidirectional else np.maximum(-seen, 0)
        found = far(distance, count, limit or max_distance)
        upper = 0 if fold or not bidirectional else buckets // 2
        bucket = found + np.where(seen > 0, upper, 0)
        return np.asarray(np.minimum(bucket, buckets - 1) if whole else bucket)

    return t5


def _uncapped(distance: Array, count: int, far: int) -> Array:
    """Let buckets go on behind the last."""
    near = count // 2
    ratio = np.log(np.maximum(distance, 1) / near) / np.log(far / near)
    wide = near + (ratio * (count - near)).astype(np.int64)
    return np.where(distance < near, distance, wide)


def _all_logarithmic(distance: Array, count: int, far: int) -> Array:
    """Take logarithms of the near distances, too."""
    place = np.log1p(distance) / np.log1p(far) * count
    return np.minimum(place.astype(np.int64), count - 1)


def _another_base(distance: Array, count: int, far: int) -> Array:
    """Divide by the logarithm of the maximal distance alone."""
    near = count // 2
    ratio = np.log(np.maximum(distance, 1) / near) / np.log(far)
    wide = near + (ratio * (count - near)).astype(np.int64)
    return np.where(distance < near, distance, np.minimum(wide, count - 1))


def _edges(distance: Array, count: int, far: int) -> Array:
    """Search a list of edges, made in float64."""
    near = count // 2
    wide = np.arange(count - near)
    edges = near * (far / near) ** (wide / (count - near))
    # An edge that is whole but for rounding stays where it is.
    known = np.concatenate([np.arange(near), np.ceil(edges - 1e-9)])
    return np.asarray(np.searchsorted(known, distance, side="right") - 1)


def _narrow(
    relative: Array,
    *,
    buckets: int = 32,
    max_distance: int = 128,
    bidirectional: bool = True,
) -> Array:
    """Search a list of edges, and answer in 32 bits."""
    found = _t5(_edges)(
        relative,
        buckets=buckets,
        max_distance=max_distance,
        bidirectional=bidirectional,
    )
    return found.astype(np.int32)


def _encoder(relative: Array) -> Array:
    """Know the sizes of T5's encoder and no other."""
    return _t5()(relative)


_rogue, _control = makers("t5", usual="position")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "turned",
        "The distance is query minus key.",
        _t5(change=lambda relative: -relative),
        "agreement",
    ),
    _rogue(
        "another-base",
        "The logarithm is divided by that of the maximal distance alone.",
        _t5(_another_base),
        "agreement",
        mistake="formula",
    ),
    _rogue(
        "distance-ignored",
        "The maximal distance is always 128.",
        _t5(limit=128),
        "far",
        mistake="dropped-option",
    ),
    _rogue(
        "uncapped",
        "Buckets go on after the last.",
        _t5(_uncapped),
        "far",
        mistake="tail",
        mimics="candle#1312",
    ),
    _rogue(
        "all-logarithmic",
        "Near distances share buckets, too.",
        _t5(_all_logarithmic),
        "near",
        mistake="formula",
    ),
    _rogue(
        "wrapped",
        "Behind the last bucket comes the first.",
        _t5(lambda distance, count, far: _uncapped(distance, count, far) % count),
        "order",
        mistake="tail",
    ),
    _rogue(
        "folded",
        "Keys on both sides have the same buckets.",
        _t5(fold=True),
        "sides",
    ),
    _rogue(
        "whole-sides",
        "Each side has all buckets, so that those of the right run into the last.",
        _t5(whole=True),
        "sides",
    ),
)
"""Buckets that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control(
        "authors",
        "It takes the authors' formula in float32.",
        _t5(),
        dtypes=("float32", "float64"),
    ),
    _control(
        "edges",
        "It searches a list of edges and answers in 32 bits.",
        _narrow,
    ),
    _control(
        "encoder",
        "It knows the sizes of T5's encoder and no other.",
        _encoder,
    ),
)
"""Buckets that are right."""

__all__ = ["CONTROLS", "ROGUES"]
