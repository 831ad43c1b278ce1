"""Recurrences that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit

from attnspec._typing import Array
from attnspec.numerics.dtypes import working_dtype
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers

Step = Callable[[Array, Array, Array, Array], Array]
"""From what an input gives, the state before, its matrix and the bias to a state."""


def _tangent(given: Array, before: Array, by_state: Array, bias: Array) -> Array:
    return np.asarray(np.tanh(given + before @ by_state + bias))


def _rnn(
    step: Step = _tangent, seen: Callable[[Array], Array] = lambda x: x
) -> Callable[..., Array]:
    """Return a recurrence that steps otherwise, or sees other inputs."""

    def rnn(*operands: Array, state: Array | None = None) -> Array:
        work = working_dtype(operands[0].dtype)
        x, by_input, by_state, bias = (a.astype(work) for a in operands)
        current = np.zeros(len(bias), work) if state is None else state.astype(work)
        states = []
        for given in seen(x) @ by_input:
            current = step(given, current, by_state, bias)
            states.append(current)
        return np.stack(states).astype(operands[0].dtype)

    return rnn


def _state_dropped(
    *operands: Array,
    state: Array | None = None,  # noqa: ARG001 - this is the mistake
) -> Array:
    return np.asarray(_rnn()(*operands))


def _mean_before(x: Array) -> Array:
    """Return the mean of what was read so far, which knows no order."""
    return (
        np.cumsum(x, axis=0, dtype=x.dtype)
        / np.arange(1, len(x) + 1, dtype=x.dtype)[:, None]
    )


def _pooled(
    x: Array, by_input: Array, by_state: Array, bias: Array, **options: Any
) -> Array:
    """Put the mean so far through one step, and keep no state."""
    work = working_dtype(x.dtype)
    means = _mean_before(x.astype(work))
    start = options.get("state")
    before = np.zeros(len(bias), work) if start is None else start.astype(work)
    matrices = [a.astype(work) for a in (by_input, by_state, bias)]
    given = means @ matrices[0]
    return _tangent(given, before, *matrices[1:]).astype(x.dtype)


def _with_state(function: Callable[..., Array]) -> Callable[..., Array]:
    """Give a function the keyword that claims a state."""

    def rnn(*operands: Array, state: Array | None = None) -> Array:
        return function(*operands, state=state)

    return rnn


def _joined(*operands: Array, state: Array | None = None) -> Array:
    """Multiply input, state and one by all matrices at once."""
    x, *matrices = operands
    work = working_dtype(x.dtype)
    weights = np.vstack(matrices).astype(work)
    current = np.zeros(weights.shape[1], work) if state is None else state.astype(work)
    states = []
    for given in x.astype(work):
        current = np.tanh(np.concatenate([given, current, np.ones(1, work)]) @ weights)
        states.append(current)
    return np.stack(states).astype(x.dtype)


def _stored(x: Array, by_input: Array, by_state: Array, bias: Array) -> Array:
    """Keep the state in the format of the inputs, and start from nothing."""

    def step(given: Array, before: Array, matrix: Array, shift: Array) -> Array:
        return (
            _tangent(given, before, matrix, shift)
            .astype(x.dtype)
            .astype(working_dtype(x.dtype))
        )

    return np.asarray(_rnn(step)(x, by_input, by_state, bias))


def _exponentials(given: Array, before: Array, by_state: Array, bias: Array) -> Array:
    """Write the tangent with one exponential that cannot overflow."""
    sums = given + before @ by_state + bias
    faded = np.exp(-2 * np.abs(sums))
    # The argument is never positive, so the exponential is at most 1.
    near = np.sign(sums) * -np.expm1(-2 * np.abs(sums)) / (1 + faded)
    return np.asarray(near.astype(sums.dtype))


def _logistic(given: Array, before: Array, by_state: Array, bias: Array) -> Array:
    """Write the tangent with a logistic function, where there is no tangent."""
    sums = given + before @ by_state + bias
    # tanh x = 2 / (1 + exp(-2 x)) - 1
    return np.asarray(2 * expit(2 * sums) - 1, sums.dtype)


_rogue, _control = makers("rnn", right_in=FORMATS)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "both-ways",
        "mask",
        "Every step sees the mean of the whole sequence as well.",
        _rnn(seen=lambda x: (x + x.mean(0, dtype=x.dtype)) / 2),
        "past",
    ),
    _rogue(
        "one-ahead",
        "alignment",
        "Every step sees the input of the next one.",
        _rnn(seen=lambda x: np.concatenate([x[1:], x[-1:]])),
        "past",
    ),
    _rogue(
        "pooled",
        "order",
        "A state is made of the mean so far, which knows no order.",
        _with_state(_pooled),
        "order",
    ),
    _rogue(
        "residual",
        "formula",
        "The state before is added once more, so that nothing fades.",
        _rnn(lambda g, h, w, b: h + _tangent(g, h, w, b)),
        "gradient",
    ),
    _rogue(
        "transposed",
        "formula",
        "The recurrent matrix is taken for its transpose.",
        _rnn(lambda g, h, w, b: _tangent(g, h, w.T, b)),
        "agreement",
    ),
    _rogue(
        "bias-outside",
        "formula",
        "The bias is added after the tanh.",
        _rnn(lambda g, h, w, b: _tangent(g, h, w, 0 * b) + b),
        "agreement",
    ),
    _rogue(
        "state-dropped",
        "recurrence",
        "It starts from nothing, whatever state is given.",
        _state_dropped,
        "state",
    ),
)
"""Recurrences that are wrong."""


CONTROLS: tuple[Control, ...] = (
    _control("joined", "Input, state and bias meet one matrix.", _joined),
    _control("stored", "The state is kept in the format of the inputs.", _stored),
    _control(
        "exponentials",
        "The tangent is written with an exponential.",
        _rnn(_exponentials),
    ),
    _control(
        "logistic",
        "The tangent is written with a logistic function.",
        _rnn(_logistic),
    ),
)
"""Recurrences that are right."""

__all__ = ["CONTROLS", "ROGUES"]
