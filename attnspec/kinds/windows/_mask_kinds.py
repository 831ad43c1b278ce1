"""What kinds whose functions return a mask share: they are compared exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.claims import Claim
from attnspec.judge.kind import Kind, Null, result
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.judge.usage import Usage
from attnspec.numerics import Comparison, NumericModel, identical
from attnspec.numerics.tracked import Judged, unrounded
from attnspec.reference.masks import positions

Mask = npt.NDArray[np.bool_]

ALIGNMENT = {"alignment": ("lower_right", "upper_left")}
"""Where queries stand if they are fewer or more than the keys."""

SQUARE = {"more": (0,)}
"""As many queries as keys."""

LONG = (3, 5, 8, 17)
"""Numbers of queries from which a pattern can be told: one or two may see it all."""

SIZES: Mapping[str, tuple[Any, ...]] = {
    "queries": (1, 2, 3, 5, 8, 17),
    # Fewer keys than queries: aligned at the end, the first queries stand before them.
    "more": (0, 1, 4, -1, -3),
}
"""Numbers of queries, and how many keys there are more."""


def counts(recipe: Recipe) -> dict[str, int]:
    """Return the numbers of queries and of keys, each at least one."""
    queries = recipe["queries"]
    return {"queries": queries, "keys": max(1, queries + recipe["more"])}


def places(case: Case, choices: Dialect) -> tuple[Array, Array]:
    """Return where queries and keys stand, as the dialect aligns them."""
    alignment: Any = choices["alignment"]
    queries = positions(case["queries"], case["keys"], alignment=alignment)
    return queries, np.arange(case["keys"])


def mask_kind(  # noqa: PLR0913 - all that such a kind can have
    name: str,
    sentence: str,
    definition: Callable[..., Any],
    *,
    usage: Usage,
    fields: Mapping[str, tuple[Any, ...]],
    operands: Callable[[Recipe], Mapping[str, Any]] | None = None,
    exact: Callable[[Case, Dialect], Mask] | None = None,
    nulls: Mapping[str, Null],
    choices: Mapping[str, tuple[str, ...]] | None = None,
    probes: tuple[Mapping[str, Any], ...] = (),
    claims: Mapping[str, Claim] | None = None,
    mend: Callable[[Recipe], Recipe] = lambda recipe: recipe,
    simplest: Mapping[str, Any] | None = None,
) -> Kind:
    """Return a kind of functions that return a mask, True where a query attends.

    Operands are the numbers of queries and keys, and then the kind's own fields, unless
    it says otherwise; what is right is its definition, unless its choices play a part.
    What can be claimed is claimed unless it is withdrawn.
    """

    def numbered(recipe: Recipe) -> dict[str, Any]:
        return {**counts(recipe), **{n: recipe[n] for n in fields if n not in SIZES}}

    def build(recipe: Recipe) -> Case:
        given = operands(recipe) if operands else numbered(recipe)
        shape = definition(*given.values()).shape
        return Case(given, {}, result("mask", shape, "boolean"), recipe.dtype)

    def judge(case: Case, chosen: Dialect, _model: NumericModel) -> Judged:
        found = exact(case, chosen) if exact else definition(*case.operands.values())
        return unrounded(found)

    table = Table(fields, claims or {}, mend)
    first = build(table.recipe(name, "float32"))
    return Kind(
        name=name,
        sentence=sentence,
        operands=tuple(first.operands),
        table=table,
        build=build,
        judge=judge,
        definition=definition,
        usage=usage,
        given=tuple(claims or ()),
        choices=choices or {},
        simplest={"queries": 8} if simplest is None else simplest,
        probes=probes,
        # Each query sees what the one before it sees, and the first what the last does.
        nulls={"early": lambda case, right: np.roll(right(case), 1, axis=0), **nulls},
    )


def mask_of(case: Case, bench: Bench) -> Mask:
    """Call a function and return its mask."""
    return bench.run(case).output.astype(np.bool_)


def holds(expected: Array, actual: Array, note: str) -> Iterator[Comparison]:
    """Yield whether a mask is another one."""
    yield identical(np.asarray(expected), np.asarray(actual), what=note)


def by_distance(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Whether a key is seen is decided by its distance alone."""
    mask = mask_of(case, bench)
    yield from holds(mask[:-1, :-1], mask[1:, 1:], "one further down")


def parts(mask: Mask) -> Iterator[Comparison]:
    """Yield whether a mask divides a sequence into parts that see themselves alone."""
    own = mask.diagonal()
    yield from holds(np.ones_like(own), own, "own key")
    yield from holds(mask.T, mask, "the other way round")
    # A product of booleans is a disjunction: seen through any third token.
    yield from holds(mask, mask @ mask, "what is seen by what is seen")


__all__ = [
    "ALIGNMENT",
    "LONG",
    "SIZES",
    "SQUARE",
    "Mask",
    "by_distance",
    "counts",
    "holds",
    "mask_kind",
    "mask_of",
    "parts",
    "places",
]
