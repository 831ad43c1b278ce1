"""A case: one call of a function, and what came back."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.dtypes import numpy_dtype
from attnspec.judge.recipe import Recipe

Shape = tuple[int, ...]


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Case:
    """One call of a function: positional operands, keyword options, what comes back.

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
    facts
        What the law or the evaluation must know beside the arguments.
    """

    operands: Mapping[str, Any]
    options: Mapping[str, Any]
    results: tuple[tuple[str, Shape, str | None], ...]
    dtype: str
    layouts: Mapping[str, str] = dataclasses.field(default_factory=dict)
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        """Return an operand, an option or a fact; None for an option not in force."""
        for found in (self.operands, self.options, self.facts):
            if name in found:
                return found[name]
        return None

    @property
    def arguments(self) -> dict[str, Any]:
        """Everything that the function gets, by name."""
        return {**self.operands, **self.options}

    def arrays(self) -> dict[str, Array]:
        """Return the arguments that are arrays."""
        given = self.arguments.items()
        return {name: v for name, v in given if isinstance(v, np.ndarray)}

    def replace(self, **changes: Any) -> Case:
        """Return the same case with some arguments, facts or results changed."""
        parts: dict[str, Any] = {
            name: changes.pop(name)
            for name in ("results", "layouts", "dtype")
            if name in changes
        }
        for part in ("operands", "facts"):
            known = getattr(self, part)
            mine = {n: changes.pop(n) for n in tuple(changes) if n in known}
            parts[part] = {**known, **mine}
        return dataclasses.replace(self, options={**self.options, **changes}, **parts)

    def without(self, option: str) -> Case:
        """Return the same case with an option not given."""
        rest = {n: v for n, v in self.options.items() if n != option}
        return dataclasses.replace(self, options=rest)


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Result:
    """What a kernel returned: the output and, if asked for, the logsumexp."""

    output: Array
    lse: Array | None = None
    mutated: tuple[str, ...] = ()
    """The arguments that the call has changed."""
    others: Mapping[str, Array] = dataclasses.field(default_factory=dict)
    """What functions of other kinds return beside the output, by name."""


def table_checksum(case: Case) -> str:
    """Return eight hexadecimal digits that depend on every number of a case."""
    digest = hashlib.blake2b(digest_size=4)
    for name, value in case.arguments.items():
        digest.update(name.encode())
        if isinstance(value, np.ndarray):
            digest.update(f"{value.dtype}{value.shape}".encode())
            digest.update(np.ascontiguousarray(value).tobytes())
        else:
            digest.update(repr(value).encode())
    return digest.hexdigest()


def cast(array: Array, recipe: Recipe) -> Array:
    """Return an array in the format of a recipe."""
    return np.ascontiguousarray(array).astype(numpy_dtype(recipe.dtype))


__all__ = ["Case", "Result", "Shape", "cast", "table_checksum"]
