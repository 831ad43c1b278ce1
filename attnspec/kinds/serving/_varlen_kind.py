"""The kind `varlen`: its definition, its nulls, and what tells its choices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from attnspec._typing import Array, Window
from attnspec.judge.case import Case
from attnspec.judge.claims import Capabilities
from attnspec.judge.kind import Kind
from attnspec.judge.law import F64, Dialect
from attnspec.judge.nulls import Right
from attnspec.judge.questions import Call, Question
from attnspec.judge.words import Words
from attnspec.kinds.attention.words import model_in_words
from attnspec.kinds.serving import _sequences as sequences
from attnspec.kinds.serving import _usage as usage
from attnspec.kinds.serving import _varlen as packed
from attnspec.kinds.serving._gathered import LSE_CHOICES, named_empty_lse
from attnspec.numerics import PRESETS, relaxations
from attnspec.numerics.dtypes import working_dtype
from attnspec.reference import packed_attention


def _left_open(case: Case, choices: Dialect) -> dict[str, Array]:
    """Leave open what is answered to nobody, unless it is zero by the dialect."""
    nobody = packed.unowned_rows(case)
    if choices["gap_rows"] == "zero":
        return {"lse": nobody}
    return {"output": nobody[:, None, None], "lse": nobody}


def _defined(  # noqa: PLR0913 - the face of the field
    query: Array,
    key: Array,
    value: Array,
    cu_query: Array,
    cu_key: Array,
    max_query: int,  # noqa: ARG001 - bounds that a definition does not need
    max_key: int,  # noqa: ARG001
    *,
    causal: bool = False,
    window: Window | None = None,
    softcap: float | None = None,
    sink: Array | None = None,
    scale: float | None = None,
    used_query: Array | None = None,
    used_key: Array | None = None,
    return_lse: bool = False,
    out: Array | None = None,
) -> Array | tuple[Array, Array] | None:
    """Evaluate the definition and round its result once; it may be written."""
    output, lse = packed_attention(
        query,
        key,
        value,
        cu_query,
        cu_key,
        used_query=used_query,
        used_key=used_key,
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


def _rows_behind(call: Call, capabilities: Capabilities, dtype: str) -> str | None:
    """Find out what is answered to rows that belong to nobody."""
    if "rows_behind" not in capabilities:
        return None
    fields: dict[str, Any] = {"lengths": ((3, 3), (5, 5)), "width": 8, "behind": 5}
    case = VARLEN.case(VARLEN.recipe(dtype, **fields))
    output = call(case).output
    return "unspecified" if output[packed.unowned_rows(case)].any() else "zero"


def _empty_lse(call: Call, capabilities: Capabilities, dtype: str) -> str | None:
    """Find out what the logsumexp of no keys is."""
    if not capabilities.allows({"return_lse", "no_keys"}):
        return None
    fields: dict[str, Any] = {
        "lengths": ((2, 3), (3, 0)),
        "width": 8,
        "return_lse": True,
    }
    recipe = VARLEN.table.within(VARLEN.recipe(dtype, **fields), capabilities)
    lse = call(VARLEN.case(recipe)).others["lse"]
    return named_empty_lse(float(lse[0, 2]), dtype)


_QUESTIONS: dict[str, Question] = {"gap_rows": _rows_behind, "empty_lse": _empty_lse}


def _sums(case: Case, *changed: Iterable[int]) -> Case:
    """Return the call with other sums, all of whose rows are used."""
    sums = {
        f"cu_{side}": np.array([*sums]).astype(case["cu_query"].dtype)
        for side, sums in zip(packed.SIDES, changed, strict=True)
    }
    return case.replace(**sums, used_query=None, used_key=None)


def _one_sequence(case: Case, right: Right) -> Array:
    """Take all of them for one sequence."""
    return right(_sums(case, *((0, case[f"cu_{side}"][-1]) for side in packed.SIDES)))


def _to_the_end(case: Case, right: Right) -> Array:
    """Let the last sequence go on to the end of the keys."""
    keys = [*case["cu_key"][:-1], len(case["key"])]
    return right(_sums(case, case["cu_query"], keys))


def _late(case: Case, right: Right) -> Array:
    """Answer each query with the answer to the one before it."""
    return np.roll(right(case), 1, axis=-1 if right.result == "lse" else 0)


def _next_keys(case: Case, right: Right) -> Array:
    """Read each key one row too late."""
    return right(case.changed(lambda a: np.roll(a, -1, axis=0), "key", "value"))


def _numbered(case: Case, right: Right) -> Array:
    """Add to each answer the number of its sequence."""
    found: F64 = right(case)
    for number, segment in enumerate(packed.segments_of(case)):
        found[segment.queries] += number
    return found


def _measured(case: Case, right: Right) -> Array:
    """Add the bound on the lengths to each answer."""
    return right(case) + case["max_query"] + case["max_key"]


def _unused_read(case: Case, right: Right) -> Array:
    """Read slots to their end."""
    return right(case.without("used_query", "used_key"))


VARLEN = Kind(
    name="varlen",
    sentence="Attends within each of the sequences that are packed into one array.",
    table=packed.TABLE,
    build=packed.build,
    judge=packed.judge,
    left_open=_left_open,
    definition=_defined,
    usage=usage.VARLEN,
    simplest={
        "lengths": ((3, 3), (5, 5), (4, 4)),
        "key_heads": 2,
        "width": 8,
        "data": "normal",
    },
    given=(*sequences.GIVEN, "no_keys", "no_queries", "rows_behind"),
    unsaid=(*sequences.UNSAID, *sequences.GRADIENTS),
    fixed=sequences.FIXED,
    choices={
        "alignment": ("lower_right", "upper_left"),
        **LSE_CHOICES,
        "gap_rows": ("unspecified", "zero"),
    },
    choice_needs={
        "alignment": ("causal", "window"),
        "empty_lse": ("return_lse",),
        "lse_base": ("return_lse",),
        "lse_sink": ("sink",),
        "gap_rows": ("rows_behind",),
    },
    probes=(
        {
            "lengths": ((2, 7), (5, 1), (3, 0)),
            "width": 8,
            "data": "normal",
            "causal": True,
            "return_lse": True,
        },
        {
            "lengths": ((2, 7), (5, 3)),
            "width": 8,
            "data": "normal",
            "window": (2, 0),
            "sink": "normal",
            "return_lse": True,
        },
    ),
    questions=_QUESTIONS,
    unenforced=("gap_rows",),
    nulls={
        **sequences.NULLS,
        "one_sequence": _one_sequence,
        "to_the_end": _to_the_end,
        "late": _late,
        "next_keys": _next_keys,
        "numbered": _numbered,
        "measured": _measured,
        "unused_read": _unused_read,
    },
    null_needs={
        **sequences.NULL_NEEDS,
        "to_the_end": ("rows_behind",),
        "unused_read": ("used_query", "used_key"),
    },
    models=PRESETS,
    relaxations=relaxations,
    words=Words(model=model_in_words),
)


__all__ = ["VARLEN"]
