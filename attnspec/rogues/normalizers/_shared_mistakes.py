"""Mistakes that can be made in every normalizer, or in many."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import Rogue, rogues_of
from attnspec.rogues.normalizers._right_normalizers import (
    CORES,
    Core,
    Faced,
    after,
    before,
    faced,
    run,
)


def _sorted(core: Core) -> Core:
    """Sort scores, and leave the weights in that order."""

    def spoiled(rows: Array, seen: Array) -> Array:
        turn = np.argsort(np.where(seen, rows, -np.inf), -1)
        taken = (np.take_along_axis(array, turn, -1) for array in (rows, seen))
        return core(*taken)

    return spoiled


def _taken_off(core: Core) -> Core:
    """Take 10,000 off a hidden score."""

    def spoiled(rows: Array, seen: Array) -> Array:
        kept = ~np.isneginf(rows)
        # Not enough for a hidden score of 30,000, as minus infinity would be.
        lower = np.where(seen | ~kept, rows, rows - 10_000)
        return core(lower.astype(rows.dtype), kept)

    return spoiled


def _as_zero(core: Core) -> Core:
    """Take a hidden score for zero, and its weight away afterward."""

    def spoiled(rows: Array, seen: Array) -> Array:
        shown = np.where(seen, rows, 0).astype(rows.dtype)
        return np.where(seen, core(shown, np.ones_like(seen)), 0)

    return spoiled


def _wrapped(core: Core) -> Core:
    """Let scores come round at 3.5, as numbers of too few bits do; not -inf."""
    return before(
        core,
        lambda rows, _: np.where(
            np.isneginf(rows), rows, np.mod(rows + 3.5, 7.0) - 3.5
        ),
    )


def _axis_ignored(core: Core) -> Callable[..., Array]:
    """Normalize along the last axis whatever is asked for."""

    def normalizer(
        scores: Array,
        *,
        mask: Array | None = None,
        axis: int = -1,  # noqa: ARG001 - this is the mistake
    ) -> Array:
        return run(core, scores, mask, -1)

    return normalizer


_MISTAKES: dict[str, tuple[str, str, str, Callable[[Core], Faced]]] = {
    "floor": (
        *("precision", "No weight is less than a millionth, a hidden one too."),
        *("weights", lambda core: faced(after(core, lambda w, _: np.maximum(w, 1e-6)))),
    ),
    "left-sorted": (
        *("order", "The weights are left in the order of the scores."),
        *("order", lambda core: faced(_sorted(core))),
    ),
    "mask-taken-off": (
        *("mask", "10,000 is taken off a hidden score."),
        *("hidden", lambda core: faced(_taken_off(core))),
    ),
    "hidden-as-zero": (
        *("mask", "A hidden score counts as a score of zero."),
        *("padding", lambda core: faced(_as_zero(core))),
    ),
    "wrapped": (
        *("precision", "Scores wrap around at 3.5."),
        *("monotone", lambda core: faced(_wrapped(core))),
    ),
    "ramp": (
        # A step of 0.01 is far above what float32 loses in scores of ordinary size.
        *("formula", "Ties are broken by the place of a key."),
        "uniform",
        lambda core: faced(
            before(core, lambda x, _: x + 0.01 * np.arange(x.shape[-1]))
        ),
    ),
    "dust": (
        # Less than the unit of float32, and yet not 0.
        *("precision", "A visible key has a hundred-millionth at least."),
        "zeros",
        lambda core: faced(
            after(core, lambda w, seen: np.where(seen, np.maximum(w, 1e-8), w))
        ),
    ),
    "axis-ignored": (
        *("dropped-option", "The axis is always the last.", "agreement"),
        _axis_ignored,
    ),
}
"""By word: class, sentence, law, and what is done to a right normalizer."""


def centered(rows: Array, seen: Array) -> Array:
    """Subtract the mean of the visible scores."""
    count = np.maximum(seen.sum(-1, keepdims=True), 1)
    mean = np.where(seen, rows, 0).sum(-1, keepdims=True) / count
    return np.asarray(rows - mean)


def shared_mistakes(
    kind: str, *, but: tuple[str, ...] = (), mimics: Mapping[str, str] | None = None
) -> tuple[Rogue, ...]:
    """Return the normalizer of a kind with each of the mistakes but these."""
    make, core = rogues_of(kind, mimics=mimics), CORES[kind]
    return tuple(
        make(word, mistake, sentence, spoiled(core), law)
        for word, (mistake, sentence, law, spoiled) in _MISTAKES.items()
        if word not in but
    )


__all__ = ["centered", "shared_mistakes"]
