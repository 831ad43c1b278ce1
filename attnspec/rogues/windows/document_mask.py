"""Documents, global tokens and grids that are wrong, and unusual right ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import Control, Rogue, kind_control, kind_rogue
from attnspec.rogues.windows._windowed import Mask


def _documents(query_ids: Array, key_ids: Array) -> Mask:
    return np.asarray(np.equal.outer(query_ids, key_ids))


def _documents_by_lists(query_ids: Array, key_ids: Array) -> Mask:
    """Unite one mask for each document."""
    mask = np.zeros((len(query_ids), len(key_ids)), dtype=np.bool_)
    for document in np.unique(query_ids):
        mask |= (query_ids == document)[:, None] & (key_ids == document)
    return mask


def _first_boundary(query_ids: Array, key_ids: Array) -> Mask:
    """See the first document, and all others as one."""
    first = query_ids[0]
    return np.asarray((query_ids == first)[:, None] == (key_ids == first))


def _one_document(query_ids: Array, key_ids: Array) -> Mask:
    return np.ones((len(query_ids), len(key_ids)), dtype=np.bool_)


def _runs(query_ids: Array, key_ids: Array) -> Mask:
    """Begin a new document wherever the id changes."""
    if len(query_ids) != len(key_ids):
        return _documents(query_ids, key_ids)
    change = np.cumsum(np.diff(query_ids, prepend=query_ids[:1]) != 0)
    return _documents(query_ids, key_ids) & (change[:, None] == change)


def _zero_is_padding(query_ids: Array, key_ids: Array) -> Mask:
    return _documents(query_ids, key_ids) & (key_ids != 0)


def _causal(query_ids: Array, key_ids: Array) -> Mask:
    return np.tril(_documents(query_ids, key_ids))


def _low_bits(query_ids: Array, key_ids: Array) -> Mask:
    """Let ids share a slot, two bits wide."""
    return _documents(query_ids & 3, key_ids & 3)


def _table_of_32(query_ids: Array, key_ids: Array) -> Mask:
    """Look documents up in a table with 32 places."""
    return _documents(np.clip(query_ids, 0, 31), np.clip(key_ids, 0, 31))


def _global(queries: Mask, keys: Mask) -> Mask:
    return np.logical_or.outer(queries, keys)


def _global_filled(queries: Mask, keys: Mask) -> Mask:
    """Fill rows, then columns."""
    mask = np.zeros((len(queries), len(keys)), dtype=np.bool_)
    mask[queries] = True
    mask[:, keys] = True
    return mask


def _global_keys(queries: Mask, keys: Mask) -> Mask:
    return np.broadcast_to(keys, (len(queries), len(keys)))


def _global_queries(queries: Mask, keys: Mask) -> Mask:
    return np.broadcast_to(queries[:, None], (len(queries), len(keys)))


def _global_both(queries: Mask, keys: Mask) -> Mask:
    return np.logical_and.outer(queries, keys)


def _global_either(queries: Mask, keys: Mask) -> Mask:
    return np.logical_xor.outer(queries, keys)


def _grid(rows: Mask, columns: Mask) -> Mask:
    both = rows[:, None, :, None] & columns[None, :, None, :]
    return both.reshape(len(rows) * len(columns), -1)


def _grid_looped(rows: Mask, columns: Mask) -> Mask:
    pixels = [(a, b) for a in range(len(rows)) for b in range(len(columns))]
    return np.stack([np.outer(rows[a], columns[b]).ravel() for a, b in pixels])


def _grid_united(rows: Mask, columns: Mask) -> Mask:
    both = rows[:, None, :, None] | columns[None, :, None, :]
    return both.reshape(len(rows) * len(columns), -1)


def _grid_columns_first(rows: Mask, columns: Mask) -> Mask:
    return np.kron(columns, rows)


def _grid_own_row(rows: Mask, columns: Mask) -> Mask:
    """Let a row be seen from itself alone."""
    return np.kron(rows & np.eye(*rows.shape, dtype=np.bool_), columns)


def _rogue(
    id: str,  # noqa: A002 - the field's name
    sentence: str,
    function: Any,
    law: str,
    mistake: str = "mask",
    **more: Any,
) -> Rogue:
    kind = "-".join(id.split("-")[:2])
    return kind_rogue(kind, id, mistake, sentence, function, caught_by=law, **more)


def _control(id: str, sentence: str, function: Any) -> Control:  # noqa: A002 - the field's name
    return kind_control("-".join(id.split("-")[:2]), id, sentence, function)


ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "document-mask-first-boundary",
        "Only the first boundary is read: all later documents are one.",
        _first_boundary,
        "document-mask-agreement",
        mimics="HunyuanVideo#310",
    ),
    _rogue(
        "document-mask-one",
        "The documents are forgotten: everything is one.",
        _one_document,
        "document-mask-agreement",
        "dropped-option",
        mimics="fla#842",
    ),
    _rogue(
        "document-mask-zero-is-padding",
        "The document 0 is taken for padding.",
        _zero_is_padding,
        "document-mask-parts",
    ),
    _rogue(
        "document-mask-causal",
        "Inside of a document attention is causal.",
        _causal,
        "document-mask-parts",
    ),
    _rogue(
        "document-mask-table-of-32",
        "All documents from the number 31 on are one.",
        _table_of_32,
        "document-mask-names",
    ),
    _rogue(
        "document-mask-low-bits",
        "Documents whose numbers end in the same two bits are one.",
        _low_bits,
        "document-mask-agreement",
    ),
    _rogue(
        "document-mask-runs",
        "A document begins anew wherever the number changes.",
        _runs,
        "document-mask-order",
        "order",
    ),
    _rogue(
        "global-mask-both",
        "A pair is seen only if both are global.",
        _global_both,
        "global-mask-agreement",
    ),
    _rogue(
        "global-mask-keys",
        "Global keys are seen, but global queries see no more than others.",
        _global_keys,
        "global-mask-mutual",
    ),
    _rogue(
        "global-mask-queries",
        "Global queries see everything, but are not seen by others.",
        _global_queries,
        "global-mask-mutual",
    ),
    _rogue(
        "global-mask-either",
        "Two global tokens do not see each other.",
        _global_either,
        "global-mask-cross",
    ),
    _rogue(
        "grid-mask-united",
        "A pixel is seen if it is seen along either axis.",
        _grid_united,
        "grid-mask-agreement",
    ),
    _rogue(
        "grid-mask-columns-first",
        "Pixels are counted column by column.",
        _grid_columns_first,
        "grid-mask-count",
        "layout",
    ),
    _rogue(
        "grid-mask-own-row",
        "A row is seen from itself alone.",
        _grid_own_row,
        "grid-mask-exchange",
    ),
)
"""Documents, global tokens and grids that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control("document-mask-outer", "It compares all pairs.", _documents),
    _control(
        "document-mask-united", "It unites one mask a document.", _documents_by_lists
    ),
    _control("global-mask-outer", "It compares all pairs.", _global),
    _control("global-mask-filled", "It fills rows and columns.", _global_filled),
    _control("grid-mask-broadcast", "It broadcasts four axes.", _grid),
    _control("grid-mask-pixels", "It goes pixel by pixel.", _grid_looped),
)
"""Documents, global tokens and grids that are right."""

__all__ = ["CONTROLS", "ROGUES"]
