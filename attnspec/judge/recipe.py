"""A recipe: how to make a case. Small, frozen, hashable, JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.numerics.dtypes import DTYPES


def same(one: Any, other: Any) -> bool:
    """Return whether two values are the same: 0, 0.0, -0.0 and False are four.

    Examples
    --------
    >>> same(0.0, 0.0), same(0.0, -0.0), same(False, 0), same((1, 2), (1, 2))
    (True, False, False, True)
    """
    return bool(one == other) and (other != 0 or repr(one) == repr(other))


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

    Examples
    --------
    >>> recipe = Recipe("rope", (("length", 5), ("width", 2)))
    >>> recipe["length"], recipe.replace(width=4)["width"]
    (5, 4)
    """

    kind: str
    fields: tuple[tuple[str, Any], ...]
    dtype: str = "float32"
    seed: int = 0
    family: str = "plain"
    # A case asks for each field several times: the look-up is made once.
    _values: Mapping[str, Any] = dataclasses.field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Reject formats that do not exist."""
        if self.dtype not in DTYPES:
            msg = f"dtype: expected one of {', '.join(DTYPES)}; got {self.dtype!r}"
            raise InvalidArgument(msg)
        object.__setattr__(self, "_values", dict(self.fields))

    def __getitem__(self, name: str) -> Any:
        """Return the value of a field."""
        return self._values[name]

    def __contains__(self, name: str) -> bool:
        """Return whether there is such a field."""
        return name in self._values

    def replace(self, **changes: Any) -> Recipe:
        """Return the same recipe with other values, another dtype or seed."""
        own = {k: changes.pop(k) for k in ("dtype", "seed", "family") if k in changes}
        if unknown := sorted(set(changes) - set(self._values)):
            msg = f"recipe: {self.kind} has no field {unknown[0]!r}"
            raise UnknownName(msg)
        # Most replacements, while a recipe is fitted to a scope, change nothing.
        if not own and all(same(self._values[n], v) for n, v in changes.items()):
            return self
        fields = tuple({**self._values, **changes}.items())
        own = {"dtype": self.dtype, "seed": self.seed, "family": self.family, **own}
        return Recipe(self.kind, fields, **own)

    def to_json(self) -> dict[str, Any]:
        """Return kind, dtype, seed, family and fields."""
        return {
            "kind": self.kind,
            "dtype": self.dtype,
            "seed": self.seed,
            "family": self.family,
            "fields": dict(self.fields),
        }

    def __str__(self) -> str:
        """Return the fields as JSON."""
        return json.dumps(self.to_json())


__all__ = ["Recipe", "same"]
