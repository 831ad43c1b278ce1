"""Blocks that are wrong, and unusual ones that are right."""

from __future__ import annotations

import numpy as np

from attnspec.rogues._gallery import Control, Rogue, makers
from attnspec.rogues.windows._windowed_attention import Mask


def _blocks(layout: Mask, rows: int, columns: int, queries: int, keys: int) -> Mask:
    """Enlarge the layout and cut off what is too much."""
    large = layout.repeat(rows, axis=0).repeat(columns, axis=1)
    return np.ascontiguousarray(large[:queries, :keys])


def _blocks_whole(
    layout: Mask, rows: int, columns: int, queries: int, keys: int
) -> Mask:
    """Hide the last blocks if they are cut."""
    mask = _blocks(layout, rows, columns, queries, keys)
    mask[queries // rows * rows :] = False
    mask[:, keys // columns * columns :] = False
    return mask


def _blocks_square(
    layout: Mask, rows: int, columns: int, queries: int, keys: int
) -> Mask:
    """Take the rows of a block for its columns, as far as the layout goes."""
    query = np.minimum(np.arange(queries) // rows, layout.shape[0] - 1)
    key = np.minimum(np.arange(keys) // max(rows, columns), layout.shape[1] - 1)
    return np.asarray(layout[np.ix_(query, key)])


_rogue, _control = makers("block-mask", usual="mask")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "negated",
        "The layout says what is hidden.",
        lambda layout, *sizes: _blocks(~layout, *sizes),
        "single",
    ),
    _rogue(
        "tiled",
        "The layout is repeated and not enlarged.",
        lambda x, r, c, queries, keys: np.tile(x, (r, c))[:queries, :keys],
        "constant",
    ),
    _rogue(
        "whole",
        "The last blocks are hidden if they are cut.",
        _blocks_whole,
        "agreement",
        mistake="tail",
    ),
    _rogue(
        "causal",
        "Inside of a block attention is causal, whatever the layout says.",
        lambda *sizes: np.tril(_blocks(*sizes)),
        "constant",
    ),
    _rogue(
        "square",
        "A block has no fewer columns than rows.",
        _blocks_square,
        "exchange",
    ),
)
"""Blocks that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control("repeated", "It repeats rows and columns.", _blocks),
    _control(
        "kronecker",
        "It takes a Kronecker product.",
        lambda x, r, c, n, m: np.kron(x, np.ones((r, c), np.bool_))[:n, :m],
    ),
)
"""Blocks that are right."""

__all__ = ["CONTROLS", "ROGUES"]
