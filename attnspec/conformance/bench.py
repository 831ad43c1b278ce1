"""Where a kernel stands while it is judged."""

from __future__ import annotations

import dataclasses
from typing import Protocol

from attnspec.cases import Capabilities, Case, Dialect, Recipe, Result
from attnspec.conformance.implementation import Description
from attnspec.exceptions import AttnspecError
from attnspec.invariants import null_kernel
from attnspec.numerics import Evaluation, NumericModel, admissible, evaluate

_REMEMBERED = 16


class Inadmissible(AttnspecError):
    """The numeric model promises nothing on this case; the message says why."""


class Executor(Protocol):
    """Something that calls a kernel: in this process, or in a worker."""

    def __call__(self, case: Case, *, lse: bool = False) -> Result:
        """Call the kernel."""

    def note(self, invariant: str, recipe: Recipe) -> None:
        """Write down what is about to be tried, where that can help."""

    def restart(self) -> None:
        """Forget all earlier calls, where that is possible."""


class KernelBench:
    """Runs a kernel, and evaluates what is right for it."""

    def __init__(
        self,
        call: Executor,
        description: Description,
        dialect: Dialect,
        model: NumericModel,
    ) -> None:
        """Judge this kernel by this dialect and model."""
        self.call = call
        self.description = description
        self.dialect = dialect
        self.model = model
        self.ran: list[Case] = []
        """The cases of the example before the judge: laws change what was drawn."""
        self._judged: dict[int, tuple[Case, Evaluation]] = {}

    @property
    def capabilities(self) -> Capabilities:
        """What the kernel claims."""
        return self.description.capabilities

    def run(self, case: Case, *, lse: bool = False) -> Result:
        """Call the kernel."""
        self.ran.append(case)
        return self.call(case, lse=lse)

    def judged(self, case: Case) -> Evaluation:
        """Return the exact result of a case and the bounds on the kernel's error."""
        known = self._judged.get(id(case))
        if known is not None:
            return known[1]
        if reason := admissible(case, self.dialect, self.model):
            raise Inadmissible(reason)
        evaluation = evaluate(case, self.dialect, self.model)
        while len(self._judged) >= _REMEMBERED:
            del self._judged[next(iter(self._judged))]
        self._judged[id(case)] = case, evaluation
        return evaluation

    def with_model(self, model: NumericModel) -> KernelBench:
        """Return the same bench with another numeric model."""
        return KernelBench(self.call, self.description, self.dialect, model)


@dataclasses.dataclass(frozen=True)
class NullBench:
    """A bench on which a null kernel stands in place of the real one."""

    bench: KernelBench
    null: str

    def __post_init__(self) -> None:
        """Make a fresh null kernel."""
        kernel = null_kernel(self.null, self.bench.dialect)
        object.__setattr__(self, "_kernel", kernel)

    @property
    def dialect(self) -> Dialect:
        """The choices that the real kernel is held to."""
        return self.bench.dialect

    @property
    def capabilities(self) -> Capabilities:
        """What the real kernel claims."""
        return self.bench.capabilities

    def run(self, case: Case, *, lse: bool = False) -> Result:  # noqa: ARG002 - a null always returns both
        """Call the null kernel."""
        result: Result = self._kernel(case)  # type: ignore[attr-defined]
        return result

    def judged(self, case: Case) -> Evaluation:
        """Return what the real kernel is judged by."""
        return self.bench.judged(case)


__all__ = ["Executor", "Inadmissible", "KernelBench", "NullBench"]
