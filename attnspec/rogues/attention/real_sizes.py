"""Controls that are built for the sizes of real models, and right at all sizes."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.numerics import PRESETS
from attnspec.rogues._gallery import Control, control
from attnspec.rogues.attention._kernel import KERNEL, Kernel, Rows, Tables, tiles_of
from attnspec.rogues.attention._right import tiles
from attnspec.rogues.attention._split import Split

_BLOCKS = 65_535
"""How many blocks one launch has."""


class _PackedGroups(Kernel):
    """Makes the heads of a group rows of one tile, which reads a key head once."""

    def scored(self, tables: Tables, tile: Array, call: AttentionCase) -> Array:
        group = max(1, call.sizes.Hq // max(1, call.sizes.Hkv))

        def packed(query: Array, key: Array) -> Array:
            batch, heads, length, width = query.shape
            rows = query.reshape(batch, heads // group, group * length, width)
            dots = KERNEL.dot(rows, key[:, ::group])
            return dots.reshape(batch, heads, length, key.shape[2])

        return KERNEL.replace(dot=packed).scored(tables, tile, call)


class _QueryTiles(Kernel):
    """Takes 80 queries at a time, and 96 keys."""

    def attend(self, call: AttentionCase) -> tuple[Array, Array]:
        whole, start, parts = self.tables(call), self.start(call), []
        for queries in tiles_of(80, call.sizes.L) if call.sizes.L else [slice(0)]:
            tables = whole._replace(
                query=whole.query[:, :, queries],
                visible=whole.visible[:, :, queries],
                addend=np.broadcast_to(whole.addend, whole.visible.shape)[
                    :, :, queries
                ],
            )
            rows = Rows(*(each[:, :, queries] for each in start))
            for keys in tiles_of(96, call.sizes.S):
                scores = self.scored(tables, keys, call)
                rows = self.absorb(rows, scores, tables.value[:, :, keys], call)
            parts.append(rows)
        rows = Rows(*(np.concatenate(each, 2) for each in zip(*parts, strict=True)))
        return self.answer(*self.finish(rows, call), call)


def _by_64_channels(query: Array, key: Array) -> Array:
    """Sum 64 channels at a time."""
    dots = np.zeros((*query.shape[:3], key.shape[2]), query.dtype)
    for part in tiles_of(64, query.shape[3]):
        dots = dots + KERNEL.dot(query[..., part], key[..., part])
    return dots


def _launched(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    """Divide by the sum in launches of 65,535 rows."""
    flat = Rows(*(each.reshape(1, 1, -1, each.shape[3]) for each in rows))
    count = flat.peak.shape[2]
    parts = [
        KERNEL.finish(Rows(*(each[:, :, part] for each in flat)), call)
        for part in (tiles_of(_BLOCKS, count) if count else [slice(0)])
    ]
    output, lse = (np.concatenate(each, 2) for each in zip(*parts, strict=True))
    return output.reshape(rows.accumulator.shape), lse.reshape(rows.peak.shape[:3])


def _sink_as_key(tables: Tables, call: AttentionCase) -> Tables:
    """Append a key whose score is the sink, and whose value is zero."""
    if call.sink is None:
        return tables
    rows, columns = [(0, 0), (0, 0), (0, 1), (0, 0)], [(0, 0), (0, 0), (0, 0), (0, 1)]
    addend = np.pad(np.broadcast_to(tables.addend, tables.visible.shape), columns)
    addend[..., -1] = call.sink.astype(addend.dtype)[:, None]
    return tables._replace(
        key=np.pad(tables.key, rows),
        value=np.pad(tables.value, rows),
        visible=np.pad(tables.visible, columns, constant_values=True),
        addend=addend,
    )


def _without_unseen(tables: Tables, call: AttentionCase) -> Tables:  # noqa: ARG001 - a step's form
    """Remove the keys that nobody sees, as a mask of one axis allows."""
    kept = tables.visible.any((0, 1, 2))
    addend = np.broadcast_to(tables.addend, tables.visible.shape)
    return Tables(
        tables.query,
        tables.key[:, :, kept],
        tables.value[:, :, kept],
        tables.visible[..., kept],
        addend[..., kept],
    )


def _quiet_peak(peak: Array, scores: Array) -> Array:
    """Raise the peak to the best score that is a number."""
    best = np.fmax.reduce(scores, axis=-1, keepdims=True, initial=-np.inf)
    return np.fmax(peak, best).astype(peak.dtype)


CONTROLS: tuple[Control, ...] = (
    control("tile-80", "Tiles of 80 keys.", KERNEL.replace(tiles=tiles(80))),
    control("tile-96", "Tiles of 96 keys.", KERNEL.replace(tiles=tiles(96))),
    control("tile-160", "Tiles of 160 keys.", KERNEL.replace(tiles=tiles(160))),
    control("tile-192", "Tiles of 192 keys.", KERNEL.replace(tiles=tiles(192))),
    control("query-tiles", "Tiles of 80 queries and 96 keys.", _QueryTiles()),
    control(
        "packed-groups",
        "The heads of a group, 16 or any other number, are rows of one tile.",
        _PackedGroups(),
    ),
    control(
        "latent-split-8",
        "Eight parts of the keys, and 64 of 576 channels at a time.",
        Split(8, KERNEL.replace(dot=_by_64_channels)),
        models={"float32": PRESETS["split-float32"]},
    ),
    control(
        "several-launches",
        "More than 65,535 rows take several launches.",
        KERNEL.replace(finish=_launched),
    ),
    control(
        "sink-as-key",
        "The sink is one more key, however far below or above the others it lies.",
        KERNEL.replace(
            start=lambda call: KERNEL.start(call.replace(sink=None)),
            stage=_sink_as_key,
        ),
    ),
    control(
        "unseen-keys-removed",
        "Keys that a mask hides from all are removed before the first tile.",
        KERNEL.replace(stage=_without_unseen),
    ),
    control(
        "peak-of-numbers",
        "The peak passes over NaN, and the exponential passes it on.",
        KERNEL.replace(peak=_quiet_peak),
    ),
)
"""The right kernels of real sizes."""

__all__ = ["CONTROLS"]
