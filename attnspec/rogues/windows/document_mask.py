"""Documents that are wrong, and unusual ones that are right."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import Control, Rogue, makers
from attnspec.rogues.windows._windowed_attention import Mask


def _documents(query_ids: Array, key_ids: Array) -> Mask:
    return np.asarray(np.equal.outer(query_ids, key_ids))


def _documents_by_lists(query_ids: Array, key_ids: Array) -> Mask:
    """Unite one mask for each document."""
    mask = np.zeros((len(query_ids), len(key_ids)), dtype=np.bool_)
    for document in np.unique(query_ids):
        mask |= (query_ids == document)[:, None] & (key_ids == document)
    return mask


def _runs(query_ids: Array, key_ids: Array) -> Mask:
    """Begin a new document wherever the id changes."""
    if len(query_ids) != len(key_ids):
        return _documents(query_ids, key_ids)
    change = np.cumsum(np.diff(query_ids, prepend=query_ids[:1]) != 0)
    return _documents(query_ids, key_ids) & (change[:, None] == change)


def _causal(query_ids: Array, key_ids: Array) -> Mask:
    return np.tril(_documents(query_ids, key_ids))


def _of_one(query_ids: Array, _key_ids: Array) -> Mask:
    """Read one vector for both, as functions of packed sequences do."""
    return _documents(query_ids, query_ids)


_rogue, _control = makers("document-mask", usual="mask")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "first-boundary",
        "Only the first boundary is read: all later documents are one.",
        lambda q, k: (q == q[0])[:, None] == (k == q[0]),
        "agreement",
        mimics="HunyuanVideo#310",
    ),
    _rogue(
        "one",
        "The documents are forgotten: everything is one.",
        lambda q, k: np.ones((len(q), len(k)), np.bool_),
        "agreement",
        mistake="dropped-option",
        mimics="fla#842",
    ),
    _rogue(
        "zero-is-padding",
        "The document 0 is taken for padding.",
        lambda q, k: _documents(q, k) & (k != 0),
        "parts",
    ),
    _rogue(
        "causal",
        "Inside of a document attention is causal.",
        _causal,
        "parts",
    ),
    _rogue(
        "table-of-32",
        "All documents from the number 31 on are one.",
        lambda q, k: _documents(np.clip(q, 0, 31), np.clip(k, 0, 31)),
        "names",
    ),
    _rogue(
        "low-bits",
        "Documents whose numbers end in the same two bits are one.",
        # Right for up to four documents numbered in a row.
        lambda q, k: _documents(q & 3, k & 3),
        "agreement",
    ),
    _rogue(
        "one-vector",
        "The documents of the queries are taken for those of the keys.",
        lambda q, k: _documents(q, np.resize(q, len(k))),
        "agreement",
    ),
    _rogue(
        "runs",
        "A document begins anew wherever the number changes.",
        _runs,
        "order",
        mistake="order",
    ),
)
"""Documents that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control("outer", "It compares all pairs.", _documents),
    _control(
        "vector-declared",
        "It reads one vector for queries and keys, and says so.",
        _of_one,
        without=("key_ids",),
    ),
    _control(
        "united",
        "It unites one mask a document.",
        _documents_by_lists,
    ),
)
"""Documents that are right."""

__all__ = ["CONTROLS", "ROGUES"]
