"""Where a function stands while it is judged."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from attnspec.exceptions import KernelFault
from attnspec.judge.case import Case, Result, settled
from attnspec.judge.claims import Capabilities
from attnspec.judge.description import Description
from attnspec.judge.deviations import Deviation
from attnspec.judge.domain import Domain
from attnspec.judge.evidence import Evidence, Explanation
from attnspec.judge.kind import Kind
from attnspec.judge.law import Dialect, Exact, Invariant
from attnspec.judge.recipe import Recipe
from attnspec.judge.remembered import Remembered
from attnspec.judge.traits import holds
from attnspec.judge.verdicts import Finding
from attnspec.numerics import NumericModel

if TYPE_CHECKING:
    from hypothesis import strategies as st


class Executor(Protocol):
    """Something that calls a function: in this process, or in a worker."""

    @property
    def forgets(self) -> bool:
        """Whether `restart` leaves a function without a past."""

    def __call__(self, case: Case) -> Result:
        """Call the function."""

    def restart(self) -> None:
        """Forget all earlier calls, where that is possible."""


@dataclasses.dataclass(frozen=True, slots=True)
class Draws:
    """What the examples of one law in one dtype are taken from."""

    dtype: str
    seed: int
    pinned: tuple[Recipe, ...]
    """Recipes of which some are tried, before any is drawn."""
    outright: tuple[Recipe, ...]
    """The recipes that are all tried."""
    strategy: st.SearchStrategy[Recipe]
    fit: Callable[[Recipe], Recipe]
    """Makes a recipe valid within what is claimed; raises if it cannot be."""


class KernelBench:
    """Runs a function, and evaluates what is right for it."""

    def __init__(
        self,
        call: Executor,
        kind: Kind,
        description: Description,
        dialect: Dialect,
        model: NumericModel,
        simplest: Mapping[str, KernelFault | None] | None = None,
    ) -> None:
        """Judge this function by this dialect and model.

        `simplest` has for each format in which it is known what became of the
        simplest call.
        """
        self.call = call
        self.kind = kind
        self.description = description
        self.dialect = dialect
        self.model = model
        self.calls: list[tuple[Case, Result | None]] = []
        """The calls of the example before the judge: laws change what was drawn.

        One that did not return has no result.
        """
        self.evidence = Evidence()
        self.findings: list[Finding] = []
        """What was found so far, in this format and in others."""
        self.reached: dict[str, int] = {}
        """The largest sizes of the cases that were run."""
        self._remembered = Remembered()
        self._simplest = dict(simplest or {})
        self.fits_none: tuple[str, ...] = ()
        """The fields of the dialect of which the function makes no choice."""
        self.looked_at: dict[str, str] = {}
        """For each deviation the law that says whether it is stale."""
        self.deviating: dict[str, Deviation] = {}
        """The deviations whose pinned case has failed a law in this run."""
        self.probe_fault: KernelFault | None = None
        """What a probe of the dialect met, as long as no law has said it."""

    @property
    def capabilities(self) -> Capabilities:
        """What the function claims."""
        return self.description.capabilities

    def run(self, case: Case) -> Result:
        """Call the function."""
        self.calls.append((case, None))
        for name, size in self.kind.sizes(case).items():
            self.reached[name] = max(size, self.reached.get(name, 0))
        left_open = self.kind.left_open(case, self.dialect)
        found = settled(self.call(case), left_open)
        self.calls[-1] = case, found
        self.evidence.add(case, found)
        return found

    @property
    def ran(self) -> list[Case]:
        """The cases of the calls of the example before the judge."""
        return [case for case, _ in self.calls]

    def judged(self, case: Case) -> Exact:
        """Return the exact result of a case and the bounds on the function's error.

        Raises
        ------
        Inadmissible
            If the numeric model promises nothing on this case.
        """
        problem = case.problem
        return self._remembered.of(
            problem, lambda: self.kind.promised(problem, self.dialect, self.model)
        )

    def right(self, case: Case) -> Exact:
        """Return the exact result of a case; its bounds may be missing."""
        known = self._remembered.known(case.problem)
        return known or self.kind.right(case, self.dialect, self.model)

    def explanation(self) -> Explanation:
        """Return how far off the calls are, and which model explains all of them.

        Calls that a known deviation covers are no evidence of anything else.
        """
        others = self.evidence.without(self._is_deviation)
        return others.explanation(self.kind, self.dialect, self.model)

    def _is_deviation(self, case: Case) -> bool:
        """Return whether a call has the traits of a deviation that is real."""
        known = self.deviating.values()
        return any(holds(each.when, self.kind.traits(case)) for each in known)

    def without(self, claims: Iterable[str]) -> KernelBench:
        """Return the same bench for a function that claims less."""
        less = self.capabilities.claiming(without=claims)
        known = self.description.replace(capabilities=less)
        less_claimed = KernelBench(
            self.call, self.kind, known, self.dialect, self.model, self._simplest
        )
        # What was seen and found is that of one kernel in one run.
        less_claimed.evidence, less_claimed.findings = self.evidence, self.findings
        less_claimed.looked_at = self.looked_at
        less_claimed.deviating = self.deviating
        return less_claimed

    def nulls(self, law: Invariant) -> tuple[str, ...]:
        """Return the null answers of a law that can be told from a right one."""
        return self.kind.tellable(law, self.capabilities)

    def domain(
        self, law: Invariant, dtype: str, tier: str = "standard", seed: int = 0
    ) -> Domain:
        """Return what the recipes of a law are drawn from."""
        return Domain(
            kind=self.kind.name,
            table=self.kind.table,
            capabilities=law.scope(self.capabilities),
            dtype=dtype,
            tier=tier,
            seed=seed,
            families=law.families,
            pins=law.pins,
            needs=law.needs,
            any_of=law.any_of,
            fields=law.fields,
        )

    def draws(self, law: Invariant, dtype: str, tier: str, seed: int) -> Draws:
        """Return what the examples of a law are taken from."""
        # A worker draws nothing, and does not wait for Hypothesis.
        from attnspec.judge.strategies import recipes_within  # noqa: PLC0415

        domain = self.domain(law, dtype, tier, seed)
        recipes = tuple(domain.pinned()), tuple(domain.outright())
        return Draws(dtype, seed, *recipes, recipes_within(domain), domain.fit)

    def out_of_scope(self, law: Invariant) -> str:
        """Return why a law says nothing of this function, or nothing."""
        scope = law.scope(self.capabilities)
        if missing := scope.missing(law.needs):
            return f"{', '.join(missing)} not claimed"
        always = self.capabilities.claims & set(self.kind.fixed)
        if fixed := sorted(law.without & {self.kind.fixed[n] for n in always}):
            return f"every call is {fixed[0]}"
        if not scope.allows(law.needs):
            return f"{' and '.join(sorted(law.needs))} exclude each other"
        if not law.applies(self.dialect, scope) or not self.nulls(law):
            return "nothing to see within what is claimed"
        if not self.domain(law, "float32").usable():
            return "no family can be drawn within what is claimed"
        return ""

    def simplest(self, dtype: str) -> Recipe:
        """Return the recipe of the simplest call of all."""
        recipe = self.kind.recipe(dtype, **self.kind.simplest)
        return self.kind.table.within(recipe, self.capabilities)

    def preflight(self, dtype: str) -> KernelFault | None:
        """Return why the simplest call of all does not work, or None; call once."""
        if dtype not in self._simplest:
            self._simplest[dtype] = None
            try:
                self.call(self.kind.case(self.simplest(dtype)))
            except KernelFault as fault:
                self._simplest[dtype] = fault
        return self._simplest[dtype]


__all__ = ["Draws", "Executor", "KernelBench"]
