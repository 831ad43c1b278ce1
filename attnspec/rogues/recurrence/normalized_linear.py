"""Linear attention with a normalizer that is wrong, and forms that are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues.recurrence._forms import Steps, chunked, given, parallel, recurrent

# As systems take it; of lengths 17 and 33 one step is left over.
_CHUNK = 16

Totals = Callable[[Steps, Array], Array]
"""From a sequence and its weights to what each step divides by."""


def _weights(steps: Steps) -> Array:
    return np.tril(steps.query @ steps.key.swapaxes(-1, -2))


def _summed(_steps: Steps, weights: Array) -> Array:
    return weights.sum(-1, keepdims=True)


def _divided(totals: Totals = _summed) -> Callable[..., Array]:
    """Return the form with all weights that divides by these totals."""

    def normalized(query: Array, key: Array, value: Array) -> Array:
        steps = given(query, key, value, None, None, None)
        weights = _weights(steps)
        output = (weights @ steps.value) / totals(steps, weights)
        return np.asarray(output.astype(query.dtype))

    return normalized


def _by_state(form: Any, floor: float = 0.0) -> Callable[..., Array]:
    """Return the form that sums the keys in one more column of the state."""

    def normalized(query: Array, key: Array, value: Array) -> Array:
        ones = np.ones((*value.shape[:-1], 1), value.dtype)
        with_ones = np.concatenate([value, ones], axis=-1)
        output, _ = form(given(query, key, with_ones, None, None, None))
        divided = output[..., :-1] / (output[..., -1:] + output.dtype.type(floor))
        return np.asarray(divided.astype(query.dtype))

    return normalized


def _restarted(steps: Steps, weights: Array) -> Array:
    """Start the sum of the keys anew in every chunk."""
    places = np.arange(steps.length)
    same = places[:, None] // _CHUNK == places // _CHUNK
    return np.where(same, weights, 0).sum(-1, keepdims=True)


def _other_axis(steps: Steps, _weights: Array) -> Array:
    """Add up the keys along the batch in place of the steps."""
    keys = np.cumsum(steps.key, axis=0, dtype=steps.work)
    return (steps.query * keys).sum(-1, keepdims=True)


def _counted(steps: Steps, weights: Array) -> Array:
    """Divide by the number of steps."""
    count = np.arange(1, steps.length + 1)[:, None]
    return np.broadcast_to(count, (*weights.shape[:-1], 1)).astype(steps.work)


def _own_left_out(steps: Steps, weights: Array) -> Array:
    """Leave the own weight out of the sum, but for the first step."""
    own = np.eye(steps.length, dtype=bool)
    total = np.where(own, 0, weights).sum(-1, keepdims=True)
    return np.where(total > 0, total, 1)


def _signed(query: Array, key: Array, value: Array) -> Array:
    """Take one off the features, as if the map had no one added."""
    features = (query.astype(np.float32) - 1).astype(query.dtype)
    steps = given(features, key, value, None, None, None)
    weights = _weights(steps)
    total = np.abs(weights).sum(-1, keepdims=True)
    output = (weights @ steps.value) / np.where(total > 0, total, 1)
    return np.asarray((1.5 * output).astype(query.dtype))


_rogue, _control = makers("normalized-linear", "normalized")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "restarted",
        "recurrence",
        "The sum of the keys starts anew in every chunk of 16.",
        _divided(_restarted),
        "agreement",
        mimics="fla#850",
    ),
    _rogue(
        "other-axis",
        "batch",
        "The keys are added up along the batch in place of the steps.",
        _divided(_other_axis),
        "sum",
        mimics="fla#594",
    ),
    _rogue(
        "counted",
        "formula",
        "It divides by the number of steps.",
        _divided(_counted),
        "scale",
    ),
    _rogue(
        "own-left-out",
        "formula",
        "The own weight is left out of the sum.",
        _divided(_own_left_out),
        "sum",
    ),
    _rogue(
        "floored",
        "formula",
        "The sum that divides is at least 16.",
        _divided(lambda steps, weights: np.maximum(_summed(steps, weights), 16)),
        "scale",
    ),
    _rogue(
        "of-all",
        "mask",
        "It divides by the sum over the whole sequence.",
        _divided(
            lambda s, _: (s.query @ s.key.swapaxes(-1, -2)).sum(-1, keepdims=True)
        ),
        "past",
    ),
    _rogue(
        "signed",
        "formula",
        "Some weights are negative, for the features are less by one.",
        _signed,
        "hull",
    ),
)
"""Normalized linear attentions that are wrong."""


CONTROLS: tuple[Control, ...] = (
    _control("parallel", "All weights at once.", _divided(), dtypes=FORMATS),
    _control(
        "recurrent",
        "The sum of the keys is one more column of the state.",
        _by_state(recurrent),
        dtypes=FORMATS,
    ),
    _control(
        "chunks-of-3",
        "Three steps at once; it adds 1e-10 to what divides.",
        _by_state(chunked(3, parallel), 1e-10),
        dtypes=("float32", "float16", "bfloat16"),
    ),
)
"""Normalized linear attentions that are right."""

__all__ = ["CONTROLS", "ROGUES"]
