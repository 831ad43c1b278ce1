"""What a recurrence starts from, and what it forgets, where nothing is said."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import float64


def gates_of(
    key: Float[np.ndarray, "*batch N E"], decay: Float[np.ndarray, "..."] | None
) -> Float64[np.ndarray, "*batch N E"]:
    """Write out the decay for each component of the keys."""
    if decay is None:
        return np.ones(key.shape)
    if decay.shape not in (key.shape, (*key.shape[:-1], 1)):
        msg = f"decay: expected shape {key.shape} or width 1, got {decay.shape}"
        raise InvalidArgument(msg)
    return np.broadcast_to(float64(decay), key.shape)


def state_of(
    key: Float[np.ndarray, "*batch N E"],
    value: Float[np.ndarray, "*batch N Ev"],
    state: Float[np.ndarray, "..."] | None,
) -> Float64[np.ndarray, "*batch E Ev"]:
    """Start from zeros unless a state is given."""
    empty = np.zeros((*key.shape[:-2], key.shape[-1], value.shape[-1]))
    return empty if state is None else float64(state)


__all__ = ["gates_of", "state_of"]
