"""A case of attention: the machine's case with the names of its arguments."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from attnspec._typing import Array, Window
from attnspec.judge.case import Case, Expected

OPTIONS = (
    *("mask", "bias", "scale", "causal", "window", "softcap", "sink"),
    "alibi_slopes",
)
"""The optional keywords of a kernel that change its result."""


class Sizes(NamedTuple):
    """The axis lengths of a case."""

    B: int
    Hq: int
    Hkv: int
    L: int
    S: int
    E: int
    Ev: int


def _output(query: Array, value: Array) -> tuple[Expected, ...]:
    """Return what comes back: (B, Hq, L, Ev), in the format of the query."""
    return (("output", (*query.shape[:3], value.shape[3]), query.dtype.name),)


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class AttentionCase(Case):
    """One attention problem; compared by identity."""

    @classmethod
    def of(
        cls,
        query: Array,
        key: Array,
        value: Array,
        *,
        layouts: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Self:
        """Return the case of these operands and options.

        Examples
        --------
        >>> import numpy as np
        >>> one = np.ones((1, 1, 3, 2), np.float32)
        >>> AttentionCase.of(one, one, one, causal=True).sizes.L
        3
        """
        operands = {"query": query, "key": key, "value": value}
        given = {n: v for n, v in options.items() if v is not None and v is not False}
        dtype = query.dtype.name
        return cls(operands, given, _output(query, value), dtype, layouts or {})

    def replace(self, **changes: Any) -> Self:
        """Return the same problem with some arguments changed.

        An option that becomes None, or a flag that becomes False, is not in force.
        """
        given: dict[str, Any] = {
            name: None if v is False else v for name, v in changes.items()
        }
        query, value = given.get("query", self.query), given.get("value", self.value)
        results, dtype = _output(query, value), query.dtype.name
        return Case.replace(self, results=results, dtype=dtype, **given)

    def with_lse(self) -> Self:
        """Return the same problem in a call that returns the logsumexp as well."""
        sizes = self.sizes
        return self.asking("return_lse", ("lse", (sizes.B, sizes.Hq, sizes.L), None))

    @property
    def query(self) -> Array:
        """The queries (B, Hq, L, E)."""
        return self.operands["query"]

    @property
    def key(self) -> Array:
        """The keys (B, Hkv, S, E)."""
        return self.operands["key"]

    @property
    def value(self) -> Array:
        """The values (B, Hkv, S, Ev)."""
        return self.operands["value"]

    @property
    def mask(self) -> Array | None:
        """The boolean mask, True attends."""
        return self.options.get("mask")

    @property
    def bias(self) -> Array | None:
        """The additive bias."""
        return self.options.get("bias")

    @property
    def scale(self) -> float | None:
        """The scale as it is given; None is 1/sqrt(E)."""
        return self.options.get("scale")

    @property
    def causal(self) -> bool:
        """Whether no query sees a later key."""
        return bool(self.options.get("causal"))

    @property
    def window(self) -> Window | None:
        """The inclusive distances to the left and right."""
        return self.options.get("window")

    @property
    def softcap(self) -> float | None:
        """The cap on the scores."""
        return self.options.get("softcap")

    @property
    def sink(self) -> Array | None:
        """The score without a value of each query head."""
        return self.options.get("sink")

    @property
    def alibi_slopes(self) -> Array | None:
        """The slopes by which scores fall with the distance, (Hq,) or (B, Hq)."""
        return self.options.get("alibi_slopes")

    @property
    def sizes(self) -> Sizes:
        """The lengths of all axes."""
        batch, query_heads, queries, width = self.query.shape
        _, key_heads, keys, value_width = self.value.shape
        return Sizes(batch, query_heads, key_heads, queries, keys, width, value_width)

    @property
    def effective_scale(self) -> float:
        """The factor on the dot products: as given, or 1/sqrt(E)."""
        if self.scale is not None:
            return self.scale
        return 1.0 / math.sqrt(self.sizes.E) if self.sizes.E else 1.0


__all__ = ["OPTIONS", "AttentionCase", "Sizes"]
