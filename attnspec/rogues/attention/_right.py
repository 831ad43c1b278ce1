"""A right kernel and the model that it declares, and steps that many of them share."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.numerics import PRESETS, NumericModel, default_model, relaxations
from attnspec.rogues._rounding import through
from attnspec.rogues.attention._kernel import KERNEL, Rows, Tables, tiles_of
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
    """Cut the keys into tiles of a size."""
    return lambda keys, _: tiles_of(size, keys)


def backward(size: int) -> Callable[[int, AttentionCase], Iterator[Array]]:
    """Start from the last tile."""
    return lambda keys, _: reversed(list(tiles_of(size, keys)))


def one_tile(keys: int, _: AttentionCase) -> Iterator[Array]:
    """Take all keys at once."""
    return iter([np.arange(keys)])


def lazy_peak(peak: Array, scores: Array) -> Array:
    """Raise the peak only where a score exceeds it by `SLACK`."""
    best = KERNEL.peak(peak, scores)
    return np.where(best > peak + scores.dtype.type(SLACK), best, peak)


def working_in(wide: type[np.floating[Any]]) -> dict[str, Any]:
    """Return the steps that keep scores and sums in a wider format."""
    return {
        "work": lambda _: np.dtype(wide),
        "start": lambda call: Rows(*(a.astype(wide) for a in KERNEL.start(call))),
    }


def scaled_query(tables: Tables, call: AttentionCase) -> Tables:
    """Multiply the query by the scale, before the product."""
    real = tables.query.dtype.type
    return tables._replace(query=tables.query * real(call.effective_scale))


SLACK = 8 * math.log(2)
"""How far a score may exceed a lazy peak."""

PLAIN = Summed(narrow=unrounded)
"""The kernel whose weights are not rounded."""

__all__ = [
    "PLAIN",
    "SLACK",
    "Right",
    "backward",
    "lazy_peak",
    "one_tile",
    "rounded_to",
    "scaled_query",
    "tiles",
    "unrounded",
    "working_in",
]
