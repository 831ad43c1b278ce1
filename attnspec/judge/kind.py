"""Kinds: the functions beside attention that can be put before the judge.

A kind is a protocol: what a function of it is called with, what is drawn, what is
right and how far off it may be, which wrong answers an example must exclude, and on
which choices systems legitimately differ. Its laws are invariants like any other.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from attnspec._typing import Array
from attnspec.exceptions import InvalidArgument
from attnspec.judge.case import Case, Result, Shape
from attnspec.judge.claims import Capabilities
from attnspec.judge.law import Applies, Invariant, Law, always, first_line, register
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.numerics import Comparison, NumericModel
from attnspec.numerics.tracked import Judged

Choices = Mapping[str, str]
"""The dialect of a function of a kind: its choice in each field."""

Judge = Callable[[Case, Choices, NumericModel], Judged]
"""What is right for a case, and how far off a function may be."""

Right = Callable[[Case], Array]
"""What is right for a case, without its bound."""

Null = Callable[[Case, Right], Array]
"""A wrong answer to a case: what is right for another, changed, or forgotten."""


class Bench(Protocol):
    """What a law of a kind may see: a way to call one function, and what is right."""

    @property
    def dialect(self) -> Choices:
        """The choices that the function is held to."""

    @property
    def capabilities(self) -> Capabilities:
        """What the function claims."""

    def run(self, case: Case) -> Result:
        """Call the function."""

    def judged(self, case: Case) -> Judged:
        """Return the exact result of a case and the bound on the function's error."""


KindLaw = Callable[[Case, Bench], Iterator[Comparison]]
"""A check: yields comparisons, each of which must hold; none means no evidence."""


@dataclasses.dataclass(frozen=True, eq=False)
class Kind:
    """A kind of function, and all that a runner needs to know about it.

    Parameters
    ----------
    name, sentence
        Its name, and what a function of it does.
    operands
        The names of the positional arguments.
    table
        What is drawn; `build` makes a case of it.
    judge
        What is right, and the bound.
    definition
        The definition, as a function of this kind: it passes every law.
    options
        For each keyword of the face the claims that it makes.
    choices
        The fields of the dialect with their values, the default first.
    probes
        Recipes (as fields) on which the values of all choices differ.
    nulls
        Wrong answers by name, beside `zeros` and `ones`.
    null_needs
        Claims of which one must be made, or a null cannot be told from a right answer.
    dtypes
        The formats that a plain function claims.
    unsaid
        Claims that no keyword makes: given beside the function, or not made.
    """

    name: str
    sentence: str
    operands: tuple[str, ...]
    table: Table
    build: Callable[[Recipe], Case]
    judge: Judge
    definition: Callable[..., Any]
    options: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    probes: tuple[Mapping[str, Any], ...] = ()
    nulls: Mapping[str, Null] = dataclasses.field(default_factory=dict)
    null_needs: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    dtypes: tuple[str, ...] = ("float32",)
    unsaid: tuple[str, ...] = ()

    @property
    def face(self) -> str:
        """How a function of this kind is called."""
        keywords = [f"{name}=..." for name in self.options]
        star = ["*"] if keywords else []
        return f"{self.name}({', '.join([*self.operands, *star, *keywords])})"

    @property
    def vocabulary(self) -> dict[str, str]:
        """Every capability of this kind by name."""
        said = {name: claim.sentence for name, claim in self.table.claims.items()}
        return {**said, "deterministic": "the same bits for the same call"}

    def default(self) -> dict[str, str]:
        """Return the choices of the spec."""
        return {name: values[0] for name, values in self.choices.items()}

    def null(self, name: str) -> Null:
        """Return a wrong answer by name."""
        return {**_NULLS, **self.nulls}[name]

    def law(
        self,
        id: str,  # noqa: A002 - the field's name, and keyword-free at every use
        clause: str,
        *,
        nulls: tuple[str, ...] = ("zeros",),
        also: tuple[str, ...] = (),
        needs: tuple[str, ...] = (),
        fields: Mapping[str, tuple[Any, ...]] | None = None,
        applies: Applies = always,
    ) -> Callable[[KindLaw], KindLaw]:
        """Register a law of this kind; its docstring's first line is its sentence.

        `fields` are values that the law draws in place of the table's own.
        """

        def enter(check: KindLaw) -> KindLaw:
            law: Law = check  # type: ignore[assignment]
            register(
                Invariant(
                    id=id,
                    sentence=first_line(check),
                    clause=clause,
                    check=law,
                    nulls=nulls,
                    kind=self.name,
                    also=also,
                    needs=frozenset(needs),
                    families=(),
                    fields=dict(fields or {}),
                    applies=applies,
                )
            )
            return check

        return enter

    def claimed_by(self, function: Callable[..., Any]) -> Capabilities:
        """Return the capabilities that a function's signature claims.

        Raises
        ------
        InvalidArgument
            If it is no function, or needs arguments that this kind does not give.
        """
        claims = {"deterministic"}
        for name in _keywords(function, self):
            claims |= set(self.options.get(name, ()))
        return Capabilities(
            dtypes=self.dtypes,
            claims=frozenset(claims),
            vocabulary=self.vocabulary,
        )

    def tellable(
        self, names: tuple[str, ...], capabilities: Capabilities
    ) -> tuple[str, ...]:
        """Return the nulls that differ from a right answer within what is claimed."""
        return tuple(
            name
            for name in names
            if name not in self.null_needs
            or capabilities.claims.intersection(self.null_needs[name])
        )


def _keywords(function: Callable[..., Any], kind: Kind) -> list[str]:
    """Return the keywords of a function, or say why it is none of this kind."""
    if not callable(function):
        msg = f"target: expected a function, got {type(function).__name__}"
        raise InvalidArgument(msg)
    try:
        parameters = tuple(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        msg = f"target: the signature of {function!r} cannot be read ({error})"
        raise InvalidArgument(msg) from error
    named = [p for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    several = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    placed = [p for p in named if p.kind is not p.KEYWORD_ONLY]
    if len(placed) < len(kind.operands) and not several:
        count = f"{len(placed)} argument{'s' * (len(placed) != 1)}"
        msg = f"target: expected {kind.face}; it takes {count}"
        raise InvalidArgument(msg)
    rest = [p for p in named if p not in placed[: len(kind.operands)]]
    for parameter in rest:
        required = parameter.default is parameter.empty
        if required and parameter.name not in kind.options:
            msg = (
                f"target: expected {kind.face}; {parameter.name!r} is required "
                "and unknown"
            )
            raise InvalidArgument(msg)
    return [p.name for p in rest if p.kind is not p.POSITIONAL_ONLY]


def _zeros(case: Case, right: Right) -> Array:
    return np.zeros_like(right(case))


def _ones(case: Case, right: Right) -> Array:
    return np.ones_like(right(case))


_NULLS: Mapping[str, Null] = {"zeros": _zeros, "ones": _ones}


def result(
    name: str, shape: Shape, dtype: str | None
) -> tuple[tuple[str, Shape, str | None], ...]:
    """Return what a function gives back: one array."""
    return ((name, shape, dtype),)


__all__ = [
    "Choices",
    "Judge",
    "Kind",
    "Bench",
    "KindLaw",
    "Null",
    "Right",
    "result",
]
