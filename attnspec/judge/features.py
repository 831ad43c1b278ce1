"""What a finding needs in order to show.

What a case has beyond the simplest one are the claims that it makes use of, unusual
data and layouts, and sizes beyond a few. What a finding needs of them is found out by
taking them away.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from attnspec.exceptions import InvalidArgument
from attnspec.judge.case import Case
from attnspec.judge.examination import Examination
from attnspec.judge.kind import Kind
from attnspec.judge.law import Invariant
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.judge.verdicts import Verdict

FEW = 8
"""Sizes up to this one say nothing: a law may need some keys to see anything."""

OF_THE_PAST = "depends on the calls before it"
"""The nature of a finding that a kernel without a past does not show."""

_DEAR = 0.01
"""The cost, in seconds, up to which a case may cost more than another."""

OTHERS = (1, 2)
"""Seeds of other data: one example may be right by chance."""

WRONG = "wrong"
"""The nature of a finding in numbers."""


def nature(law: Invariant, found: Examination, *, fleeting: bool) -> str:
    """Return how a kernel is wrong, in a word.

    `fleeting` is a finding that is not seen again alone.
    """
    if fleeting or (law.of_history and found.verdict is not Verdict.HELD_BACK):
        return OF_THE_PAST
    if found.comparison is None:
        return str(found.verdict)
    is_fact = found.comparison.what == "fact"
    return found.message.partition(":")[0] if is_fact else WRONG


def present(
    kind: Kind, law: Invariant, recipe: Recipe, ran: Iterable[Case], found: Examination
) -> dict[str, int]:
    """Return what a failing case has beyond the simplest one.

    Parameters
    ----------
    kind, law
        Its kind, and the law that it breaks.
    recipe
        What it was made from.
    ran
        The calls that a law made of it: it may give options of its own.
    found
        How it failed.
    """
    table = kind.table
    said = [name for name in table.claims if table.uses(recipe, name)]
    said += [name for name in law.needs if name in table.claims]
    for case in ran:
        said += [*case.options, *_unusual(kind, case.options)]
    said += _unusual(kind, dict(recipe.fields))
    said += [f"layout {operand}" for operand, _ in _layouts(recipe)]
    if found.comparison is not None and found.comparison.what not in ("fact", "output"):
        said.append(f"result {found.comparison.what}")
    said += [several(n) for n in kind.likeness.several if recipe[n] > 1]
    sizes = {size(n): recipe[n] for n in table.numbers if recipe[n] > FEW}
    return {**dict.fromkeys(said, 1), **sizes}


def size(field: str) -> str:
    """Return the word for a size beyond a few: its field may be a claim's name, too."""
    return f"{field} size"


def several(field: str) -> str:
    """Return the word for a size of more than one."""
    return f"several {field}"


def _layouts(recipe: Recipe) -> tuple[tuple[str, str], ...]:
    """Return the layouts of a recipe that has some."""
    return tuple(recipe["layouts"]) if "layouts" in recipe else ()


def _unusual(kind: Kind, values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the fields, or options, whose values are none of the simple ones."""
    table = kind.table
    for name, simple in table.simple.items():
        value = values.get(name)
        known = (None, table.plain.get(name), *simple)
        if simple and name not in table.numbers and not isinstance(value, np.ndarray):
            yield from [f"{name} {value}"] if value not in known else []


def spare_and_needed(
    kind: Kind,
    recipe: Recipe,
    has: Iterable[str],
    fit: Callable[[Recipe], Recipe],
    look: Callable[[Recipe], Examination],
) -> tuple[set[str], set[str], set[str]]:
    """Return what a finding can do without, what it needs, and its signs.

    What the law itself needs is neither, nor anything without which it says nothing.
    A sign accounts for a finding if the one goes where the other goes.
    """
    spare, needs = set(), set()
    mine = set(kind.likeness.signs(kind.case(recipe)))
    signs, gone = set(mine), set()
    for name in has:
        seen: list[tuple[set[str], Examination]] = []
        for seed in (recipe.seed, *OTHERS):
            bare = (r.replace(seed=seed) for r in _simpler(kind, recipe, name))
            fitted = _fitted(kind, bare, fit, recipe)
            seen += [(set(kind.likeness.signs(kind.case(c))), look(c)) for c in fitted]
            if any(again.verdict in _WRONG for _, again in seen):
                break
        failing = [theirs for theirs, again in seen if again.verdict in _WRONG]
        signs = signs.intersection(*failing)
        gone |= {
            s for theirs, again in seen if again.verdict is None for s in mine - theirs
        }
        if failing:
            spare.add(name)
        elif any(says_right(again) for _, again in seen):
            needs.add(name)
    return spare, needs, signs & gone


def _simpler(kind: Kind, recipe: Recipe, name: str) -> Iterator[Recipe]:
    """Yield recipes without something that a case has."""
    table = kind.table
    field, _, unusual = name.partition(" ")
    if name in table.claims and table.uses(recipe, name):
        yield table.without(recipe, name)
        yield from _evened(kind, recipe, name)
    elif field == "several":
        yield single(table, recipe, unusual)
    elif unusual and field in table.simple:
        for value in table.simple[field]:
            yield table.mend(recipe.replace(**{field: value}))


def single(table: Table, recipe: Recipe, field: str) -> Recipe:
    """Return the recipe with a size of 1, and with what is drawn together with it."""
    for name, names in table.together.items():
        # What is no size by itself, as heads, is taken away as a whole.
        if field in set(names) - set(table.sizes):
            first = table.fields[name][0]
            return recipe.replace(**dict(zip(names, first, strict=True)))
    return recipe.replace(**{field: 1})


def _evened(kind: Kind, recipe: Recipe, claim: str) -> Iterator[Recipe]:
    """Yield recipes that lack a claim because sizes that differ are made equal."""
    table = kind.table
    for names in table.together.values():
        if set(names) <= set(table.sizes):
            largest = max(recipe[name] for name in names)
            even = recipe.replace(**dict.fromkeys(names, largest))
            if not table.uses(even, claim):
                yield even


def _fitted(
    kind: Kind,
    candidates: Iterable[Recipe],
    fit: Callable[[Recipe], Recipe],
    recipe: Recipe,
) -> Iterator[Recipe]:
    """Yield the recipes of which a law can be asked, as it can be."""
    for candidate in candidates:
        with contextlib.suppress(InvalidArgument):
            fitted = fit(candidate)
            if fitted != recipe and not _is_dear(kind, fitted, recipe):
                yield fitted


def _is_dear(kind: Kind, recipe: Recipe, given: Recipe) -> bool:
    """Return whether a recipe costs much more than the one that it is made from."""
    budget = kind.table.budget
    if budget is None:
        return False
    return budget.seconds(recipe) > max(_DEAR, 2 * budget.seconds(given))


_WRONG = (Verdict.FAILED, Verdict.HELD_BACK, Verdict.REFUSED, Verdict.CRASHED)


def says_right(found: Examination) -> bool:
    """Return whether a law has looked, and holds."""
    return found.verdict is None and not (found.weak or found.inadmissible)


def is_given(kind: Kind, law: Invariant, name: str) -> bool:
    """Return whether a law always has unusual data: they tell nothing."""
    field, _, unusual = name.partition(" ")
    return bool(unusual) and field in kind.table.simple and forced(kind, law, name)


def forced(kind: Kind, law: Invariant, name: str) -> bool:
    """Return whether a law, or all of its families, sets a size or data of its own."""
    first, _, rest = name.partition(" ")
    field = rest if first == "several" else first
    spread = {field} | {n for n, names in kind.table.together.items() if field in names}
    families = [kind.table.named_families[f].fields for f in law.families]
    return bool(spread & set(law.fields)) or (
        bool(families) and all(spread & set(fields) for fields in families)
    )


def is_always_several(kind: Kind, law: Invariant, field: str) -> bool:
    """Return whether a size is more than one in every case of a law."""
    table = kind.table
    drawn = [law.fields, *(table.named_families[f].fields for f in law.families)]
    least = [_least(table, fields, field) for fields in drawn]
    return least[0] > 1 or (len(least) > 1 and min(least[1:]) > 1)


def _least(table: Table, fields: Mapping[str, tuple[Any, ...]], field: str) -> int:
    """Return the least value that is drawn for a size, or 0 if none is named."""
    spread = [
        table.spread({name: value})
        for name, values in fields.items()
        if name == field or field in table.together.get(name, ())
        for value in values
    ]
    return min((int(parts[field]) for parts in spread), default=0)


__all__ = [
    "FEW",
    "OF_THE_PAST",
    "OTHERS",
    "WRONG",
    "forced",
    "is_always_several",
    "is_given",
    "nature",
    "present",
    "says_right",
    "several",
    "single",
    "size",
    "spare_and_needed",
]
