"""Normalizers that judge each key alone: wrong ones, and right ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special

from attnspec._typing import Array
from attnspec.rogues._gallery import Control, Rogue, kind_control
from attnspec.rogues.normalizers import _normalizers as right
from attnspec.rogues.normalizers._normalizers import (
    Core,
    after,
    before,
    core_rogue,
    faced_rogue,
    run,
)

_DTYPES = ("float32", "float64", "float16", "bfloat16")


def _offset_taken_off(
    scores: Array, *, mask: Array | None = None, axis: int = -1, offset: float = 0.0
) -> Array:
    core = before(right.sigmoid, lambda rows, _: rows - offset)
    return run(core, scores, mask, axis)


def _capped_above(rows: Array, _seen: Array) -> Array:
    return np.minimum(rows, 4.0)


def _by_sum(weights: Array, _seen: Array) -> Array:
    total = weights.sum(-1, keepdims=True)
    return np.asarray(weights / np.where(total > 0, total, 1))


def _centered(rows: Array, seen: Array) -> Array:
    count = np.maximum(seen.sum(-1, keepdims=True), 1)
    mean = np.where(seen, rows, 0).sum(-1, keepdims=True) / count
    return np.asarray(rows - mean)


def _offset_by_length(rows: Array, _seen: Array) -> Array:
    return np.asarray(rows - np.log(max(1, rows.shape[-1])))


def _relu_over(count: Core, power: int = 1, leak: float = 0.0) -> Core:
    """Return positive parts over another count, to a power, or with a leak."""

    def core(rows: Array, seen: Array) -> Array:
        number = np.maximum(count(rows, seen), 1).astype(rows.dtype)
        part = np.maximum(rows, leak * rows) ** power
        return np.where(seen, part / number, 0)

    return core


def _visible(_rows: Array, seen: Array) -> Array:
    return np.asarray(seen.sum(-1, keepdims=True))


def _length(_rows: Array, seen: Array) -> Array:
    return np.full((*seen.shape[:-1], 1), seen.shape[-1])


def _positive(rows: Array, seen: Array) -> Array:
    return np.asarray((seen & (rows > 0)).sum(-1, keepdims=True))


def _power_ignored(
    scores: Array,
    *,
    mask: Array | None = None,
    axis: int = -1,
    power: float = 1.0,  # noqa: ARG001 - this is the mistake
) -> Array:
    return run(right.relu, scores, mask, axis)


def _hard(rows: Array, seen: Array) -> Array:
    """Take a line for the logistic function, cut off at 0 and 1."""
    return np.where(seen, np.clip(rows / 6 + 0.5, 0, 1), 0)


ROGUES: tuple[Rogue, ...] = (
    core_rogue(
        "sigmoid", "hard", "It is a line, cut off at 0 and 1.", _hard, "agreement"
    ),
    faced_rogue(
        *("sigmoid", "offset-taken-off", "The offset has the other sign."),
        *(_offset_taken_off, "offset"),
    ),
    core_rogue(
        *("sigmoid", "capped", "Scores above 4 are taken for 4."),
        *(before(right.sigmoid, _capped_above), "symmetry"),
    ),
    core_rogue(
        *("sigmoid", "normalized", "The weights are divided by their sum."),
        *(after(right.sigmoid, _by_sum), "alone"),
    ),
    core_rogue(
        *("sigmoid", "centered", "The mean of the scores is subtracted."),
        *(before(right.sigmoid, _centered), "merge"),
    ),
    core_rogue(
        *("sigmoid", "offset-by-length", "An offset that is not given depends on S."),
        *(before(right.sigmoid, _offset_by_length), "padding"),
    ),
    core_rogue(
        *("relu", "by-length", "It declares the visible keys and counts all."),
        *(_relu_over(_length), "padding"),
    ),
    core_rogue(
        *("relu", "by-positive", "It counts the positive scores."),
        *(_relu_over(_positive), "alone"),
    ),
    core_rogue(
        *("relu", "squared", "It squares the positive parts."),
        *(_relu_over(_visible, power=2), "proportional"),
    ),
    core_rogue(
        *("relu", "leaky", "A hundredth of a negative score is left."),
        *(_relu_over(_visible, leak=0.01), "zeros"),
    ),
    core_rogue(
        *("relu", "centered", "The mean of the scores is subtracted."),
        *(before(right.relu, _centered), "merge"),
    ),
    faced_rogue(
        *("relu", "power-ignored", "The count has the power of one."),
        *(_power_ignored, "divisor"),
    ),
)
"""Normalizers that are wrong."""


def _logistic(form: Callable[[Array], Any]) -> Callable[..., Array]:
    """Return a sigmoid with an offset by another formula."""

    def sigmoid(
        scores: Array, *, mask: Array | None = None, axis: int = -1, offset: float = 0.0
    ) -> Array:
        def core(rows: Array, seen: Array) -> Array:
            return np.where(seen, form(rows + rows.dtype.type(offset)), 0)

        return run(core, scores, mask, axis)

    return sigmoid


def _by_length(
    scores: Array,
    *,
    mask: Array | None = None,
    axis: int = -1,
    offset: float | None = None,
) -> Array:
    """Take minus the logarithm of the length for an offset that is not given."""
    known = -np.log(max(1, scores.shape[axis])) if offset is None else offset
    return _logistic(scipy.special.expit)(scores, mask=mask, axis=axis, offset=known)


def _relu(*, visible: bool) -> Callable[..., Array]:
    """Return a ReLU that multiplies by a reciprocal of either count."""

    def relu(
        scores: Array, *, mask: Array | None = None, axis: int = -1, power: float = 1.0
    ) -> Array:
        def core(rows: Array, seen: Array) -> Array:
            every = np.ones_like(seen)
            count = (seen if visible else every).sum(-1, keepdims=True)
            factor = (np.maximum(count, 1) ** -power).astype(rows.dtype)
            return np.where(seen, np.maximum(rows, 0) * factor, 0)

        return run(core, scores, mask, axis)

    return relu


def _any_axis(
    scores: Array,
    *,
    mask: Array | None = None,
    axis: int = -1,  # noqa: ARG001 - no key sees another, whichever way they lie
) -> Array:
    return run(right.sigmoid, scores, mask, -1)


def _control(
    kind: str, word: str, sentence: str, function: Any, **fields: Any
) -> Control:
    fields = {"dtypes": _DTYPES, **fields}
    return kind_control(kind, f"{kind}-{word}", sentence, function, **fields)


CONTROLS: tuple[Control, ...] = (
    _control(
        *("sigmoid", "tanh", "Takes a hyperbolic tangent."),
        _logistic(lambda x: (np.tanh(x / 2) + 1) / 2),
    ),
    _control(
        *("sigmoid", "two-forms", "Has a form for either sign."),
        _logistic(scipy.special.expit),
    ),
    _control(
        *("sigmoid", "by-length", "Its own offset is minus the length's logarithm."),
        _by_length,
        dialect={"default_offset": "minus_log_length"},
    ),
    _control("relu", "reciprocal", "Multiplies.", _relu(visible=True)),
    _control(
        *("relu", "counts-all", "Counts hidden keys.", _relu(visible=False)),
        dialect={"divisor": "length"},
    ),
    _control("sigmoid", "any-axis", "Does not look at the axis.", _any_axis),
)
"""Normalizers that are right."""

__all__ = ["CONTROLS", "ROGUES"]
