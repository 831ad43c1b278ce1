"""The same packed sequences in other packs: some of them, in an order, or tightly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.kinds.serving import _varlen as packed
from attnspec.kinds.serving._sequences import Places


def rows_of(case: Case, slots: Sequence[int], side: str) -> Array:
    """Return the rows of some slots, one slot behind the other."""
    sums = case[f"cu_{side}"]
    rows = [np.arange(sums[slot], sums[slot + 1]) for slot in slots]
    return np.concatenate([np.arange(0), *rows])


def taken(case: Case, slots: Sequence[int]) -> tuple[Case, Places]:
    """Return the call with these slots alone, and where its rows were."""
    changes: dict[str, Any] = {}
    for side in ("query", "key"):
        lengths = np.diff(case[f"cu_{side}"])[list(slots)]
        sums = np.append(0, np.cumsum(lengths)).astype(case[f"cu_{side}"].dtype)
        changes[f"cu_{side}"] = sums
        if case[f"used_{side}"] is not None:
            changes[f"used_{side}"] = case[f"used_{side}"][list(slots)]
    queries, keys = (rows_of(case, slots, side) for side in ("query", "key"))
    changes |= {"query": case["query"][queries]}
    changes |= {name: case[name][keys] for name in ("key", "value")}
    other = packed.sized(
        case.replace(**changes), return_lse=case["return_lse"] is not None
    )
    return other, places(queries)


def places(queries: Any) -> Places:
    """Return the parts of the results that are those of some queries."""
    return {"output": queries, "lse": (slice(None), queries)}


def tight(case: Case) -> Case:
    """Return the call without the rows that belong to nobody."""
    changes: dict[str, Any] = {"used_query": None, "used_key": None}
    for name in ("query", "key", "value"):
        side = "query" if name == "query" else "key"
        changes[name] = case[name][~packed.unowned_rows(case, side)]
    segments = packed.segments_of(case)
    for side, rows in {
        "query": [s.queries for s in segments],
        "key": [s.keys for s in segments],
    }.items():
        lengths = [each.stop - each.start for each in rows]
        sums = np.append(0, np.cumsum(lengths)).astype(case[f"cu_{side}"].dtype)
        changes[f"cu_{side}"] = sums
    return packed.sized(
        case.replace(**changes), return_lse=case["return_lse"] is not None
    )


__all__ = ["places", "rows_of", "taken", "tight"]
