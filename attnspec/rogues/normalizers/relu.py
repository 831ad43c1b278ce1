"""Wrong weights of a ReLU, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues.normalizers import _right_normalizers as right
from attnspec.rogues.normalizers._right_normalizers import Core, before, faced, run
from attnspec.rogues.normalizers._shared_mistakes import centered, shared_mistakes


def _relu_over(count: Core, power: int = 1, leak: float = 0.0) -> Core:
    """Return positive parts over another count, to a power, or with a leak."""

    def core(rows: Array, seen: Array) -> Array:
        number = np.maximum(count(rows, seen), 1).astype(rows.dtype)
        part = np.maximum(rows, leak * rows) ** power
        return np.where(seen, part / number, 0)

    return core


def _visible(_rows: Array, seen: Array) -> Array:
    """Count the visible keys."""
    return np.asarray(seen.sum(-1, keepdims=True))


def _length(_rows: Array, seen: Array) -> Array:
    """Count all keys."""
    return np.full((*seen.shape[:-1], 1), seen.shape[-1])


def _power_ignored(
    scores: Array,
    *,
    mask: Array | None = None,
    axis: int = -1,
    power: float = 1.0,  # noqa: ARG001 - this is the mistake
) -> Array:
    """Divide by the count itself."""
    return run(right.relu, scores, mask, axis)


_rogue, _control = makers("relu", usual="formula", right_in=FORMATS)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "by-length",
        "It declares the visible keys and counts all.",
        faced(_relu_over(_length)),
        "padding",
    ),
    _rogue(
        "by-positive",
        "It counts the positive scores.",
        faced(_relu_over(lambda x, seen: (seen & (x > 0)).sum(-1, keepdims=True))),
        "alone",
    ),
    _rogue(
        "squared",
        "It squares the positive parts.",
        faced(_relu_over(_visible, power=2)),
        "proportional",
    ),
    _rogue(
        "leaky",
        "A hundredth of a negative score is left.",
        faced(_relu_over(_visible, leak=0.01)),
        "zeros",
    ),
    _rogue(
        "centered",
        "The mean of the scores is subtracted.",
        faced(before(right.relu, centered)),
        "merge",
    ),
    _rogue(
        "power-ignored", "The count has the power of one.", _power_ignored, "divisor"
    ),
    *shared_mistakes("relu", but=("hidden-as-zero", "ramp", "dust")),
)
"""Wrong ways to divide positive scores."""


def _relu(*, visible: bool) -> Callable[..., Array]:
    """Return a ReLU that multiplies by a reciprocal of either count."""

    def relu(
        scores: Array, *, mask: Array | None = None, axis: int = -1, power: float = 1.0
    ) -> Array:
        def core(rows: Array, seen: Array) -> Array:
            every = np.ones_like(seen)
            count = (seen if visible else every).sum(-1, keepdims=True)
            # A row that sees no key is divided by 1: its weights are 0 anyway.
            factor = (np.maximum(count, 1) ** -power).astype(rows.dtype)
            return np.where(seen, np.maximum(rows, 0) * factor, 0)

        return run(core, scores, mask, axis)

    return relu


CONTROLS: tuple[Control, ...] = (
    _control("reciprocal", "Multiplies.", _relu(visible=True)),
    _control(
        "counts-all",
        "Counts hidden keys.",
        _relu(visible=False),
        dialect={"divisor": "length"},
    ),
)
"""Unusual and right ways to divide positive scores."""

__all__ = ["CONTROLS", "ROGUES"]
