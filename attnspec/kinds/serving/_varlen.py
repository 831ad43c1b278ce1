"""What attention of packed sequences is: cases, the exact result, and its bound."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from attnspec.judge.case import Case
from attnspec.judge.claims import Claim
from attnspec.judge.law import Dialect
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.attention.budget import Work
from attnspec.kinds.serving import _sequences as sequences
from attnspec.kinds.serving._budget import budget, work
from attnspec.kinds.serving._gathered import answers
from attnspec.numerics import NumericModel
from attnspec.numerics.tracked import Judged
from attnspec.reference import Segment, packed_segments

SQUARE = (((3, 3), (5, 5), (4, 4)), ((17, 17), (1, 1), (33, 33)))
"""As many queries as keys, in each of several sequences."""

EQUAL = (((3, 5), (3, 5)), ((16, 16), (16, 16), (16, 16)))
"""Sequences of one length: a batch."""

SEVERAL = (
    *(((3, 3), (5, 5), (4, 4)), ((2, 7), (5, 1), (4, 4))),
    *(((17, 17), (1, 1), (33, 33)), ((8, 8), (0, 0), (0, 4), (3, 2))),
)
"""Several sequences, of which no two next to each other are alike."""

KEYLESS = (((2, 3), (3, 0), (4, 4)), ((1, 0), (5, 5)), ((4, 0), (0, 3), (2, 2)))
"""A sequence has queries and no keys."""

LENGTHS = (
    *(((1, 1),), ((1, 1), (2, 2)), *SEVERAL, *EQUAL, *KEYLESS),
    *(((0, 0), (0, 4), (1, 1)), ((63, 64), (65, 64), (1, 127))),
    *(((128, 128), (1, 129), (127, 1)), ((1, 9), (1, 33), (1, 2), (1, 1), (1, 64))),
)
"""The numbers of queries and of keys of each sequence."""

UNUSED = (None, 0, 1, 3)
"""How many rows of each slot its sequence does not use; None where that is not said."""

SIDES = ("query", "key")


def _work(recipe: Recipe) -> Work:
    """Return the work of a call."""
    pairs = recipe["lengths"]
    return work(recipe, pairs, sum(keys for _, keys in pairs))


TABLE = Table(
    fields={
        "lengths": LENGTHS,
        **sequences.FIELDS,
        "used_query": UNUSED,
        "used_key": UNUSED,
        # Rows behind the last sequence, and how much larger the bounds on lengths are.
        "behind": (0, 1, 5, 64),
        "slack": (0, 1, 100),
        "into": (False,),  # The law of it draws True.
    },
    claims={
        **sequences.CLAIMS,
        **sequences.GRADIENTS,
        "used_query": Claim("slots longer than their queries", "used_query"),
        "used_key": Claim("slots longer than their keys", "used_key"),
        "no_keys": Claim(
            "a sequence with queries and no keys",
            used=lambda recipe: any(q and not k for q, k in recipe["lengths"]),
            dropped=lambda recipe: recipe.replace(
                lengths=tuple((q, k or 1) for q, k in recipe["lengths"])
            ),
        ),
        "no_queries": Claim(
            "a sequence without queries",
            used=lambda recipe: any(not q for q, _ in recipe["lengths"]),
            dropped=lambda recipe: recipe.replace(
                lengths=tuple(
                    (q, k) if q else (1, k or 1) for q, k in recipe["lengths"]
                )
            ),
        ),
        "rows_behind": Claim("rows behind the last sequence", "behind"),
        "out": Claim("the result is written into a buffer", "into"),
    },
    mend=sequences.mended,
    switches=(*sequences.SWITCHES, "used_query", "used_key"),
    budget=budget(_work),
)


def build(recipe: Recipe) -> Case:
    lengths = np.array(recipe["lengths"]).T
    form = np.dtype(recipe["index"])
    sums, unowned, options = {}, {}, sequences.options_of(recipe)
    for side, own in zip(SIDES, lengths, strict=True):
        unused = recipe[f"used_{side}"]
        slots = own + (unused or 0)
        sums[side] = np.append(0, np.cumsum(slots)).astype(form)
        behind = np.ones(recipe["behind"], np.bool_)
        rows = [np.arange(slot) >= n for slot, n in zip(slots, own, strict=True)]
        unowned[side] = np.concatenate([*rows, behind])
        if unused is not None:
            options[f"used_{side}"] = own.astype(form)
    key_heads, group = recipe["key_heads"], recipe["group"]
    width, value_width = sequences.widths(recipe)
    shapes = {
        "query": (unowned["query"].size, key_heads * group, width),
        "key": (unowned["key"].size, key_heads, width),
        "value": (unowned["key"].size, key_heads, value_width),
    }
    sides = {"query": "query", "key": "key", "value": "key"}
    operands: dict[str, Any] = {
        name: sequences.drawn(recipe, name, shape, unowned[sides[name]])
        for name, shape in shapes.items()
    }
    operands |= {f"cu_{side}": sums[side] for side in SIDES}
    for side, own in zip(SIDES, lengths, strict=True):
        operands[f"max_{side}"] = int(own.max()) + recipe["slack"]
    case = Case(operands, options, (), recipe.dtype)
    if recipe["into"]:
        case = case.replace(out=np.zeros(0))
    return sized(case, return_lse=recipe["return_lse"])


def sized(case: Case, *, return_lse: bool) -> Case:
    """Return the call with results as large as its operands make them."""
    (rows, heads, _), width = case["query"].shape, case["value"].shape
    output, lse = (rows, heads, width[2]), (heads, rows)
    return sequences.sized(case, output, lse, return_lse=return_lse)


def segments_of(case: Case) -> list[Segment]:
    """Return where the sequences of a call lie."""
    names = ("cu_query", "cu_key", "used_query", "used_key")
    return packed_segments(*(case[name] for name in names))


def unowned_rows(case: Case, side: str = "query") -> npt.NDArray[np.bool_]:
    """Return which rows belong to nobody."""
    rows = np.ones(len(case[side]), np.bool_)
    for segment in segments_of(case):
        rows[segment.queries if side == "query" else segment.keys] = False
    return rows


def judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Attend within each sequence."""
    names = ("scale", "causal", "window", "softcap", "sink")
    options = {name: case[name] for name in names if case[name] is not None}
    query, key, value = (
        case[name].swapaxes(0, 1)[None] for name in ("query", "key", "value")
    )
    found = answers((query, key, value), segments_of(case), options, choices, model)
    return Judged(
        found.output[0].swapaxes(0, 1),
        found.bound[0].swapaxes(0, 1),
        {"lse": (found.lse[0], found.lse_bound[0])},
    )


__all__ = [
    "EQUAL",
    "KEYLESS",
    "LENGTHS",
    "SEVERAL",
    "SIDES",
    "SQUARE",
    "TABLE",
    "UNUSED",
    "build",
    "judge",
    "segments_of",
    "sized",
    "unowned_rows",
]
