r"""What any form of the delta rule may be off by.

In exact arithmetic a step multiplies the state by (I - beta k k') diag(g), which makes
no column longer as long as beta |k|^2 is at most 2 and the decays at most 1. So an
error that is made once stays as long as it is, and the errors of all steps add up.
What a step or a chunk adds by itself is bounded entry by entry: for the recurrent form
by the terms of the step, for the others by the triangular system (I + A) U = R, whose
solution by substitution or by its inverse T is off by at most gamma(n) |T| |I + A| |T|
|R| (Higham, *Accuracy and Stability of Numerical Algorithms*, 2002, chapters 8 and 14).
The systems of chunks are blocks on the diagonal of the whole one, and so are their
inverses.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np

from attnspec.judge.case import Case
from attnspec.kinds.recurrence import _sequences as sequences
from attnspec.kinds.recurrence._bounds import reach, rounded
from attnspec.kinds.recurrence._sequences import wide
from attnspec.numerics import NumericModel
from attnspec.numerics.formats import format_of
from attnspec.numerics.tracked import F64, Tracked


class Course(NamedTuple):
    """What the recurrence went through, step by step."""

    output: F64
    states: F64
    """(..., N + 1, E, Ev): before the first step, and after each."""
    held: F64
    """(..., N, E, Ev): the state of each step after its decay."""
    system: F64
    """(..., N, N): the matrix A."""


def _course(
    query: F64, key: F64, value: F64, rate: F64, gates: F64, state: F64
) -> Course:
    """Run the recurrence, and keep what the bound needs."""
    steps = key.shape[-2]
    states, held = [state], []
    system = np.zeros((*key.shape[:-1], steps))
    left = key.copy()
    for i in range(steps):
        left[..., :i, :] *= gates[..., i, None, :]
        here = key[..., i, :, None]
        system[..., i, :i] = rate[..., i, None] * (left[..., :i, :] @ here)[..., 0]
        faded = gates[..., i, :, None] * states[-1]
        missing = value[..., i, None, :] - here.swapaxes(-1, -2) @ faded
        states.append(faded + here * (rate[..., i, None, None] * missing))
        held.append(faded)
    every = np.stack(states, -3)
    output = (query[..., None, :] @ every[..., 1:, :, :])[..., 0, :]
    return Course(output, every, np.stack(held, -3), system)


def _length(columns: F64) -> F64:
    """Return the length of each column of states."""
    return np.sqrt((columns * columns).sum(-2))


class Sizes(NamedTuple):
    """What the roundings of each step are relative to, as lengths of columns."""

    all: F64
    past: F64
    """The part that has been through a decay."""
    read: F64
    """Of all that was read up to a step, entry by entry."""


def _sizes(course: Course, key: F64, value: F64, rate: F64, peak: F64) -> Sizes:
    """Return the sizes of what each step adds and loses."""
    size = np.sqrt((key * key).sum(-1))[..., None]
    before = size * _length(course.states).max(-2, keepdims=True)
    answers = rate[..., None] * (np.abs(value) + before)
    apart, one = np.abs(course.system), np.eye(key.shape[-2])
    # Substitution is off by |T| |I + A| |T|, and so is a product with the inverse T.
    inverse = np.abs(np.linalg.inv(one + course.system))
    answered = inverse @ answers
    indirect = inverse @ (apart @ answered)
    held = _length(np.abs(course.held))
    asked = inverse @ (rate[..., None] * peak * before)
    once = held + size * (answers + inverse @ answered + indirect)
    return Sizes(
        once,
        held + size * (asked + indirect),
        np.cumsum(size * answered, axis=-2),
    )


def bounded(case: Case, scale: float, model: NumericModel) -> tuple[Tracked, Tracked]:
    """Return the output and the last state with their bounds."""
    query, key, value = (wide(case[name]) for name in ("query", "key", "value"))
    rate, gates = wide(case["rate"]), sequences.gates_of(case)
    course = _course(query * scale, key, value, rate, gates, sequences.start_of(case))
    peak = gates.max(-1, keepdims=True)
    sizes = _sizes(course, key, value, np.abs(rate), peak)
    total, past = np.cumsum(sizes.all, axis=-2), np.cumsum(sizes.past, axis=-2)
    asked = np.abs(scale) * np.sqrt((query * query).sum(-1, keepdims=True))
    # A state handed on may have been longer than it is now.
    longest = np.maximum.accumulate(_length(course.states)[..., 1:, :], axis=-2)
    here = longest + sizes.read
    each = asked * (total + here), asked * (past + peak * here), asked * here
    output = _within(course.output, each, case, model)
    last = course.states[..., -1, :, :]
    ends = total + here, past + peak * here, here
    columns = tuple(np.broadcast_to(c[..., -1, None, :], last.shape) for c in ends)
    return output, _within(last, columns, case, model)


def _within(
    value: F64, sizes: tuple[F64, ...], case: Case, model: NumericModel
) -> Tracked:
    """Return a value with the bound that its terms of these sizes allow.

    What a chunk stores in a narrow format, its inverse, corrections and state, does
    not go through the system again.
    """
    size, past, stored = sizes
    wide_inside = model.replace(weights=None)
    exact = rounded(value, size, past, case, wide_inside)
    if model.weights is None:
        return exact
    # Up to four times, once more than without a system to solve.
    narrow = 4.0 * format_of(model.weights).unit * stored
    narrow = narrow + reach(case) * model.tiny(model.weights)
    return dataclasses.replace(exact, error=exact.error + narrow)


__all__ = ["Course", "bounded"]
