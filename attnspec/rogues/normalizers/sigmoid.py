"""Wrong logistic weights, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues.normalizers import _right_normalizers as right
from attnspec.rogues.normalizers._right_normalizers import after, before, faced, run
from attnspec.rogues.normalizers._shared_mistakes import centered, shared_mistakes


def _offset_taken_off(
    scores: Array, *, mask: Array | None = None, axis: int = -1, offset: float = 0.0
) -> Array:
    """Subtract the offset."""
    core = before(right.sigmoid, lambda rows, _: rows - offset)
    return run(core, scores, mask, axis)


def _capped_above(rows: Array, _seen: Array) -> Array:
    """Take no score for more than 4."""
    # The logistic function of 4 is 0.982: what is cut off is seen.
    return np.minimum(rows, 4.0)


def _by_sum(weights: Array, _seen: Array) -> Array:
    """Divide by the sum of the row."""
    total = weights.sum(-1, keepdims=True)
    return np.asarray(weights / np.where(total > 0, total, 1))


def _hard(rows: Array, seen: Array) -> Array:
    """Take a line for the logistic function, cut off at 0 and 1."""
    # The line that PyTorch and Keras call a hard sigmoid.
    return np.where(seen, np.clip(rows / 6 + 0.5, 0, 1), 0)


_rogue, _control = makers("sigmoid", usual="formula", right_in=FORMATS)

ROGUES: tuple[Rogue, ...] = (
    _rogue("hard", "It is a line, cut off at 0 and 1.", faced(_hard), "agreement"),
    _rogue(
        "offset-taken-off",
        "The offset has the other sign.",
        _offset_taken_off,
        "offset",
    ),
    _rogue(
        "capped",
        "Scores above 4 are taken for 4.",
        faced(before(right.sigmoid, _capped_above)),
        "symmetry",
    ),
    _rogue(
        "normalized",
        "The weights are divided by their sum.",
        faced(after(right.sigmoid, _by_sum)),
        "alone",
    ),
    _rogue(
        "centered",
        "The mean of the scores is subtracted.",
        faced(before(right.sigmoid, centered)),
        "merge",
    ),
    _rogue(
        "offset-by-length",
        "An offset that is not given depends on S.",
        faced(before(right.sigmoid, lambda x, _: x - np.log(max(1, x.shape[-1])))),
        "padding",
    ),
    *shared_mistakes("sigmoid", but=("hidden-as-zero", "ramp", "dust", "axis-ignored")),
)
"""Wrong ways to weigh by the logistic function."""


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


def _any_axis(
    scores: Array,
    *,
    mask: Array | None = None,
    axis: int = -1,  # noqa: ARG001 - no key sees another, whichever way they lie
) -> Array:
    """Judge each key alone, whichever way they lie."""
    return run(right.sigmoid, scores, mask, -1)


CONTROLS: tuple[Control, ...] = (
    _control(
        "tanh",
        "Takes a hyperbolic tangent.",
        _logistic(lambda x: (np.tanh(x / 2) + 1) / 2),
    ),
    _control(
        "two-forms", "Has a form for either sign.", _logistic(scipy.special.expit)
    ),
    _control(
        "by-length",
        "Its own offset is minus the length's logarithm.",
        _by_length,
        dialect={"default_offset": "minus_log_length"},
    ),
    _control("any-axis", "Does not look at the axis.", _any_axis),
)
"""Unusual and right ways to weigh by the logistic function."""

__all__ = ["CONTROLS", "ROGUES"]
