"""Backward passes of padded sequences, step by step: a rogue has one of them wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array, Window
from attnspec.rogues.serving._padding import (
    Call,
    Lengths,
    by_lengths,
    given,
    masked,
    near,
    real,
)
from attnspec.rogues.training._passes import BackwardPass

Gradients = list[Array]


def cleared(call: Call, d_output: Array, lengths: Lengths) -> tuple[Call, Array]:
    """Read zeros in place of padding, of its cotangents, too."""
    kept = real(call, lengths).swapaxes(2, 3)
    rows = answered_rows(call, lengths)
    query, d_output = (_where(rows, a) for a in (call.query, d_output))
    key, value = (_where(kept, a) for a in (call.key, call.value))
    return call.replace(query=query, key=key, value=value), d_output


def answered_rows(call: Call, lengths: Lengths) -> Array:
    """Return which queries are no padding (B, 1, L, 1)."""
    return np.arange(call.sizes[1])[:, None] < lengths[0][:, None, None, None]


def _where(kept: Array, array: Array) -> Array:
    return np.where(kept, array, 0).astype(array.dtype)


def as_it_is(call: Call, d_output: Array, lengths: Lengths) -> tuple[Call, Array]:  # noqa: ARG001 - a step's form
    """Read everything as it is."""
    return call, d_output


def keys_alone(call: Call, d_output: Array, lengths: Lengths) -> tuple[Call, Array]:
    """Read queries that are padding, and the cotangents of their outputs."""
    clean, _ = cleared(call, d_output, lengths)
    return clean.replace(query=call.query), d_output


def differentiated(
    run: BackwardPass, call: Call, d_output: Array, visible: Array
) -> Gradients:
    """Differentiate in one go, with a mask."""
    operands = call.query, call.key, call.value, d_output
    return [*run(*operands, mask=visible, **call.options)]


def answered(call: Call, found: Gradients, lengths: Lengths) -> Gradients:  # noqa: ARG001 - a step's form
    """Return what was computed."""
    return found


@dataclasses.dataclass(frozen=True)
class PaddedPass:
    """A backward pass of padded sequences, in steps of its own."""

    run: BackwardPass = dataclasses.field(default_factory=BackwardPass)
    lengths: Callable[[Call], Lengths] = given
    frontier: Callable[[Call, Lengths], Array] = by_lengths
    clear: Callable[[Call, Array, Lengths], tuple[Call, Array]] = cleared
    before: Callable[[Call], Call] = lambda call: call
    finish: Callable[[Call, Gradients, Lengths], Gradients] = answered

    def __call__(
        self,
        query: Array,
        key: Array,
        value: Array,
        d_output: Array,
        *,
        query_lengths: Array | None = None,
        key_lengths: Array | None = None,
        causal: bool = False,
        window: Window | None = None,
        mask: Array | None = None,
        softcap: float | None = None,
        sink: Array | None = None,
        scale: float | None = None,
    ) -> tuple[Array, ...]:
        """Differentiate within each sequence."""
        options: dict[str, Any] = {"softcap": softcap, "sink": sink, "scale": scale}
        rest: Any = mask, None, causal, window, options
        call = Call(query, key, value, query_lengths, key_lengths, *rest)
        call = self.before(call)
        known = self.lengths(call)
        seen = near(call, self.frontier(call, known)) & masked(call)
        seen = seen & real(call, known) & answered_rows(call, known)
        clean, d_output = self.clear(call, d_output, known)
        with np.errstate(all="ignore"):
            found = differentiated(self.run, clean, d_output, seen)
            return tuple(self.finish(call, found, known))


def by_given(call: Call, lengths: Lengths) -> Array:  # noqa: ARG001 - a step's form
    """Let the last query of a sequence stand at its last key, as they are given."""
    return by_lengths(call, given(call))


def unwritten(call: Call, found: Gradients, lengths: Lengths) -> Gradients:
    """Leave the gradients of keys that are padding as they were."""
    kept = real(call, lengths).swapaxes(2, 3)
    number = found[1].dtype.type(1e-3)
    for at in (1, 2):
        found[at] = np.where(kept, found[at], number)
    return found


def sink_of_padding(call: Call, found: Gradients, lengths: Lengths) -> Gradients:
    """Count for the sink the queries that are padding, too: their share is all."""
    if len(found) > 3 and call.query_lengths is not None:
        rows = int((call.sizes[1] - lengths[0]).sum())
        found[3] = found[3] - found[3].dtype.type(rows)
    return found


__all__ = [
    "PaddedPass",
    "as_it_is",
    "by_given",
    "cleared",
    "keys_alone",
    "sink_of_padding",
    "unwritten",
]
