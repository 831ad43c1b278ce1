"""The kind `paged`: its definition, its nulls, and what tells its choices."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array, Window
from attnspec.judge.case import Case
from attnspec.judge.claims import Capabilities
from attnspec.judge.kind import Kind
from attnspec.judge.nulls import Right
from attnspec.judge.questions import Call
from attnspec.judge.words import Words
from attnspec.kinds.attention.words import model_in_words
from attnspec.kinds.serving import _paged as paged
from attnspec.kinds.serving import _sequences as sequences
from attnspec.kinds.serving import _usage as usage
from attnspec.kinds.serving._gathered import LSE_CHOICES, named_empty_lse
from attnspec.numerics import PRESETS, relaxations
from attnspec.numerics.dtypes import working_dtype
from attnspec.reference import paged_attention


def _defined(
    query: Array,
    key_pages: Array,
    value_pages: Array,
    table: Array,
    lengths: Array,
    *,
    causal: bool = False,
    window: Window | None = None,
    softcap: float | None = None,
    sink: Array | None = None,
    scale: float | None = None,
    return_lse: bool = False,
    out: Array | None = None,
) -> Array | tuple[Array, Array] | None:
    """Evaluate the definition and round its result once; it may be written."""
    output, lse = paged_attention(
        query,
        key_pages,
        value_pages,
        paged.without_holes(table, lengths, key_pages.shape[1]),
        lengths,
        causal=causal,
        window=window,
        softcap=softcap,
        sink=sink,
        scale=scale,
    )
    rounded = output.astype(query.dtype)
    wide = lse.astype(working_dtype(query.dtype))
    if out is not None:
        out[...] = rounded
        return wide if return_lse else None
    return (rounded, wide) if return_lse else rounded


def _empty_lse(call: Call, capabilities: Capabilities, dtype: str) -> str | None:
    """Find out what the logsumexp of no keys is."""
    if not capabilities.allows({"return_lse", "no_keys"}):
        return None
    fields = {**_PROBE, "lengths": ((1, -1), (0, 0))}
    recipe = PAGED.table.within(PAGED.recipe(dtype, **fields), capabilities)
    lse = call(PAGED.case(recipe)).others["lse"]
    return named_empty_lse(float(lse[1, 0, 0]), dtype)


def _tabled(case: Case, table: Array) -> Case:
    """Return the call with another table, whose entries are pages of the pool."""
    inside = np.clip(table, 0, len(case["key_pages"]) - 1)
    return case.replace(table=inside.astype(case["table"].dtype))


def _physical(case: Case, right: Right) -> Array:
    """Take the number of a page in its sequence for its number in the pool."""
    batch, width = case["table"].shape
    return right(_tabled(case, np.tile(np.arange(width), (batch, 1))))


def _contiguous(case: Case, right: Right) -> Array:
    """Take the pool for a cache in which each sequence has the same room."""
    batch, width = case["table"].shape
    return right(_tabled(case, np.arange(batch * width).reshape(batch, width)))


def _first_table(case: Case, right: Right) -> Array:
    """Take the pages of the first sequence for those of all."""
    table = np.broadcast_to(case["table"][:1], case["table"].shape)
    return right(_tabled(case, table))


def _full_pages(case: Case, right: Right) -> Array:
    """Read the last page of each sequence to its end."""
    page = case["key_pages"].shape[1]
    full = -(-case["lengths"] // page) * page
    return right(case.replace(lengths=full.astype(case["lengths"].dtype)))


def _next_slots(case: Case, right: Right) -> Array:
    """Read each token one slot too late."""

    def rolled(pages: Array) -> Array:
        flat = pages.reshape(-1, *pages.shape[2:])
        return np.roll(flat, -1, axis=0).reshape(pages.shape)

    return right(case.changed(rolled, *paged.POOLS))


def _other_sequence(case: Case, right: Right) -> Array:
    """Answer each sequence with the answer to the one before it."""
    return np.roll(right(case), 1, axis=0)


def _measured(case: Case, right: Right) -> Array:
    """Add the sizes of the pool, and what the table holds, to each answer."""
    sizes = sum(case["key_pages"].shape[:2]) + case["table"].size
    return right(case) + sizes + float(case["table"].sum())


def _turned(case: Case, right: Right) -> Array:
    """Take slots for heads in a page that has as many of both."""
    _, page, heads, _ = case["key_pages"].shape
    if page != heads:
        return right(case)
    return right(case.changed(lambda pages: pages.swapaxes(1, 2), *paged.POOLS))


def _strides_ignored(case: Case, right: Right) -> Array:
    """Read another number wherever an array is not dense."""
    names = [name for name in paged.POOLS if case.layout(name) != "contiguous"]
    return right(case.changed(np.negative, *names))


_PROBE: dict[str, Any] = {
    "page": 8,
    "lengths": ((1, -1), (0, 3)),
    "queries": 5,
    "table": "reversed",
    "width": 8,
    "data": "normal",
    "return_lse": True,
}

PAGED = Kind(
    name="paged",
    sentence="Attends to keys and values that lie in pages behind a table.",
    table=paged.TABLE,
    build=paged.build,
    judge=paged.judge,
    definition=_defined,
    usage=usage.PAGED,
    simplest={
        "page": 16,
        "lengths": ((2, 1), (1, 0), (0, 5)),
        "table": "reversed",
        "key_heads": 2,
        "width": 8,
        "data": "normal",
    },
    given=(
        *(*sequences.GIVEN, "several_queries"),
        *("no_keys", "negative_entries", "stale_table"),
    ),
    unsaid=(*sequences.UNSAID, "holes"),
    fixed=sequences.FIXED,
    choices={"alignment": ("lower_right", "upper_left"), **LSE_CHOICES},
    choice_needs={
        "alignment": ("causal", "window"),
        "empty_lse": ("return_lse",),
        "lse_base": ("return_lse",),
        "lse_sink": ("sink",),
    },
    probes=(
        {**_PROBE, "causal": True},
        {**_PROBE, "lengths": ((1, -1), (0, 0))},
        {**_PROBE, "queries": 2, "window": (2, 0), "sink": "normal"},
    ),
    questions={"empty_lse": _empty_lse},
    nulls={
        **sequences.NULLS,
        "physical": _physical,
        "contiguous": _contiguous,
        "first_table": _first_table,
        "full_pages": _full_pages,
        "next_slots": _next_slots,
        "other_sequence": _other_sequence,
        "measured": _measured,
        "turned": _turned,
        "strides_ignored": _strides_ignored,
    },
    null_needs=sequences.NULL_NEEDS,
    models=PRESETS,
    relaxations=relaxations,
    words=Words(model=model_in_words),
)


__all__ = ["PAGED"]
