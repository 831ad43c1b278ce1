"""A recipe: how to make a case. Small, frozen, hashable, JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.dtypes import DTYPES


@dataclasses.dataclass(frozen=True, slots=True)
class Recipe:
    """How to make a case of a kind: the value of each of its fields.

    Parameters
    ----------
    kind
        The name of the kind.
    fields
        Every field of the kind's table with its value, in the table's order.
    dtype
        The format that the case is judged in.
    seed
        Where the bulk data come from.
    family
        The family that the recipe was drawn from.
    """

    kind: str
    fields: tuple[tuple[str, Any], ...]
    dtype: str = "float32"
    seed: int = 0
    family: str = "plain"

    def __post_init__(self) -> None:
        """Reject formats that do not exist."""
        if self.dtype not in DTYPES:
            msg = f"dtype: expected one of {', '.join(DTYPES)}; got {self.dtype!r}"
            raise InvalidArgument(msg)

    def __getitem__(self, name: str) -> Any:
        """Return the value of a field."""
        return dict(self.fields)[name]

    def replace(self, **changes: Any) -> Recipe:
        """Return the same recipe with other values, another dtype or seed."""
        own = {k: changes.pop(k) for k in ("dtype", "seed", "family") if k in changes}
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
    def from_json(cls, data: Mapping[str, Any]) -> Recipe:
        """Return the recipe; the inverse of `to_json`."""
        fields = tuple((k, _hashable(v)) for k, v in data["fields"].items())
        return cls(data["kind"], fields, data["dtype"], data["seed"])

    def __str__(self) -> str:
        """Return the fields as JSON."""
        return json.dumps(self.to_json())


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


__all__ = ["Recipe"]
