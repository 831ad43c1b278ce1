"""The arrays of a call as lines of text: what is not short is cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import numpy as np

from attnspec._typing import Array
from attnspec.conformance.reports import words
from attnspec.conformance.witness import Witness
from attnspec.kinds.attention.case import AttentionCase
from attnspec.numerics import within

_WHOLE = 64
"""Values of an array that are all shown; of a larger one its corners are."""


def witness_lines(found: Witness) -> list[str]:
    """Return the arguments of a call, its results, and where they are worst."""
    earlier = words.count(len(found.earlier), "earlier call")
    lines = [f"the call, after {earlier}" if found.earlier else "the call"]
    if not found.is_wrong:
        lines[0] = "the last call: right by itself, the law compares it with others"
    for name, value, layout in _given(found):
        lines += _named(name, value, "" if layout == "contiguous" else layout)
    for result in found.results:
        lines += _named(f"expected {result.name}", result.expected)
        if result.actual is None:
            lines.append(f"  actual {result.name}: none came back")
            continue
        lines += _named(f"actual {result.name}", result.actual)
        lines += _named("bound", np.broadcast_to(result.bound, result.expected.shape))
        lines += _worst(result.expected, result.actual, result.bound, result.name)
    return lines


def _given(found: Witness) -> Iterator[tuple[str, Any, str]]:
    """Yield what the kernel gets, by its own names, each with its layout."""
    case = found.case
    if found.called is None:
        given = case.arguments
    else:
        given = found.called.given(cast("AttentionCase", case))
    # Behind the operands all names may be others, and lie as they come.
    layouts = [case.layout(name) for name in case.operands]
    for place, (name, value) in enumerate(given.items()):
        layout = layouts[place] if place < len(layouts) else case.layout(name)
        yield name, value, layout


def _named(name: str, value: Any, layout: str = "") -> list[str]:
    """Return a value under its name; of an array shape, format and values."""
    if not isinstance(value, np.ndarray):
        return [f"  {name} = {value!r}"]
    about = [f"  {name}", str(value.shape), value.dtype.name, *filter(None, (layout,))]
    if value.size > _WHOLE:
        about.append(f"{value.size:,} values, cut")
    return ["  ".join(about), *_values(value)]


def _values(value: Array) -> Iterator[str]:
    shown = value if value.dtype.kind in "biu" else value.astype(np.float64)
    digits = 17 if value.dtype == np.float64 else 9
    text = np.array2string(
        shown,
        max_line_width=words.WIDTH - 4,
        threshold=_WHOLE,
        edgeitems=2,
        precision=digits,
        floatmode="maxprec",
    )
    return (f"    {line}" for line in text.splitlines() if line.strip())


def _worst(expected: Array, actual: Array, bound: Array, name: str) -> list[str]:
    """Return which entry has the largest error in units of its bound."""
    if actual.shape != expected.shape or not expected.size:
        return []
    found = within(expected, actual, bound, what=name)
    if found.index is None:
        return []
    want, allowed, got = words.numbers(found)
    where = f"{name}[{', '.join(map(str, found.index))}]"
    said = f"{where}: expected {want} +- {allowed}, got {got}"
    return words.wrapped(said, first="  worst")


__all__ = ["witness_lines"]
