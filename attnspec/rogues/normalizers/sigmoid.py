"""Wrong logistic weights, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special

from attnspec._typing import Array
from attnspec.rogues._gallery import Control, Rogue
from attnspec.rogues.normalizers import _right_normalizers as right
from attnspec.rogues.normalizers._right_normalizers import (
    after,
    before,
    core_rogue,
    faced_control,
    faced_rogue,
    run,
)
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
        *(before(right.sigmoid, centered), "merge"),
    ),
    core_rogue(
        *("sigmoid", "offset-by-length", "An offset that is not given depends on S."),
        *(
            before(right.sigmoid, lambda x, _: x - np.log(max(1, x.shape[-1]))),
            "padding",
        ),
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
    faced_control(
        *("sigmoid", "tanh", "Takes a hyperbolic tangent."),
        _logistic(lambda x: (np.tanh(x / 2) + 1) / 2),
    ),
    faced_control(
        *("sigmoid", "two-forms", "Has a form for either sign."),
        _logistic(scipy.special.expit),
    ),
    faced_control(
        *("sigmoid", "by-length", "Its own offset is minus the length's logarithm."),
        _by_length,
        dialect={"default_offset": "minus_log_length"},
    ),
    faced_control("sigmoid", "any-axis", "Does not look at the axis.", _any_axis),
)
"""Unusual and right ways to weigh by the logistic function."""

__all__ = ["CONTROLS", "ROGUES"]
