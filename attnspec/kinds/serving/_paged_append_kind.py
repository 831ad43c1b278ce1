"""The kind `paged-append`: its definition, and its nulls."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.kind import Kind
from attnspec.judge.nulls import Right
from attnspec.kinds.serving import _paged_append as appended
from attnspec.kinds.serving import _usage as usage
from attnspec.reference import append_to_pages


def _defined(
    key: Array,
    value: Array,
    key_pages: Array,
    value_pages: Array,
    table: Array,
    lengths: Array,
    *,
    counts: Array | None = None,
) -> tuple[Array, Array]:
    """Evaluate the definition, write what it gives into the pools, and return them."""
    arrays = key, value, key_pages, value_pages
    key_pages[...], value_pages[...] = append_to_pages(
        *arrays, table, lengths, counts=counts
    )
    return key_pages, value_pages


def _pool(right: Right) -> str:
    """Return the pool that a null answers."""
    return right.result or "key_pages"


def _unwritten(case: Case, right: Right) -> Array:
    """Leave the pool as it was."""
    return np.asarray(case[_pool(right)])


def _late(case: Case, right: Right) -> Array:
    """Put everything one slot later."""
    found = right(case)
    flat = found.reshape(-1, *found.shape[2:])
    return np.roll(flat, 1, axis=0).reshape(found.shape)


def _swept(case: Case, right: Right) -> Array:
    """Leave zero in every slot that gets no token."""
    before, after = np.asarray(case[_pool(right)], np.float64), right(case)
    same = (before == after) | (np.isnan(before) & np.isnan(after))
    return np.where(same.all(axis=(2, 3), keepdims=True), 0.0, after)


def _uncounted(case: Case, right: Right) -> Array:
    """Give no sequence a token but the first."""
    counts = np.zeros_like(case["lengths"])
    counts[0] = case["key"].shape[1]
    return right(case.replace(counts=counts))


def _restarted(case: Case, right: Right) -> Array:
    """Take every sequence for one without tokens."""
    return right(case.replace(lengths=np.zeros_like(case["lengths"])))


def _first_length(case: Case, right: Right) -> Array:
    """Take the length of the first sequence for that of all, within their pages."""
    room = case["table"].shape[1] * case["key_pages"].shape[1] - case["key"].shape[1]
    lengths = np.full_like(case["lengths"], min(case["lengths"][0], room))
    return right(case.replace(lengths=lengths))


def _flushed(case: Case, right: Right) -> Array:
    """Drop the sign of zero."""
    return right(case) + 0.0


def _turned(case: Case, right: Right) -> Array:
    """Take slots for heads in a page that has as many of both."""
    found = right(case)
    return found.swapaxes(1, 2) if found.shape[1] == found.shape[2] else found


def _strides_ignored(case: Case, right: Right) -> Array:
    """Put other numbers wherever a pool is not dense."""
    found = right(case)
    return found if case.layout(_pool(right)) == "contiguous" else found + 1.0


def _measured(case: Case, right: Right) -> Array:
    """Add the sizes of the pool, and what the table holds, to each number."""
    sizes = case["key_pages"].shape[0] + case["table"].size
    return right(case) + sizes + float(case["table"].sum())


PAGED_APPEND = Kind(
    name="paged-append",
    sentence="Puts new keys and values into the pages of their sequences.",
    table=appended.TABLE,
    build=appended.build,
    judge=appended.judge,
    definition=_defined,
    usage=usage.PAGED_APPEND,
    simplest={
        "page": 16,
        "lengths": ((1, 1), (1, 0), (0, 5)),
        "tokens": 5,
        "table": "reversed",
        "key_heads": 2,
        "width": 8,
        "data": "normal",
    },
    given=(
        *("value_width", "no_tokens", "in_place"),
        *("negative_entries", "stale_table"),
    ),
    strided=("in_place",),
    unsaid=("int64",),
    nulls={
        "unwritten": _unwritten,
        "late": _late,
        "swept": _swept,
        "uncounted": _uncounted,
        "restarted": _restarted,
        "first_length": _first_length,
        "flushed": _flushed,
        "turned": _turned,
        "strides_ignored": _strides_ignored,
        "measured": _measured,
    },
    null_needs={"uncounted": ("counts",)},
)


__all__ = ["PAGED_APPEND"]
