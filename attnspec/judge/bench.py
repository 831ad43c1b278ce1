"""Where a function stands while it is judged."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, Protocol, Self

from hypothesis import strategies as st

from attnspec.exceptions import AttnspecError
from attnspec.judge.case import Result
from attnspec.judge.claims import Capabilities
from attnspec.judge.implementation import Description
from attnspec.judge.law import Invariant
from attnspec.numerics import NumericModel

_REMEMBERED = 16


class Inadmissible(AttnspecError):
    """The numeric model promises nothing on this case; the message says why."""


class Executor(Protocol):
    """Something that calls a function: in this process, or in a worker."""

    def __call__(self, case: Any, *, lse: bool = False) -> Result:
        """Call the function."""

    def note(self, invariant: str, recipe: Any) -> None:
        """Write down what is about to be tried, where that can help."""

    def restart(self) -> None:
        """Forget all earlier calls, where that is possible."""


@dataclasses.dataclass(frozen=True, slots=True)
class Draws:
    """What the examples of one law in one dtype are taken from."""

    dtype: str
    seed: int
    pinned: tuple[Any, ...]
    """The recipes that are tried outright."""
    strategy: st.SearchStrategy[Any]
    fit: Callable[[Any], Any]
    """Makes a recipe valid within what is claimed; raises if it cannot be."""


class KernelBench(abc.ABC):
    """Runs a function, and evaluates what is right for it.

    Recipes and cases are those of the function's kind; whoever examines a function
    goes through here and needs to know of neither.
    """

    def __init__(
        self,
        call: Executor,
        description: Description,
        dialect: Any,
        model: NumericModel,
    ) -> None:
        """Judge this function by this dialect and model."""
        self.call = call
        self.description = description
        self.dialect = dialect
        self.model = model
        self.ran: list[Any] = []
        """The cases of the example before the judge: laws change what was drawn."""
        self._judged: dict[int, tuple[Any, Any]] = {}

    @property
    def capabilities(self) -> Capabilities:
        """What the function claims."""
        return self.description.capabilities

    def run(self, case: Any, *, lse: bool = False) -> Result:
        """Call the function."""
        self.ran.append(case)
        return self.call(case, lse=lse)

    def judged(self, case: Any) -> Any:
        """Return the exact result of a case and the bounds on the function's error."""
        known = self._judged.get(id(case))
        if known is not None:
            return known[1]
        evaluation = self.evaluate(case)
        while len(self._judged) >= _REMEMBERED:
            del self._judged[next(iter(self._judged))]
        self._judged[id(case)] = case, evaluation
        return evaluation

    def with_model(self, model: NumericModel) -> Self:
        """Return the same bench with another numeric model."""
        return type(self)(self.call, self.description, self.dialect, model)

    @abc.abstractmethod
    def evaluate(self, case: Any) -> Any:
        """Return the exact result and its bounds, or raise `Inadmissible`."""

    @abc.abstractmethod
    def build(self, recipe: Any) -> Any:
        """Return the case that a recipe describes."""

    @abc.abstractmethod
    def nulls(self, law: Invariant) -> tuple[str, ...]:
        """Return the null answers of a law that can be told from a right one."""

    @abc.abstractmethod
    def null(self, name: str) -> Callable[[Any], Result]:
        """Return a fresh function that gives a null answer."""

    @abc.abstractmethod
    def draws(self, law: Invariant, dtype: str, tier: str, seed: int) -> Draws:
        """Return what the examples of a law are taken from."""

    @abc.abstractmethod
    def out_of_scope(self, law: Invariant) -> str:
        """Return why a law says nothing of this function, or nothing."""

    @abc.abstractmethod
    def simplest(self, dtype: str) -> Any:
        """Return the case of the simplest call of all."""

    @abc.abstractmethod
    def simpler(self, recipe: Any) -> Iterator[Any]:
        """Yield simpler recipes, the boldest first."""

    @abc.abstractmethod
    def weight(self, recipe: Any) -> tuple[int, ...]:
        """Return how hard a recipe is to read."""

    @abc.abstractmethod
    def relaxations(self) -> Iterator[tuple[str, NumericModel]]:
        """Yield milder numeric models, and the words for each."""


@dataclasses.dataclass(frozen=True)
class NullBench:
    """A bench on which a null answer stands in place of the real function."""

    bench: KernelBench
    null: str

    def __post_init__(self) -> None:
        """Make a fresh null."""
        object.__setattr__(self, "_kernel", self.bench.null(self.null))

    @property
    def dialect(self) -> Any:
        """The choices that the real function is held to."""
        return self.bench.dialect

    @property
    def capabilities(self) -> Capabilities:
        """What the real function claims."""
        return self.bench.capabilities

    def run(self, case: Any, *, lse: bool = False) -> Result:  # noqa: ARG002 - a null always returns both
        """Give the null answer."""
        result: Result = self._kernel(case)  # type: ignore[attr-defined]
        return result

    def judged(self, case: Any) -> Any:
        """Return what the real function is judged by."""
        return self.bench.judged(case)


__all__ = ["Draws", "Executor", "Inadmissible", "KernelBench", "NullBench"]
