"""Attention before the judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attnspec.exceptions import InvalidArgument
from attnspec.judge import shrink
from attnspec.judge.bench import Draws, Inadmissible, KernelBench
from attnspec.judge.case import Result
from attnspec.judge.law import Invariant
from attnspec.kinds.attention.bounds.admissible import admissible
from attnspec.kinds.attention.bounds.evaluator import Evaluation, evaluate
from attnspec.kinds.attention.build import build
from attnspec.kinds.attention.case import OPTIONS, AttentionCase
from attnspec.kinds.attention.dialect import Dialect
from attnspec.kinds.attention.drawing import Domain, recipes, tidied
from attnspec.kinds.attention.nulls import null_kernel, tellable
from attnspec.kinds.attention.recipe import AttentionRecipe
from attnspec.numerics import NumericModel, relaxations


class AttentionKernelBench(KernelBench):
    """Runs an attention kernel, and evaluates what is right for it."""

    dialect: Dialect

    def evaluate(self, case: AttentionCase) -> Evaluation:
        """Return the exact result and its bounds, or raise `Inadmissible`."""
        if reason := admissible(case, self.dialect, self.model):
            raise Inadmissible(reason)
        return evaluate(case, self.dialect, self.model)

    def build(self, recipe: AttentionRecipe) -> AttentionCase:
        """Return the case that a recipe describes."""
        return build(recipe)

    def nulls(self, law: Invariant) -> tuple[str, ...]:
        """Return the null answers of a law that can be told from a right one."""
        return tellable(law.nulls, law.scope(self.capabilities), law.needs)

    def null(self, name: str) -> Callable[[AttentionCase], Result]:
        """Return a fresh kernel that gives a null answer."""
        return null_kernel(name, self.dialect)

    def draws(self, law: Invariant, dtype: str, tier: str, seed: int) -> Draws:
        """Return what the examples of a law are taken from."""
        domain = Domain(
            capabilities=law.scope(self.capabilities),
            dtype=dtype,
            tier=tier,
            seed=seed,
            families=law.families,
            needs=law.needs,
            any_of=law.any_of,
            fields=law.fields,
        )

        def fit(recipe: AttentionRecipe) -> AttentionRecipe:
            if domain.needs & set(OPTIONS) - set(recipe.options):
                msg = "recipe: it lacks an option that the law needs"
                raise InvalidArgument(msg)
            return domain.capabilities.fit(tidied(recipe), keep=domain.needs)

        return Draws(dtype, seed, tuple(domain.pinned()), recipes(domain), fit)

    def out_of_scope(self, law: Invariant) -> str:
        """Return why a law says nothing of this kernel, or nothing."""
        scope = law.scope(self.capabilities)
        if missing := scope.missing(law.needs):
            return f"{', '.join(missing)} not claimed"
        if not scope.allows(law.needs):
            return f"{' and '.join(sorted(law.needs))} exclude each other"
        if not law.applies(self.dialect, scope):
            return "nothing to see within what is claimed"
        domain = Domain(scope, families=law.families, needs=law.needs, tier="standard")
        if not domain.usable():
            return "no family can be drawn within what is claimed"
        return "" if self.nulls(law) else "nothing to see within what is claimed"

    def simplest(self, dtype: str) -> AttentionCase:
        """Return the case of the simplest call of all."""
        recipe = AttentionRecipe(dtype=dtype, queries=3, keys=3, width=4, value_width=4)
        return build(self.capabilities.fit(recipe))

    def simpler(self, recipe: AttentionRecipe) -> Iterator[AttentionRecipe]:
        """Yield simpler recipes, the boldest first."""
        return shrink.candidates(recipe)

    def weight(self, recipe: AttentionRecipe) -> tuple[int, ...]:
        """Return how hard a recipe is to read."""
        return shrink.weight(recipe)

    def relaxations(self) -> Iterator[tuple[str, NumericModel]]:
        """Yield milder numeric models, and the words for each."""
        yield from relaxations(self.model)


__all__ = ["AttentionKernelBench"]
