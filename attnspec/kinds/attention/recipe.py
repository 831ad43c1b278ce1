"""A recipe: how to make a case. Small, frozen, hashable, JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from attnspec._typing import Window
from attnspec.exceptions import InvalidArgument
from attnspec.judge.dtypes import DTYPES
from attnspec.kinds.attention.case import OPTIONS

SCORES = (
    "normal",
    "uniform",
    "integers",
    "ties",
    "spread",
    "peaked",
    "offset_up",
    "offset_down",
    "far_down",
    "ascending",
    "gather",
)
"""How query and key are made: what the scores of a row look like."""

VALUES = ("normal", "integers", "one_hot", "offset", "cancelling", "constant")
"""How value is made."""

MASKS = (
    "all",
    "holes",
    "sparse",
    "padding",
    "left_padding",
    "prefix_hidden",
    "one_key",
    "empty_rows",
    "none",
)
"""Which keys a boolean mask shows."""

BIASES = ("normal", "distance", "row_offset", "holes", "empty_rows")
"""What an additive bias holds; the last two have entries of minus infinity."""

HIDING_BIASES = ("holes", "empty_rows")
"""The biases that hide keys."""

SINKS = ("normal", "large", "small", "minus_infinity")
"""What the sink of each head is."""

AXES = (*("BHLS", "1HLS", "B1LS", "11LS", "LS", "B11S", "111S", "BHL1", "B1L1", "HLS"),)
"""Which axes of (B, Hq, L, S) a mask or bias has; 1 is an axis of length one."""

LAYOUTS = (
    "contiguous",
    "transposed",
    "sliced",
    "offset",
    "broadcast_batch",
    "broadcast_heads",
)
"""The memory layout of an operand; the broadcast ones have a stride of 0."""

_CHOICES: dict[str, tuple[str | None, ...]] = {
    "dtype": DTYPES,
    "scores": SCORES,
    "values": VALUES,
    "mask": (None, *MASKS),
    "mask_axes": AXES,
    "bias": (None, *BIASES),
    "bias_axes": AXES,
    "bias_dtype": ("same", "float32"),
    "sink": (None, *SINKS),
    "hidden": ("same", "huge"),
}

_SIZES = ("batch", "query_heads", "key_heads", "queries", "keys", "width")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AttentionRecipe:
    """How to make a case; `attnspec.kinds.attention.build` makes it."""

    family: str = "plain"
    dtype: str = "float32"
    batch: int = 1
    query_heads: int = 1
    key_heads: int = 1
    queries: int = 1
    keys: int = 1
    width: int = 1
    value_width: int = 1
    scores: str = "normal"
    values: str = "normal"
    scale: float | None = None
    causal: bool = False
    window: Window | None = None
    softcap: float | None = None
    sink: str | None = None
    mask: str | None = None
    mask_axes: str = "BHLS"
    bias: str | None = None
    bias_axes: str = "BHLS"
    bias_dtype: str = "same"
    hidden: str = "same"
    layouts: tuple[tuple[str, str], ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        """Reject what no case can be made from."""
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                listed = ", ".join(map(repr, choices))
                msg = f"{name}: expected one of {listed}; got {getattr(self, name)!r}"
                raise InvalidArgument(msg)
        for name in (*_SIZES, "value_width"):
            if getattr(self, name) < 0:
                msg = f"{name}: expected at least 0, got {getattr(self, name)}"
                raise InvalidArgument(msg)
        if self.key_heads and self.query_heads % self.key_heads:
            msg = (
                "query_heads: expected a multiple of key_heads "
                f"({self.key_heads}), got {self.query_heads}"
            )
            raise InvalidArgument(msg)

    def replace(self, **changes: Any) -> AttentionRecipe:
        """Return the same recipe with some fields changed."""
        return dataclasses.replace(self, **changes)

    @property
    def options(self) -> tuple[str, ...]:
        """The options that are in force; a scale of 0 is one."""
        values = {name: getattr(self, name) for name in OPTIONS}
        return tuple(n for n, v in values.items() if v is not None and v is not False)

    def without(self, option: str) -> AttentionRecipe:
        """Return the same recipe with an option off."""
        return self.replace(**{option: False if option == "causal" else None})

    def layout(self, operand: str) -> str:
        """Return the layout of one operand."""
        return dict(self.layouts).get(operand, "contiguous")

    def to_json(self) -> dict[str, Any]:
        """Return the fields that differ from the defaults.

        Examples
        --------
        >>> AttentionRecipe(keys=65, causal=True).to_json()
        {'keys': 65, 'causal': True}
        """
        changed = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                changed[field.name] = value
        return changed

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> AttentionRecipe:
        """Return the recipe with these fields; the inverse of `to_json`."""
        known = {field.name for field in dataclasses.fields(cls)}
        if unknown := sorted(set(data) - known):
            msg = f"recipe: unknown field {unknown[0]!r}"
            raise InvalidArgument(msg)
        data = dict(data)
        if data.get("window") is not None:
            left, right = data["window"]
            data["window"] = (left, right)
        pairs = data.get("layouts", ())
        data["layouts"] = tuple((operand, layout) for operand, layout in pairs)
        return cls(**data)

    def __str__(self) -> str:
        """Return the fields that differ from the defaults, as JSON."""
        return json.dumps(self.to_json())


__all__ = [
    "AXES",
    "BIASES",
    "HIDING_BIASES",
    "LAYOUTS",
    "MASKS",
    "SCORES",
    "SINKS",
    "VALUES",
    "AttentionRecipe",
]
