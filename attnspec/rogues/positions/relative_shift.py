"""Shifts of distances to keys that are wrong, and unusual ones that are right."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues.positions._padded_shift import padded_shift


def _unpadded(x: Array) -> Array:
    """Read on in rows of another length, and forget the pad."""
    heads, queries, keys = x.shape
    # Filled up at the end, where the pads would have made it long enough.
    rest = np.concatenate([x.reshape(heads, -1), np.zeros_like(x[:, 0])], -1)
    return rest[:, queries - 1 :][:, : queries * keys].reshape(x.shape)


def _last_dropped(x: Array) -> Array:
    """Pad a column, read on in rows of another length, and drop the last of them."""
    heads, queries, keys = x.shape
    wider = np.concatenate([np.zeros_like(x[..., :1]), x], -1)
    kept = wider.reshape(heads, -1)[:, : queries * keys]
    return kept.reshape(heads, queries, keys)


def _rolled(x: Array, more: int = 0) -> Array:
    """Roll each row, so that what leaves on the left comes in on the right."""
    queries = x.shape[1]
    rows = [np.roll(x[:, i], i + 1 - queries - more, -1) for i in range(queries)]
    return np.stack(rows, 1)


_rogue, _control = makers("relative-shift", usual="position")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "unmoved",
        "The columns stay where they are.",
        np.copy,
        "agreement",
    ),
    _rogue(
        "unpadded",
        "Rows are read on in another length, and nothing was padded before.",
        _unpadded,
        "rows",
        mistake="tail",
    ),
    _rogue(
        "last-dropped",
        "Of the rows of another length the last is dropped, not the first.",
        _last_dropped,
        "agreement",
        mimics="annotated_deep_learning_paper_implementations#185",
    ),
    _rogue(
        "one-more",
        "Every row moves by one column too many.",
        lambda x: _rolled(x, 1),
        "present",
    ),
    _rogue(
        "to-the-right",
        "Later rows move to the right instead of earlier ones to the left.",
        lambda x: np.stack([np.roll(x[:, i], i, -1) for i in range(x.shape[1])], 1),
        "present",
    ),
)
"""Shifts that are wrong."""


def _gathered(x: Array) -> Array:
    """Look each place up, and fill what is not there with zeros."""
    queries, keys = x.shape[1:]
    columns = np.arange(keys) + np.arange(queries)[::-1, None]
    kept = columns < keys
    found = x[:, np.arange(queries)[:, None], np.where(kept, columns, 0)]
    return np.where(kept, found, x.dtype.type(0))


CONTROLS: tuple[Control, ...] = (
    _control(
        "gathered",
        "It looks each place up.",
        _gathered,
        dtypes=FORMATS,
    ),
    _control(
        "padded",
        "It pads a column and reads on in rows of another length, as the paper does.",
        padded_shift,
        dtypes=FORMATS,
        dialect={"behind": "next_row"},
    ),
    _control(
        "rolled",
        "It rolls each row.",
        _rolled,
        dialect={"behind": "own_row"},
    ),
)
"""Shifts that are right."""

__all__ = ["CONTROLS", "ROGUES"]
