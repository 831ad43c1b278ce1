"""Functions of the other kinds before the judge."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.exceptions import KernelFault
from attnspec.judge.bench import Draws, Executor, Inadmissible, KernelBench
from attnspec.judge.case import Case, Result
from attnspec.judge.claims import Capabilities
from attnspec.judge.domain import TableDomain
from attnspec.judge.dtypes import numpy_dtype
from attnspec.judge.implementation import Description
from attnspec.judge.kind import Kind
from attnspec.judge.law import Invariant
from attnspec.judge.recipe import Recipe
from attnspec.judge.verdicts import Detected
from attnspec.kinds.registry import KINDS
from attnspec.numerics import NumericModel, within
from attnspec.numerics.tracked import Judged

_NARROWER = {"float64": ("float32",), "float32": ("float16", "bfloat16")}


class TableBench(KernelBench):
    """Runs a function of a kind, and evaluates what is right for it."""

    dialect: Mapping[str, str]

    @property
    def kind(self) -> Kind:
        """The kind of the function."""
        return KINDS[self.description.kind]

    def evaluate(self, case: Case) -> Judged:
        """Return the exact result and its bounds, or raise `Inadmissible`."""
        exact = self.kind.judge(case, self.dialect, self.model)
        if np.isnan(exact.bound).any():
            msg = "a bound that is no number"
            raise Inadmissible(msg)
        return exact

    def build(self, recipe: Recipe) -> Case:
        """Return the case that a recipe describes."""
        return built(recipe)

    def nulls(self, law: Invariant) -> tuple[str, ...]:
        """Return the null answers of a law that can be told from a right one."""
        return self.kind.tellable(law.nulls, self.capabilities)

    def null(self, name: str) -> Callable[[Case], Result]:
        """Return a function that gives a null answer."""
        null = self.kind.null(name)

        def answer(case: Case) -> Result:
            exact = self.judged(case)
            with np.errstate(all="ignore"):  # A null may overflow what is right.
                output = np.asarray(null(case, self._right)).astype(_format(case))
            return Result(
                output,
                others={name: value for name, (value, _) in exact.others.items()},
            )

        return answer

    def _right(self, case: Case) -> Array:
        return self.kind.judge(case, self.dialect, self.model).output

    def draws(self, law: Invariant, dtype: str, tier: str, seed: int) -> Draws:  # noqa: ARG002 - all tiers draw from one table
        """Return what the examples of a law are taken from."""
        kind, claims = self.kind, self.capabilities.claims
        domain = TableDomain(kind.name, kind.table, claims, dtype, seed, law.fields)
        allowed = domain.values()

        def fit(recipe: Recipe) -> Recipe:
            within_scope = kind.table.within(recipe, claims)
            kept = {
                name: allowed[name][0]
                for name in law.fields
                if within_scope[name] not in allowed[name]
            }
            return kind.table.mend(within_scope.replace(**kept))

        return Draws(dtype, seed, tuple(domain.pinned()), domain.strategy(), fit)

    def out_of_scope(self, law: Invariant) -> str:
        """Return why a law says nothing of this function, or nothing."""
        if missing := self.capabilities.missing(law.needs):
            return f"{', '.join(missing)} not claimed"
        applies: Callable[[Any, Capabilities], bool] = law.applies
        if not applies(self.dialect, self.capabilities) or not self.nulls(law):
            return "nothing to see within what is claimed"
        return ""

    def simplest(self, dtype: str) -> Case:
        """Return the case of the simplest call of all."""
        return built(self.kind.table.recipe(self.kind.name, dtype))

    def simpler(self, recipe: Recipe) -> Iterator[Recipe]:
        """Yield simpler recipes, the boldest first."""
        return self.kind.table.simpler(recipe)

    def weight(self, recipe: Recipe) -> tuple[int, ...]:
        """Return how hard a recipe is to read."""
        return (self.kind.table.rank(recipe),)

    def relaxations(self) -> Iterator[tuple[str, NumericModel]]:
        """Yield milder numeric models: the same in a narrower working format."""
        for narrow in _NARROWER.get(self.model.softmax, ()):
            words = f"it is computed in {narrow}"
            yield words, self.model.replace(softmax=narrow, flushed=(narrow,))


def _format(case: Case) -> np.dtype[Any]:
    """Return the format of a function's first result."""
    form = case.results[0][2] or case.dtype
    plain = {"integer": np.dtype(np.int64), "boolean": np.dtype(np.bool_)}
    return plain[form] if form in plain else numpy_dtype(form)


def built(recipe: Recipe) -> Case:
    """Return the case of a recipe; it knows what it was made from."""
    case = KINDS[recipe.kind].build(recipe)
    return dataclasses.replace(case, facts={**case.facts, "recipe": recipe})


def detect_choices(
    call: Executor, description: Description, model: NumericModel, dtype: str
) -> Detected:
    """Return the dialect of a function: declared, else detected, else the default.

    Of all combinations of choices those stay that are right on every probe; a field
    is detected if they agree on it.
    """
    kind = KINDS[description.kind]
    chosen = {**kind.default(), **description.dialect}
    sources = dict.fromkeys(description.dialect, "declared")
    left = [
        choices
        for choices in _combinations(kind, description.dialect)
        if _fits(call, kind, choices, model, dtype)
    ]
    for name in kind.choices:
        found = {choices[name] for choices in left}
        if name not in sources and len(found) == 1 and kind.probes:
            chosen[name] = found.pop()
            sources[name] = "detected"
    return Detected(chosen, sources)


def _combinations(kind: Kind, declared: Mapping[str, str]) -> list[dict[str, str]]:
    combinations: list[dict[str, str]] = [{}]
    for name, values in kind.choices.items():
        allowed = (declared[name],) if name in declared else values
        combinations = [{**c, name: value} for c in combinations for value in allowed]
    return combinations


def _fits(
    call: Executor,
    kind: Kind,
    choices: Mapping[str, str],
    model: NumericModel,
    dtype: str,
) -> bool:
    """Return whether a function is right on every probe under these choices."""
    for fields in kind.probes:
        case = built(kind.table.recipe(kind.name, dtype, **fields))
        exact = kind.judge(case, choices, model)
        try:
            output = call(case).output
        except KernelFault:
            return False
        # A probe tells choices apart by far, so it may be generous to rounding.
        if not within(exact.output, output, 64.0 * exact.bound).holds:
            return False
    return True


__all__ = ["TableBench", "built", "detect_choices"]
