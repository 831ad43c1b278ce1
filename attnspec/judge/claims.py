"""What can be claimed, and what an implementation claims to support."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.recipe import Recipe
from attnspec.numerics.dtypes import DTYPES

COMPILED = "compiled"
"""The claim of a function that is compiled for each shape: few are drawn, and often."""


@dataclasses.dataclass(frozen=True, init=False)
class Claim:
    """A capability: what is claimed, what makes use of it, and how to do without.

    Parameters
    ----------
    sentence
        What is claimed.
    fields
        The fields that make use of it unless they have their first value.
    used
        Whether a recipe makes use of it, where no field says so by itself.
    dropped
        The nearest recipe that does not.
    forced
        The nearest recipe that a function with this claim can be called with, where
        the claim is that something is always so.
    beside
        Claims without any of which it comes to nothing.
    """

    sentence: str
    fields: tuple[str, ...]
    used: Callable[[Recipe], bool] | None
    dropped: Callable[[Recipe], Recipe] | None
    forced: Callable[[Recipe], Recipe] | None
    beside: frozenset[str]

    def __init__(
        self,
        sentence: str,
        *fields: str,
        used: Callable[[Recipe], bool] | None = None,
        dropped: Callable[[Recipe], Recipe] | None = None,
        forced: Callable[[Recipe], Recipe] | None = None,
        beside: Iterable[str] = (),
    ) -> None:
        """Say what is claimed, and name the fields."""
        object.__setattr__(self, "sentence", sentence)
        object.__setattr__(self, "fields", fields)
        object.__setattr__(self, "used", used)
        object.__setattr__(self, "dropped", dropped)
        object.__setattr__(self, "forced", forced)
        object.__setattr__(self, "beside", frozenset(beside))


@dataclasses.dataclass(frozen=True, slots=True)
class Capabilities:
    """What an implementation claims; what is not claimed is out of scope.

    Parameters
    ----------
    dtypes
        The formats of its operands.
    claims
        Names out of the vocabulary of its kind; see ``attnspec kinds KIND``.
    multiples
        For each size the number that divides every supported one.
    least
        For each size the smallest that is supported.
    exclusive
        Pairs of claims that may not come together.
    vocabulary
        Every name that can be claimed, and what it says. It is filled in where a
        function meets its kind, and names are checked from then on.

    Examples
    --------
    >>> capabilities = Capabilities(claims=frozenset({"mask", "causal"}))
    >>> "mask" in capabilities, capabilities.allows({"mask", "bias"})
    (True, False)
    """

    dtypes: tuple[str, ...] = ("float32",)
    claims: frozenset[str] = frozenset({"deterministic"})
    multiples: Mapping[str, int] = dataclasses.field(default_factory=dict)
    least: Mapping[str, int] = dataclasses.field(default_factory=dict)
    exclusive: tuple[frozenset[str], ...] = ()
    vocabulary: Mapping[str, str] | None = dataclasses.field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Reject names that do not exist, and what is no list or table of them."""
        lists: dict[str, Any] = {"dtypes": self.dtypes, "claims": self.claims}
        for what, names in lists.items():
            if isinstance(names, str) or not isinstance(names, Iterable):
                msg = f"{what}: expected a list of names; got {names!r}"
                raise InvalidArgument(msg)
        for what, table in (("multiples", self.multiples), ("least", self.least)):
            if not isinstance(table, Mapping):
                msg = f"{what}: expected a table of sizes; got {table!r}"
                raise InvalidArgument(msg)
        _known("dtype", self.dtypes, DTYPES)
        self._check("claim", self.claims)
        for pair in self.exclusive:
            self._check("exclusive", pair)

    def _check(self, what: str, names: Iterable[str]) -> None:
        if self.vocabulary is not None:
            _known(what, names, self.vocabulary)

    def __contains__(self, claim: str) -> bool:
        """Return whether a capability is claimed."""
        self._check("claim", (claim,))
        return claim in self.claims

    def allows(self, claims: Iterable[str]) -> bool:
        """Return whether these capabilities may be used together."""
        wanted = frozenset(claims)
        return wanted <= self.claims and not any(p <= wanted for p in self.exclusive)

    def missing(self, claims: Iterable[str]) -> tuple[str, ...]:
        """Return the names among these that are not claimed."""
        self._check("claim", claims)
        return tuple(sorted(set(claims) - self.claims))

    def claiming(
        self, names: Iterable[str] = (), without: Iterable[str] = ()
    ) -> Capabilities:
        """Return the same capabilities with some claims added, then some withdrawn."""
        withdrawn = frozenset(without)
        self._check("without", withdrawn)
        return self.replace(claims=(self.claims | frozenset(names)) - withdrawn)

    def replace(self, **changes: object) -> Capabilities:
        """Return the same capabilities with some fields changed."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]


def pairs_of(names: Iterable[str]) -> list[list[str]]:
    """Return every pair of claims of which no two may come together.

    Examples
    --------
    >>> pairs_of(("mask", "bias", "causal"))
    [['mask', 'bias'], ['mask', 'causal'], ['bias', 'causal']]
    """
    return [list(pair) for pair in itertools.combinations(names, 2)]


def _known(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    for name in names:
        if name not in known:
            msg = f"{what}: expected one of {', '.join(known)}; got {name!r}"
            raise UnknownName(msg)


__all__ = ["Capabilities", "Claim", "pairs_of"]
