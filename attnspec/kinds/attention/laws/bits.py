"""Laws of bits: alone and in a batch, one query and many, with more threads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from attnspec.judge.invariance import Batch, Places, enter, others_changed
from attnspec.judge.law import Dialect
from attnspec.kinds.attention.kind import ATTENTION

_OPERANDS = ("query", "key", "value")


def _count(case: Any) -> int:
    """Return how many batch elements a call has."""
    return len(case.query)


def _taken(case: Any, numbers: Sequence[int]) -> tuple[Any, Places]:
    """Return the call with some batch elements, and where their results are."""
    own, batch = np.array(numbers), _count(case)
    changes: dict[str, Any] = {name: case[name][own] for name in _OPERANDS}
    for name, axes in (("mask", 4), ("bias", 4), ("alibi_slopes", 2)):
        array = case[name]
        if array is not None and array.ndim == axes and len(array) == batch:
            changes[name] = array[own]
    return case.replace(layouts={}, **changes), {"output": own}


def _loud(case: Any, number: int) -> Any:
    """Return the call in which other batch elements have other numbers."""
    kept = (np.arange(_count(case)) == number)[:, None, None, None]
    changes = {name: others_changed(case[name], kept) for name in _OPERANDS}
    return case.replace(layouts={}, **changes)


def _stepwise(case: Any) -> Iterator[tuple[Any, Places, str]]:
    """Yield calls with one query, and the keys up to its own."""
    queries, before = case.sizes.L, case.sizes.S - case.sizes.L
    for at in dict.fromkeys((0, queries // 2, queries - 1)) if queries else ():
        keys = before + at + 1
        if keys > 0:
            parts = {n: case[n][:, :, :keys] for n in ("key", "value")}
            own = slice(at, at + 1)
            one = case.replace(query=case.query[:, :, own], layouts={}, **parts)
            here = (slice(None), slice(None), own)
            yield one, {"output": here}, f"query {at} alone"


def _from_the_last(dialect: Dialect, _capabilities: Any) -> bool:
    """Return whether the last query stands at the last key."""
    return dialect["alignment"] == "lower_right"


BATCH = Batch(count=_count, taken=_taken, loud=_loud, stepwise=_stepwise)
"""How the elements of a batch are told apart."""

enter(
    ATTENTION,
    BATCH,
    prefix="",
    several={
        "batch": (2, 3, 1),
        "lengths": ((3, 5), (1, 129), (17, 17), (5, 65), (65, 129)),
        "widths": ((8, 8), (80, 80), (64, 64)),
        "scores": ("normal",),
        "values": ("normal",),
        "layouts": ((),),
    },
    stepwise={
        "fields": {"lengths": ((3, 5), (2, 129), (17, 17), (5, 65), (65, 129))},
        "needs": ("causal",),
        "without": ("mask", "bias", "alibi_slopes"),
        "applies": _from_the_last,
    },
)

__all__ = ["BATCH"]
