"""The kind `padded`: its definition, its nulls, and what tells its choices."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array, Window
from attnspec.judge.case import Case
from attnspec.judge.claims import Capabilities
from attnspec.judge.kind import Kind
from attnspec.judge.law import Dialect
from attnspec.judge.nulls import Right, forgetting
from attnspec.judge.questions import Call
from attnspec.judge.words import Words
from attnspec.kinds.attention.words import model_in_words
from attnspec.kinds.serving import _padded as padded
from attnspec.kinds.serving import _sequences as sequences
from attnspec.kinds.serving import _usage as usage
from attnspec.kinds.serving._gathered import LSE_CHOICES, named_empty_lse
from attnspec.numerics import PRESETS, relaxations
from attnspec.numerics.dtypes import working_dtype
from attnspec.reference import padded_attention


def _left_open(case: Case, choices: Dialect) -> dict[str, Array]:
    """Leave open what is answered to padding, unless it is zero by the dialect."""
    past = np.broadcast_to(padded.past_queries(case)[:, None], case["query"].shape[:3])
    if choices["rows_past"] == "zero":
        return {"lse": past}
    return {"output": past[..., None], "lse": past}


def _defined(  # noqa: PLR0913 - the face of the field
    query: Array,
    key: Array,
    value: Array,
    *,
    query_lengths: Array | None = None,
    key_lengths: Array | None = None,
    causal: bool = False,
    window: Window | None = None,
    bias: Array | None = None,
    mask: Array | None = None,
    softcap: float | None = None,
    sink: Array | None = None,
    scale: float | None = None,
    return_lse: bool = False,
) -> Array | tuple[Array, Array]:
    """Evaluate the definition and round its result once."""
    if key_lengths is not None:
        key_lengths = np.broadcast_to(key_lengths, len(query))
    if mask is not None:
        missing = key.shape[2] - mask.shape[3]
        mask = np.pad(mask, ((0, 0), (0, 0), (0, 0), (0, missing)))
    output, lse = padded_attention(
        query,
        key,
        value,
        query_lengths=query_lengths,
        key_lengths=key_lengths,
        causal=causal,
        window=window,
        bias=bias,
        mask=mask,
        softcap=softcap,
        sink=sink,
        scale=scale,
    )
    rounded = output.astype(query.dtype)
    wide = working_dtype(query.dtype)
    return (rounded, lse.astype(wide)) if return_lse else rounded


def _rows_past(call: Call, capabilities: Capabilities, dtype: str) -> str | None:
    """Find out what is answered to queries that are padding."""
    if "query_lengths" not in capabilities:
        return None
    fields: dict[str, Any] = {
        "lengths": ((3, 3), (5, 5)),
        "width": 8,
        "query_lengths": True,
    }
    case = PADDED.case(PADDED.recipe(dtype, **fields))
    output = call(case).output
    past = np.broadcast_to(padded.past_queries(case)[:, None], output.shape[:3])
    return "unspecified" if output[past].any() else "zero"


def _empty_lse(call: Call, capabilities: Capabilities, dtype: str) -> str | None:
    """Find out what the logsumexp of no keys is."""
    if not capabilities.allows({"return_lse", "no_keys", "key_lengths"}):
        return None
    fields: dict[str, Any] = {**_PROBE, "lengths": ((2, 3), (3, 0)), "return_lse": True}
    recipe = PADDED.table.within(PADDED.recipe(dtype, **fields), capabilities)
    lse = call(PADDED.case(recipe)).others["lse"]
    return named_empty_lse(float(lse[1, 0, 0]), dtype)


def _first_length(case: Case, right: Right) -> Array:
    """Take the first sequence's lengths for all."""
    lengths = {
        name: np.full_like(case[name], case[name][0])
        for name in ("query_lengths", "key_lengths")
        if case[name] is not None
    }
    return right(case.replace(**lengths))


def _measured(case: Case, right: Right) -> Array:
    """Add the lengths that are given to each answer."""
    total = sum(
        int(np.sum(case[name]))
        for name in ("query_lengths", "key_lengths")
        if case[name] is not None
    )
    return right(case) + total


def _late(case: Case, right: Right) -> Array:
    """Answer each sequence with the answer to the one before it."""
    return np.roll(right(case), 1, axis=2)


def _next_keys(case: Case, right: Right) -> Array:
    """Read each key one row too late."""
    return right(case.changed(lambda a: np.roll(a, -1, axis=2), "key", "value"))


_PROBE = {
    "lengths": ((2, 7), (5, 3), (4, 4)),
    "width": 8,
    "data": "normal",
    "more_queries": 1,
    "more_keys": 3,
    "query_lengths": True,
    "key_lengths": True,
}
"""A call whose sequences have lengths, and whose arrays are longer."""

PADDED = Kind(
    name="padded",
    sentence="Attends within each of the sequences that are padded to one length.",
    table=padded.TABLE,
    build=padded.build,
    judge=padded.judge,
    left_open=_left_open,
    definition=_defined,
    usage=usage.PADDED,
    options={"mask": ("mask", "short_mask")},
    simplest={
        "lengths": ((3, 3), (5, 5), (4, 4)),
        "key_heads": 2,
        "width": 8,
        "data": "normal",
    },
    given=(*sequences.GIVEN, "no_keys"),
    unsaid=(*sequences.UNSAID, *sequences.GRADIENTS, "one_length"),
    fixed=sequences.FIXED,
    choices={
        **padded.CHOICES,
        **LSE_CHOICES,
        "rows_past": ("unspecified", "zero"),
    },
    choice_needs={
        "frontier": ("causal", "window"),
        "no_keys": ("no_keys",),
        "length": ("key_lengths",),
        "empty_lse": ("return_lse",),
        "lse_base": ("return_lse",),
        "lse_sink": ("sink",),
        "rows_past": ("query_lengths",),
    },
    probes=(
        {**_PROBE, "causal": True, "return_lse": True},
        {**_PROBE, "lengths": ((2, 7), (5, 0), (4, 4)), "return_lse": True},
        {**_PROBE, "window": (2, 0), "sink": "normal", "return_lse": True},
    ),
    questions={"rows_past": _rows_past, "empty_lse": _empty_lse},
    unenforced=("rows_past",),
    nulls={
        **sequences.NULLS,
        "unmasked": forgetting("mask"),
        "unbiased": forgetting("bias"),
        "unpadded": forgetting("query_lengths", "key_lengths"),
        "first_length": _first_length,
        "measured": _measured,
        "late": _late,
        "next_keys": _next_keys,
    },
    null_needs={
        **sequences.NULL_NEEDS,
        "unmasked": ("mask",),
        "unbiased": ("bias",),
        "unpadded": ("key_lengths",),
        "first_length": ("key_lengths",),
        "measured": ("query_lengths", "key_lengths"),
    },
    models=PRESETS,
    relaxations=relaxations,
    words=Words(model=model_in_words),
)


__all__ = ["PADDED"]
