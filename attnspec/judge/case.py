"""A case: one call of a function, and what came back."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

import numpy as np

from attnspec._typing import Array
from attnspec.judge.recipe import Recipe
from attnspec.numerics.dtypes import numpy_dtype

Shape = tuple[int, ...]

Expected = tuple[str, Shape, str | None]
"""A result that comes back: its name, shape and format; None is any real format."""

EVERY_OPERAND = "*"
"""The name under which a layout is that of all operands."""


class Write(NamedTuple):
    """What a call writes into an argument: a result, and where, if not everywhere."""

    result: str
    where: Array | None = None
    """True where it may write; it broadcasts to the argument."""


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Case:
    """One call of a function: positional operands, keyword options, what comes back.

    Cases are compared by identity. Their arrays are plain and C-contiguous: `layouts`
    names the memory layout in which the function gets each of them.

    Parameters
    ----------
    operands
        The positional arguments by name, in their order: arrays, or plain numbers.
    options
        The keyword arguments that are in force; arrays or plain values.
    results
        For each array that comes back its name, shape and format; a format of None
        is any floating-point one.
    dtype
        The format that the case is judged in.
    layouts
        For each operand or option the layout in memory, contiguous by default.
    facts
        What the law or the evaluation must know beside the arguments.
    writes
        For each argument that the call may write into, which result is found there
        after it, and where it may write. All else keeps its bits.
    threads
        How many threads the call may use; None leaves that to the function.
    """

    operands: Mapping[str, Any]
    options: Mapping[str, Any]
    results: tuple[Expected, ...]
    dtype: str
    layouts: Mapping[str, str] = dataclasses.field(default_factory=dict)
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    writes: Mapping[str, Write] = dataclasses.field(default_factory=dict)
    threads: int | None = None

    def __getitem__(self, name: str) -> Any:
        """Return an operand, an option or a fact; None for an option not in force."""
        for found in (self.operands, self.options, self.facts):
            if name in found:
                return found[name]
        return None

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:  # noqa: FBT001 - its call
        """Say formats and shapes where Hypothesis shows an example, and no numbers."""
        said = (f"{name}={_shown(value)}" for name, value in self.arguments.items())
        printer.text(f"{type(self).__name__}({', '.join(said)})")

    @property
    def arguments(self) -> dict[str, Any]:
        """Everything that the function gets, by name."""
        return {**self.operands, **self.options}

    @property
    def problem(self) -> Case:
        """The case whose exact result this one has too; itself, or what it asks of."""
        return self.facts.get("problem", self)

    @property
    def returned(self) -> tuple[Expected, ...]:
        """The results that are returned, and not written into an argument."""
        written = {write.result for write in self.writes.values()}
        return tuple(each for each in self.results if each[0] not in written)

    def arrays(self) -> dict[str, Array]:
        """Return the arguments that are arrays."""
        given = self.arguments.items()
        return {name: v for name, v in given if isinstance(v, np.ndarray)}

    def layout(self, name: str) -> str:
        """Return the layout of an argument."""
        every = self.layouts.get(EVERY_OPERAND, "contiguous")
        return self.layouts.get(name, every)

    def replace(self, **changes: Any) -> Self:
        """Return the same case with some arguments, facts or results changed.

        An option that becomes None is not in force; arrays become contiguous.
        """
        changes = {n: _contiguous(v) for n, v in changes.items()}
        parts: dict[str, Any] = {
            name: changes.pop(name)
            for name in ("results", "layouts", "dtype", "writes", "threads")
            if name in changes
        }
        facts = {n: v for n, v in self.facts.items() if n != "problem"}
        for part, known in (("operands", self.operands), ("facts", facts)):
            mine = {n: changes.pop(n) for n in tuple(changes) if n in known}
            parts[part] = {**known, **mine}
        options = {**self.options, **changes}
        given = {name: value for name, value in options.items() if value is not None}
        return dataclasses.replace(self, options=given, **parts)

    def changed(self, change: Callable[[Array], Array], *names: str) -> Self:
        """Return the same case with some arguments changed, all in the same way."""
        return self.replace(**{name: change(self[name]) for name in names})

    def returning(self, shape: Shape) -> Self:
        """Return the same case whose first result has another shape."""
        (name, _, dtype), *others = self.results
        return self.replace(results=((name, shape, dtype), *others))

    def without(self, *options: str) -> Self:
        """Return the same case with some options not given."""
        return self.replace(**dict.fromkeys(options))

    def asking(self, option: str, *results: Expected) -> Self:
        """Return the same problem in a call that is asked for further results."""
        return dataclasses.replace(
            self,
            options={**self.options, option: True},
            results=(*self.results, *results),
            facts={**self.facts, "problem": self.problem},
        )


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Result:
    """What a function returned."""

    output: Array
    others: Mapping[str, Array] = dataclasses.field(default_factory=dict)
    """What it returned beside the output, by name."""
    mutated: tuple[str, ...] = ()
    """The arguments, or earlier results, that the call has changed."""


def settled(found: Result, left_open: Mapping[str, Array]) -> Result:
    """Return what came back, with 0 wherever anything is right.

    `left_open` marks these places, by the name of the result; "output" is the first.
    """
    arrays = {
        name: np.where(left_open[name], np.zeros((), array.dtype), array)
        for name, array in {"output": found.output, **found.others}.items()
        if name in left_open
    }
    output = arrays.pop("output", found.output)
    return dataclasses.replace(found, output=output, others={**found.others, **arrays})


def single(
    recipe: Recipe,
    operands: Mapping[str, Any],
    shape: Shape,
    options: Mapping[str, Any] | None = None,
    name: str = "output",
) -> Case:
    """Return the case of a recipe that gives back one array, in the recipe's format.

    An option that is None is not in force.
    """
    given = {n: value for n, value in (options or {}).items() if value is not None}
    return Case(operands, given, ((name, shape, recipe.dtype),), recipe.dtype)


def _shown(value: Any) -> str:
    """Return an argument in few words."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    return repr(value)


def _contiguous(value: Any) -> Any:
    """Return an array in the order of C; nothing else is changed."""
    # Not for all: NumPy would give an array without axes one.
    plain = not isinstance(value, np.ndarray) or value.flags.c_contiguous
    return value if plain else np.ascontiguousarray(value)


def checksum(case: Case) -> str:
    """Return eight hexadecimal digits that depend on every number of a case."""
    digest = hashlib.blake2b(digest_size=4)
    for name, value in case.arguments.items():
        digest.update(name.encode())
        if isinstance(value, np.ndarray):
            digest.update(f"{value.dtype}{value.shape}".encode())
            digest.update(np.ascontiguousarray(value).tobytes())
        else:
            digest.update(repr(value).encode())
    digest.update(repr(sorted(case.layouts.items())).encode())
    return digest.hexdigest()


def cast(array: Array, recipe: Recipe) -> Array:
    """Return an array in the format of a recipe."""
    return np.ascontiguousarray(array).astype(numpy_dtype(recipe.dtype))


__all__ = [
    "EVERY_OPERAND",
    "Case",
    "Expected",
    "Result",
    "Shape",
    "Write",
    "cast",
    "checksum",
    "settled",
    "single",
]
