"""A case: one attention problem, arrays and options; and the result of a call."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from attnspec._typing import Array, Window

OPTIONS = ("mask", "bias", "scale", "causal", "window", "softcap", "sink")
"""The optional keywords of a kernel that change its result."""

ARRAYS = ("query", "key", "value", "mask", "bias", "sink")
"""The arguments that are arrays."""


class Sizes(NamedTuple):
    """The axis lengths of a case."""

    B: int
    Hq: int
    Hkv: int
    L: int
    S: int
    E: int
    Ev: int


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class AttentionCase:
    """One attention problem; compared by identity.

    The arrays are plain and C-contiguous: `layouts` names the memory layout in
    which the kernel gets each of them.
    """

    query: Array
    key: Array
    value: Array
    mask: Array | None = None
    bias: Array | None = None
    scale: float | None = None
    causal: bool = False
    window: Window | None = None
    softcap: float | None = None
    sink: Array | None = None
    layouts: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def sizes(self) -> Sizes:
        """The lengths of all axes."""
        batch, query_heads, queries, width = self.query.shape
        _, key_heads, keys, value_width = self.value.shape
        return Sizes(batch, query_heads, key_heads, queries, keys, width, value_width)

    @property
    def dtype(self) -> str:
        """The name of the format of query, key, value and output."""
        return self.query.dtype.name

    @property
    def effective_scale(self) -> float:
        """The factor on the dot products: as given, or 1/sqrt(E)."""
        if self.scale is not None:
            return self.scale
        return 1.0 / math.sqrt(self.sizes.E) if self.sizes.E else 1.0

    @property
    def options(self) -> dict[str, Any]:
        """The options that are in force, by keyword."""
        values = {name: getattr(self, name) for name in OPTIONS}
        return {n: v for n, v in values.items() if v is not None and v is not False}

    def arrays(self) -> dict[str, Array]:
        """Return the arguments that are arrays, by keyword."""
        values = {name: getattr(self, name) for name in ARRAYS}
        return {name: v for name, v in values.items() if v is not None}

    def replace(self, **changes: Any) -> AttentionCase:
        """Return the same problem with some fields changed."""
        return dataclasses.replace(self, **changes)


__all__ = ["ARRAYS", "OPTIONS", "AttentionCase", "Sizes"]
