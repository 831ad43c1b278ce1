"""What a face is: how functions of one convention are called, as data."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.kind import ATTENTION


class _LeftOut:
    """The value of a keyword that is not passed."""

    def __repr__(self) -> str:
        return "left out"


LEFT_OUT: Final = _LeftOut()
"""What a translation returns where the keyword is not passed."""


class _Required:
    """The default of a parameter that has none."""

    def __repr__(self) -> str:
        return "required"


REQUIRED: Final = _Required()
"""The default of a parameter that has none."""

Value = Callable[[AttentionCase, Any], Any]
"""Gives what a keyword is set to in a call, whose default is this."""

AXES = "BHLE"
"""The axes of an operand and of the output of our own signature."""

LSE_AXES = "BHL"
"""The axes of its logsumexp."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parameter:
    """A keyword of a face, and what it says.

    Parameters
    ----------
    names
        Its name and the other names under which it goes; of several that a function
        has, the first counts.
    sentence
        What it means, for people.
    form
        Its shape, format and values, where they are not those of the option of ours.
    says
        For each option of ours that it says, the claims that it makes.
    value
        What it is set to in a call in which one of these options is in force.
    off
        What it is set to in any other call; by default it is not passed.
    idle
        The defaults that mean the same as `off`: then it is not passed.
    claims
        Claims that it makes beside those of options.
    promised
        The name under which the documents promise it of every function with this
        face: under that it is passed through ``**kwargs``, too.
    dialect
        The choices that its documents make of it.
    beside, unless
        Names that the function has beside it, and has not, in this meaning.
    """

    names: tuple[str, ...]
    sentence: str
    form: str = ""
    says: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    value: Value = lambda _case, _default: LEFT_OUT
    off: Value | None = None
    idle: tuple[Any, ...] = ()
    claims: tuple[str, ...] = ()
    promised: str = ""
    dialect: Mapping[str, str] = dataclasses.field(default_factory=dict)
    beside: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()

    @property
    def all_claims(self) -> set[str]:
        """Every claim that it makes."""
        return {*self.claims, *(name for said in self.says.values() for name in said)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Returned:
    """How the result of a call is read.

    Parameters
    ----------
    alone
        What comes back where no logsumexp is asked for: an array (``bare``), a tuple
        whose first part is the output (``first``), or either of them.
    axes
        The order of the output's axes, in the letters of `AXES`.
    lse_axes
        That of the logsumexp, which is the second part of a tuple.
    lse_base
        The base of its logarithm.
    lse_format
        The format that it is rounded to: ``float32``, or that of the ``operands``.
    """

    alone: Literal["bare", "first", "either"] = "bare"
    axes: str = AXES
    lse_axes: str = LSE_AXES
    lse_base: float = math.e
    lse_format: Literal["float32", "operands"] = "float32"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Face:
    """A calling convention.

    Parameters
    ----------
    id, title, sentence
        Its name, what it is called in a sentence, and who calls functions so.
    axes
        The order of the axes of query, key and value, in the letters of `AXES`; those
        of one sequence have no B.
    parameters
        Its keywords.
    left_alone
        Keywords that it has and that are not passed.
    tells
        Sets of names of which a function with this face has one, and no other face.
    common
        Keywords that functions of our own order of axes have as well.
    never
        Names that no function with this face has.
    packed
        For each positional argument the operands that it holds, where one holds
        several: side by side, along the axis before that of the heads.
    leading
        The positional arguments before query, key and value, by name.
    returned
        How the result is read.
    arrays
        The library whose arrays it takes.
    dtypes
        The formats that are judged unless others are asked for.
    claims
        What its documents promise beyond what a signature says.
    without
        What a plain function claims, and these documents do not promise.
    multiples
        For a size the number that divides every supported one, and the names of which
        a function that supports all of them has one.
    exclusive
        Claims of which no two may come together.
    dialect
        The choices that its documents make.
    not_offered
        Exceptions by which a function says that it does not offer an option.
    example
        A function with this face, as `attnspec check` is told of it.
    """

    id: str
    title: str
    sentence: str
    axes: str = AXES
    parameters: tuple[Parameter, ...] = ()
    left_alone: tuple[str, ...] = ()
    tells: tuple[frozenset[str], ...] = ()
    common: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    packed: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    leading: Mapping[str, Callable[[AttentionCase], Any]] = dataclasses.field(
        default_factory=dict
    )
    returned: Returned = dataclasses.field(default_factory=Returned)
    arrays: str = "numpy"
    dtypes: tuple[str, ...] = ("float32",)
    claims: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    multiples: Mapping[str, tuple[int, tuple[str, ...]]] = dataclasses.field(
        default_factory=dict
    )
    exclusive: tuple[tuple[str, ...], ...] = ()
    dialect: Mapping[str, str] = dataclasses.field(default_factory=dict)
    not_offered: tuple[str, ...] = ("NotImplementedError",)
    example: str = ""

    @property
    def names(self) -> set[str]:
        """Every keyword that it knows."""
        own = {name for parameter in self.parameters for name in parameter.names}
        return own | {*self.left_alone, *self.leading, *self.packed}

    @property
    def speaking(self) -> set[str]:
        """The keywords that say an option of ours, and not in our own order."""
        said = (p.names for p in self.parameters if p.all_claims)
        return {name for names in said for name in names} - {*self.common}

    @property
    def operands(self) -> dict[str, tuple[str, ...]]:
        """For each positional argument the operands of ours that it holds."""
        return {**self.packed} or {name: (name,) for name in ATTENTION.operands}

    @property
    def is_single(self) -> bool:
        """Whether a call is of one sequence, so that a batch takes as many calls."""
        return "B" not in self.axes

    @property
    def order(self) -> tuple[int, ...]:
        """The axes of our operands in the order of this face, a batch before them."""
        axes = f"B{self.axes}" if self.is_single else self.axes
        return tuple(map(AXES.index, axes))


__all__ = [
    "AXES",
    "LEFT_OUT",
    "LSE_AXES",
    "REQUIRED",
    "Face",
    "Parameter",
    "Returned",
    "Value",
]
