"""Rogues that mistake the ends of tiles and rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue, rogue
from attnspec.rogues.attention._kernel import KERNEL, TILE, Tables, tiles_of
from attnspec.rogues.attention._split import Split
from attnspec.rogues.attention._usual import usually


def _whole_tiles(keys: int, call: AttentionCase) -> Iterator[Array]:  # noqa: ARG001 - a step's form
    yield from tiles_of(TILE, keys // TILE * TILE if keys > TILE else keys)


def _straddled(keys: int, call: AttentionCase) -> Iterator[Array]:
    for tile in KERNEL.tiles(keys, call):
        yield np.append(tile[0] - 1, tile) if tile[0] else tile


def _causal_end(keys: int, call: AttentionCase) -> Iterator[Array]:
    if not call.causal or keys <= TILE:
        return KERNEL.tiles(keys, call)
    start = max(0, call.sizes.S - call.sizes.L)
    end = max(TILE, (start + max(0, call.sizes.L - 2)) // TILE * TILE)
    return tiles_of(TILE, min(end, keys))


def _zero_keys_seen(tables: Tables, call: AttentionCase) -> Tables:
    """Fill the last tile with keys of zero that count."""
    extra = -call.sizes.S % TILE
    rows = [(0, 0), (0, 0), (0, extra), (0, 0)]
    columns = [(0, 0), (0, 0), (0, 0), (0, extra)]
    return tables._replace(
        key=np.pad(tables.key, rows),
        value=np.pad(tables.value, rows),
        visible=np.pad(tables.visible, columns, constant_values=True),
        addend=np.pad(tables.addend, columns),
    )


def _with_softcap_only(tables: Tables, call: AttentionCase) -> Tables:
    """Bend the padding's score of minus infinity to a finite one."""
    padded = tables if call.softcap is None else _zero_keys_seen(tables, call)
    addend = np.array(padded.addend)
    if call.softcap is not None:
        addend[..., call.sizes.S :] = -call.softcap
    return padded._replace(addend=addend)


def _value_of_previous_tile(tables: Tables, call: AttentionCase) -> Tables:
    """Read the first value of the second tile from the first."""
    if call.sizes.S <= TILE:
        return tables
    value = tables.value.copy()
    value[:, :, TILE] = value[:, :, 0]
    return tables._replace(value=value)


def _last_query_repeated(tables: Tables, call: AttentionCase) -> Tables:
    """Answer a query alone in its tile with its neighbor."""
    if call.sizes.L % TILE != 1 or call.sizes.L == 1:
        return tables
    query = tables.query.copy()
    query[:, :, -1] = query[:, :, -2]
    return tables._replace(query=query)


class _SplitGap(Split):
    """Cuts the keys into parts of whole tiles and forgets what remains."""

    def ranges(self, call: AttentionCase) -> list[Array]:
        keys = call.sizes.S
        if keys < self.parts * 4:
            return super().ranges(call)
        return np.split(np.arange(keys // self.parts * self.parts), self.parts)


_tail = usually("tail", "tail-sweep")


ROGUES: tuple[Rogue, ...] = (
    _tail(
        "last-key-after-32",
        "The last key is lost when S = 1 (mod 32).",
        KERNEL.replace(tiles=lambda n, _: tiles_of(TILE, n - (n % 32 == 1 and n > 1))),
        "pytorch#191937",
    ),
    _tail(
        "last-tile-at-64",
        "The last tile is lost when S is a multiple of 64, and only then.",
        KERNEL.replace(
            tiles=lambda n, _: tiles_of(TILE, n - TILE if n % 64 == 0 else n)
        ),
        "triton-msl#7",
    ),
    _tail(
        "partial-tile-lost",
        "A partial last tile is never read.",
        KERNEL.replace(tiles=_whole_tiles),
        "fla#1143",
    ),
    _tail(
        "first-key-of-tile-twice",
        "Tiles overlap by one key, which counts twice.",
        KERNEL.replace(tiles=_straddled),
        "fla#1105",
    ),
    _tail(
        "padding-keys-seen",
        "The last tile is filled with keys of zero, which count.",
        KERNEL.replace(stage=_zero_keys_seen),
        "flash-attention@d11341fd",
    ),
    _tail(
        "padding-of-mask-seen",
        "The padding of the last tile counts when there is a mask.",
        KERNEL.replace(
            stage=lambda t, c: t if c.mask is None else _zero_keys_seen(t, c)
        ),
        "tt-metal#54833",
    ),
    _tail(
        "value-of-previous-tile",
        "The second tile's first value is read from the first tile.",
        KERNEL.replace(stage=_value_of_previous_tile),
        "flashinfer#3022",
    ),
    _tail(
        "split-remainder-lost",
        "Parts are of equal length, and the remainder belongs to none.",
        _SplitGap(3),
        "flashinfer#1206",
    ),
    rogue(
        "causal-end-early",
        "tail",
        "The causal loop over tiles ends one tile early.",
        KERNEL.replace(tiles=_causal_end),
        caught_by="causal-support",
        mimics="jax@7d27c319",
    ),
    rogue(
        "padding-bent-by-softcap",
        "softcap",
        "The softcap lifts the padding's score from minus infinity to -cap.",
        KERNEL.replace(stage=_with_softcap_only),
        caught_by="softcap-order",
        mimics="llama.cpp#29034",
    ),
    rogue(
        "key-index-of-ten-bits",
        "tail",
        "The index of a key has ten bits.",
        KERNEL.replace(
            tiles=lambda n, call: (tile % 1024 for tile in KERNEL.tiles(n, call))
        ),
        caught_by="key-permutation",
        mimics="xformers#719",
    ),
    rogue(
        "last-query-repeated",
        "tail",
        "A query alone in its tile gets its neighbor's answer.",
        KERNEL.replace(stage=_last_query_repeated),
        caught_by="query-sweep",
        mimics="flash-attention#2745",
    ),
)
"""The rogues of tails."""


__all__ = ["ROGUES"]
