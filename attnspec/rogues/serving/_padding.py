"""The steps of which right and wrong attention of padded sequences is made."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array, Window
from attnspec.kernels import tiled_attention

Lengths = tuple[Array, Array]
Pair = tuple[Array, Array]


@dataclasses.dataclass(frozen=True)
class Call:
    """A call: its arrays, the lengths as they are given, and its options."""

    query: Array
    key: Array
    value: Array
    query_lengths: Array | None
    key_lengths: Array | None
    mask: Array | None
    bias: Array | None
    causal: bool
    window: Window | None
    options: dict[str, Any]

    @property
    def sizes(self) -> tuple[int, int, int]:
        """The numbers B, L and S."""
        return len(self.query), self.query.shape[2], self.key.shape[2]

    def replace(self, **changes: Any) -> Call:
        """Return the same call with some of it changed."""
        return dataclasses.replace(self, **changes)


def given(call: Call) -> Lengths:
    """Return the lengths of all sequences."""
    batch, queries, keys = call.sizes
    own = call.query_lengths, call.key_lengths
    whole = (
        np.broadcast_to(size if n is None else n, batch)
        for n, size in zip(own, (queries, keys), strict=True)
    )
    first, second = (np.asarray(n, np.int64) for n in whole)
    return first, second


def by_lengths(call: Call, lengths: Lengths) -> Array:  # noqa: ARG001 - a step's form
    """Let the last query of a sequence stand at its last key."""
    return lengths[1] - lengths[0]


def near(call: Call, starts: Array) -> Array:
    """Return what causality and window show (B, 1, L, S)."""
    _, queries, keys = call.sizes
    here = starts[:, None, None] + np.arange(queries)[:, None]
    distance = (here - np.arange(keys))[:, None]
    left, right = call.window or (None, None)
    seen = np.ones(distance.shape, np.bool_)
    if call.causal:
        seen &= distance >= 0
    if left is not None:
        seen &= distance <= left
    return seen if right is None else seen & (-distance <= right)


def masked(call: Call) -> Array:
    """Return what the mask shows; of the keys that it lacks none."""
    if call.mask is None:
        return np.ones(1, np.bool_)
    missing = call.sizes[2] - call.mask.shape[3]
    return np.pad(call.mask, ((0, 0), (0, 0), (0, 0), (0, missing)))


def real(call: Call, lengths: Lengths) -> Array:
    """Return which keys are no padding (B, 1, 1, S)."""
    return np.arange(call.sizes[2]) < lengths[1][:, None, None, None]


def attended(call: Call, visible: Array, lengths: Lengths) -> Pair:
    """Attend to what is visible and no padding, whose numbers are not read."""
    kept = real(call, lengths)
    clean = (
        np.where(kept.swapaxes(2, 3), array, 0).astype(array.dtype)
        for array in (call.key, call.value)
    )
    found: Any = tiled_attention(
        call.query,
        *clean,
        mask=visible & kept,
        bias=call.bias,
        return_lse=True,
        **call.options,
    )
    return found


def answered(call: Call, output: Array, lse: Array) -> Pair:  # noqa: ARG001 - a step's form
    """Return what was computed."""
    return output, lse


@dataclasses.dataclass(frozen=True)
class Padded:
    """What is called with padded sequences, and answers in steps of its own."""

    lengths: Callable[[Call], Lengths] = given
    frontier: Callable[[Call, Lengths], Array] = by_lengths
    masked: Callable[[Call], Array] = masked
    attend: Callable[[Call, Array, Lengths], Pair] = attended
    finish: Callable[[Call, Array, Array], Pair] = answered

    def __call__(  # noqa: PLR0913 - the face of the field
        self,
        query: Array,
        key: Array,
        value: Array,
        *,
        query_lengths: Array | None = None,
        key_lengths: Array | None = None,
        causal: bool = False,
        window: Window | None = None,
        bias: Array | None = None,
        mask: Array | None = None,
        softcap: float | None = None,
        sink: Array | None = None,
        scale: float | None = None,
        return_lse: bool = False,
    ) -> Any:
        """Attend within each sequence."""
        options = {"softcap": softcap, "sink": sink, "scale": scale}
        rest: Any = mask, bias, causal, window, options
        call = Call(query, key, value, query_lengths, key_lengths, *rest)
        known = self.lengths(call)
        seen = near(call, self.frontier(call, known)) & self.masked(call)
        with np.errstate(all="ignore"):
            found = self.attend(call, seen, known)
            output, lse = self.finish(call, *found)
        return (output, lse) if return_lse else output


__all__ = ["Call", "Lengths", "Padded", "Pair", "attended", "given", "masked", "real"]
