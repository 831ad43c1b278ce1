"""Values that somebody wrote into a recipe: of the sort of those that are drawn."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attnspec.exceptions import InvalidArgument
from attnspec.judge.kind import Kind
from attnspec.judge.recipe import Recipe, same

_LARGEST = 2**63
"""A whole number is less than this, whatever it counts."""

_LONGEST = 400
"""Characters of the message: a value may be as long as it likes."""


def check_values(recipe: Recipe, kind: Kind) -> None:
    """Reject a value of another sort than those that are drawn for its field.

    A word is one of those. A number may be any other of the same sign, and a whole one
    zero; it is whole where all those of the field are. The items of a list are like
    those of the lists that are drawn, and as many; a history has any number of steps.

    Raises
    ------
    InvalidArgument
        If there is one; the message names the field, values that are drawn, and it.
    """
    known = drawn_values(kind)
    for name, value in recipe.fields:
        is_open = name in kind.table.steps
        if not _is_like(value, known[name], is_open=is_open):
            some = ", ".join(map(repr, known[name][:6]))
            msg = f"{name}: expected one like {some}; got {value!r}"
            raise InvalidArgument(msg[:_LONGEST])


@functools.cache
def drawn_values(kind: Kind) -> dict[str, tuple[Any, ...]]:
    """Return for each field the values that are drawn for it, or tried outright."""
    found: dict[str, list[Any]] = {name: [] for name in kind.table.plain}
    for fields in _tried(kind):
        for name, value in kind.table.spread(fields).items():
            if name in found and not any(same(value, each) for each in found[name]):
                found[name].append(value)
    return {name: tuple(values) for name, values in found.items()}


def _tried(kind: Kind) -> Iterator[Mapping[str, Any]]:
    """Yield fields of recipes: one by one as they are drawn, or several at once."""
    drawn = [kind.table.fields]
    drawn += [family.fields for family in kind.table.families]
    drawn += [law.fields for law in kind.laws.values()]
    for fields in drawn:
        for name, values in fields.items():
            yield from ({name: value} for value in values)
    yield kind.simplest
    yield from kind.probes
    for family in kind.table.families:
        yield from family.pinned


def _is_like(value: Any, known: Iterable[Any], *, is_open: bool = False) -> bool:
    """Return whether a value is of the sort of some that are known.

    A list that is open may be as long as it likes.
    """
    alike = [each for each in known if type(each) is type(value)]
    if isinstance(value, tuple):
        lengths = {len(each) for each in alike}
        items = [item for each in alike for item in each]
        is_as_long = is_open or len(value) in lengths
        return is_as_long and all(_is_like(item, items) for item in value)
    if type(value) not in (int, float) or value in alike:
        return value in alike
    if type(value) is int and abs(value) >= _LARGEST:
        return False
    numbers = [each for each in known if type(each) in (int, float)]
    if type(value) is float:
        numbers = numbers if alike and math.isfinite(value) else []
    elif value == 0 and alike:  # Whether a size may be is known to who makes the case.
        return True
    return any(_sign(each) == _sign(value) for each in numbers)


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)


__all__ = ["check_values", "drawn_values"]
