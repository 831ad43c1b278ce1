"""How long an example of attention takes, estimated, and how a larger one is cut."""

from __future__ import annotations

from typing import NamedTuple

from attnspec.judge.family import Budget
from attnspec.judge.recipe import Recipe

_EXAMPLE = 1.1e-3
"""Seconds that the smallest example takes."""


class Work(NamedTuple):
    """What the time of an example grows with."""

    key_heads: int
    """B Hkv: each has a matrix product of its own."""
    rows: int
    """B Hq L."""
    scores: int
    """B Hq L S."""
    multiplications: int
    """B Hq L S (E + Ev)."""
    elements: int
    """Of query, key, value and result."""


def work(r: Recipe) -> Work:
    """Return the work of an example."""
    key_heads = r["batch"] * r["key_heads"]
    rows = r["batch"] * r["query_heads"] * r["queries"]
    scores = rows * r["keys"]
    widths = r["width"] + r["value_width"]
    elements = (rows + key_heads * r["keys"]) * widths
    return Work(key_heads, rows, scores, scores * widths, elements)


_SECONDS = (1.6e-6, 4.3e-7, 1.8e-8, 2.4e-11, 2.9e-8)
"""Seconds for each unit, as ``benchmarks/example_cost.py`` measured: nine examples in
ten take between 0.8 and 1.9 times what comes out."""


def seconds(work: Work) -> float:
    """Return about how many seconds an example takes."""
    units = zip(_SECONDS, work, strict=True)
    return _EXAMPLE + sum(each * count for each, count in units)


BUDGET = Budget(
    seconds=lambda r: seconds(work(r)),
    drawn={"smoke": 0.0025, "standard": 0.004, "thorough": 0.1},
    outright={"smoke": 0.01, "standard": 0.3, "thorough": 3.0},
    cuts=(
        lambda r: r.replace(batch=1 if r["batch"] < 3 else 2),
        lambda r: r.replace(queries=max(3, r["queries"] // 2)),
        lambda r: r.replace(width=max(4, r["width"] // 2)),
        lambda r: r.replace(value_width=max(4, r["value_width"] // 2)),
        lambda r: r.replace(query_heads=1, key_heads=1),
    ),
    # Where L must be S, fewer queries alone come back as many as there are keys.
    last=lambda r: r.replace(queries=r["queries"] // 2, keys=r["keys"] // 2),
)
"""How long an example may take."""

__all__ = ["BUDGET", "Work", "seconds", "work"]
