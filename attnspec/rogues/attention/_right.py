"""A right kernel and the model that it declares, and steps that many of them share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.numerics import PRESETS, NumericModel, default_model, relaxations
from attnspec.rogues.attention._arithmetic import through
from attnspec.rogues.attention._kernel import Tables, tiles_of
from attnspec.rogues.attention._sums import Summed


@dataclasses.dataclass(frozen=True)
class Right:
    """A right kernel: what it does, in which formats, and what it declares."""

    id: str
    run: Callable[..., Any]
    dtypes: tuple[str, ...]
    base: str = "upcast"
    """Without ``-dtype``; ``flash`` and ``upcast`` are the format itself in float32."""
    changes: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    words: str = ""
    """Those of a relaxation, if it declares one."""

    def model(self, dtype: str) -> NumericModel:
        """Return the model that it declares in a format."""
        names = (f"{self.base}-{dtype}", self.base)
        known = next((PRESETS[name] for name in names if name in PRESETS), None)
        model = (known or default_model(dtype)).replace(**self.changes)
        return dict(relaxations(model))[self.words] if self.words else model


def unrounded(weights: Array, call: AttentionCase) -> Array:  # noqa: ARG001 - a step's form
    """Leave the weights as they are."""
    return weights


def rounded_to(narrow: np.dtype[Any]) -> Callable[[Array, AttentionCase], Array]:
    """Round weights to a format."""
    return lambda weights, _: through(weights, narrow)


def tiles(size: int) -> Callable[[int, AttentionCase], Iterator[Array]]:
    return lambda keys, _: tiles_of(size, keys)


def scaled_query(tables: Tables, call: AttentionCase) -> Tables:
    real = tables.query.dtype.type
    return tables._replace(query=tables.query * real(call.effective_scale))


PLAIN = Summed(narrow=unrounded)
"""The kernel whose weights are not rounded."""

__all__ = ["PLAIN", "Right", "rounded_to", "scaled_query", "tiles", "unrounded"]
