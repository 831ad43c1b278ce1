"""A law: one sentence that every right function of a kind keeps."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from attnspec.judge.case import Case, Result
from attnspec.judge.claims import Capabilities
from attnspec.numerics import Comparison, NumericModel

F64 = npt.NDArray[np.float64]

Dialect = Mapping[str, str]
"""The choice of a function in each field in which systems legitimately differ."""


class Exact(Protocol):
    """What is right for a case: the exact results, each with its bound."""

    @property
    def output(self) -> F64:
        """The exact value of the first result."""

    @property
    def bound(self) -> F64:
        """How far a function may be from it."""

    @property
    def others(self) -> Mapping[str, tuple[F64, F64]]:
        """Value and bound of each further result, by name."""


class Bench(Protocol):
    """What a law may see: a way to call one function, and what is right for it."""

    @property
    def dialect(self) -> Dialect:
        """The choices that the function is held to."""

    @property
    def capabilities(self) -> Capabilities:
        """What the function claims."""

    @property
    def model(self) -> NumericModel:
        """How the function computes, as far as it says so."""

    def run(self, case: Case) -> Result:
        """Call the function."""

    def judged(self, case: Case) -> Any:
        """Return what is right for a case, and the bounds: an `Exact`."""


Law = Callable[[Any, Any], Iterator[Comparison]]
"""A check of a case on a bench: yields comparisons, each of which must hold.

None means no evidence. Kinds may give their cases and benches narrower types.
"""

Applies = Callable[[Dialect, Capabilities], bool]
"""Whether a law says anything of a function with this dialect and these claims."""


def always(_dialect: Dialect, _capabilities: Capabilities) -> bool:
    """Return True: the law says something of every function."""
    return True


@dataclasses.dataclass(frozen=True, slots=True)
class Invariant:
    """One law, with all that a runner needs to know about it.

    Parameters
    ----------
    id, sentence, clause
        Its name, what it says, and the clause of the book that it checks.
    kind
        The kind of function that it is about.
    check
        The law itself.
    nulls
        The wrong answers that an example must be able to tell from a right one;
        ``name:result`` is a wrong answer in a further result.
    also
        Further clauses that it checks.
    since
        The version of the suite that it came with.
    needs
        The claims without which it says nothing.
    families
        The families that it draws from; none named means every one.
    pins
        The families whose recipes it tries outright, all of them on every seed.
    fields
        What it draws for some fields in place of the table's own values.
    without
        Claims that it leaves alone.
    any_of
        Switches of which a case must have one, as far as they are claimed.
    applies
        Whether it says anything of a function.
    is_form
        Whether it is asked even if the simplest call of all fails: it says how.
    provisional
        Whether it is reported and not counted yet.
    of_history
        Whether it says that calls do not depend on those before them: it fails only
        where the last call is right when it comes alone.
    """

    id: str
    sentence: str
    clause: str
    kind: str
    check: Law
    nulls: tuple[str, ...]
    also: tuple[str, ...] = ()
    since: int = 1
    needs: frozenset[str] = frozenset()
    families: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()
    fields: Mapping[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)
    without: frozenset[str] = frozenset()
    any_of: frozenset[str] = frozenset()
    applies: Applies = always
    is_form: bool = False
    provisional: bool = False
    of_history: bool = False

    @property
    def clauses(self) -> tuple[str, ...]:
        """Every clause that the law checks."""
        return (self.clause, *self.also)

    def scope(self, capabilities: Capabilities) -> Capabilities:
        """Return the capabilities within which this law draws its cases."""
        return capabilities.replace(claims=capabilities.claims - self.without)


__all__ = [
    "Applies",
    "Bench",
    "Dialect",
    "Exact",
    "Invariant",
    "Law",
    "always",
]
