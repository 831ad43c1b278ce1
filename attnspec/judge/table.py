"""Recipes and cases of the functions beside attention: tables of named fields.

A `Table` says what may be drawn for each field, the simplest value first: the same
order drives drawing, enumeration and shrinking.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.dtypes import DTYPES, numpy_dtype
from attnspec.kinds.attention.case import Array

Shape = tuple[int, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class TableRecipe:
    """How to make a case of a kind: the value of each of its fields."""

    kind: str
    fields: tuple[tuple[str, Any], ...]
    dtype: str = "float32"
    seed: int = 0
    family: str = "table"

    def __post_init__(self) -> None:
        """Reject formats that do not exist."""
        if self.dtype not in DTYPES:
            msg = f"dtype: expected one of {', '.join(DTYPES)}; got {self.dtype!r}"
            raise InvalidArgument(msg)

    def __getitem__(self, name: str) -> Any:
        """Return the value of a field."""
        return dict(self.fields)[name]

    def replace(self, **changes: Any) -> TableRecipe:
        """Return the same recipe with other values, another dtype or seed."""
        own = {k: changes.pop(k) for k in ("dtype", "seed") if k in changes}
        if unknown := sorted(set(changes) - set(dict(self.fields))):
            msg = f"recipe: {self.kind} has no field {unknown[0]!r}"
            raise UnknownName(msg)
        fields = tuple((name, changes.get(name, value)) for name, value in self.fields)
        return dataclasses.replace(self, fields=fields, **own)

    def to_json(self) -> dict[str, Any]:
        """Return kind, dtype, seed and fields."""
        return {
            "kind": self.kind,
            "dtype": self.dtype,
            "seed": self.seed,
            "fields": dict(self.fields),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TableRecipe:
        """Return the recipe; the inverse of `to_json`."""
        fields = tuple((k, _hashable(v)) for k, v in data["fields"].items())
        return cls(data["kind"], fields, data["dtype"], data["seed"])

    def __str__(self) -> str:
        """Return the fields as JSON."""
        return json.dumps(self.to_json())


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class TableCase:
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

    def replace(self, **changes: Any) -> TableCase:
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

    def without(self, option: str) -> TableCase:
        """Return the same case with an option not given."""
        rest = {n: v for n, v in self.options.items() if n != option}
        return dataclasses.replace(self, options=rest)


@dataclasses.dataclass(frozen=True)
class Table:
    """What may be drawn for each field of a kind, the simplest value first.

    Parameters
    ----------
    fields
        For each field its values. The first is the default.
    claims
        For each capability what is claimed.
    needs
        For each field that is an option, the claim without which it keeps its
        first value.
    mend
        Makes a recipe whose fields do not fit each other one whose fields do.
    """

    fields: Mapping[str, tuple[Any, ...]]
    claims: Mapping[str, str] = dataclasses.field(default_factory=dict)
    needs: Mapping[str, str] = dataclasses.field(default_factory=dict)
    mend: Callable[[TableRecipe], TableRecipe] = lambda recipe: recipe

    def recipe(self, kind: str, dtype: str, **fields: Any) -> TableRecipe:
        """Return a recipe: fields that are not named have their first value."""
        values = {name: fields.get(name, v[0]) for name, v in self.fields.items()}
        if unknown := sorted(set(fields) - set(values)):
            msg = f"recipe: {kind} has no field {unknown[0]!r}"
            raise UnknownName(msg)
        return self.mend(TableRecipe(kind, tuple(values.items()), dtype))

    def within(self, recipe: TableRecipe, claims: frozenset[str]) -> TableRecipe:
        """Return the nearest recipe within what is claimed."""
        plain = {
            name: self.fields[name][0]
            for name, claim in self.needs.items()
            if claim not in claims
        }
        return self.mend(recipe.replace(**plain))

    def rank(self, recipe: TableRecipe) -> int:
        """Return how far a recipe is from the simplest one."""
        return sum(self._place(name, value) for name, value in recipe.fields)

    def simpler(self, recipe: TableRecipe) -> Iterator[TableRecipe]:
        """Yield recipes with one field simpler, the simplest first."""
        for name, value in recipe.fields:
            for simple in self.fields[name][: self._place(name, value)]:
                yield self.mend(recipe.replace(**{name: simple}))

    def _place(self, name: str, value: Any) -> int:
        values = self.fields[name]
        return values.index(value) if value in values else len(values)


def table_checksum(case: TableCase) -> str:
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


def cast(array: Array, recipe: TableRecipe) -> Array:
    """Return an array in the format of a recipe."""
    return np.ascontiguousarray(array).astype(numpy_dtype(recipe.dtype))


__all__ = ["Shape", "Table", "TableCase", "TableRecipe", "cast", "table_checksum"]
