"""What parts of a softmax make together: value and bound, in any way of joining them.

A function may join all parts at once, or one after the other through logsumexps that
are rounded in between. Each such step moves a logsumexp by what its own rounding does.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from attnspec.judge.law import F64
from attnspec.numerics import NumericModel
from attnspec.numerics.tracked import Judged, Tracked, gamma, judged

LOG_OF_BASE = {"e": 1.0, "2": float(np.log(2.0))}


def joined(lses: F64, outputs: F64, base: str, model: NumericModel) -> Judged:
    """Weigh parts, the first axis, by their shares of all exponentials.

    Rows that no part has keys for are 0, and so is their logsumexp.
    """
    live = np.isfinite(lses)
    some, steps = live.any(0), max(1, len(lses) - 1)
    # To base two and back: the logarithm of two, its reciprocal, the product.
    unit = LOG_OF_BASE[base]
    scores = (Tracked.of(np.where(live, lses, 0.0), model) * unit).rounding(2.0)
    peak = _peak(scores, live)
    scores = _stored_between(scores, peak, steps - 1)
    exponentials = (scores - peak).exp().where(live, 0.0)
    total = exponentials.sum(0).where(some, 1.0)
    # In the place of the quotient a reciprocal and a product, or a logarithm (4 units).
    weights = (exponentials / total).rounding(8.0 * steps).where(live, 0.0)
    known = np.where(live[..., None], outputs, 0.0)
    output = (weights.reshape(*live.shape, 1) * weights.like(known)).sum(0)
    output = _moved(output, known, live.sum(0) > 1, steps)
    lse = (total.log() + peak).rounding(2.0) / unit
    return judged(output, model, lse=lse)


def _peak(scores: Tracked, live: npt.NDArray[np.bool_]) -> Tracked:
    """Return the largest of the scores, or 0 where there is none."""
    value = np.where(live, scores.value, -np.inf).max(0, initial=-np.inf)
    error = np.where(live, scores.error, 0.0).max(0, initial=0.0)
    value = np.where(np.isneginf(value), 0.0, value)
    return dataclasses.replace(scores, value=value, error=error)


def _stored_between(scores: Tracked, peak: Tracked, steps: int) -> Tracked:
    """Allow for logsumexps that are stored between so many steps.

    A logsumexp is no further from the largest score than the logarithm of the number
    of parts; what lies further below it has a share that is smaller by more than its
    logsumexp is larger.
    """
    if not steps:
        return scores
    size = 2.0 * np.abs(peak.value) + np.log(len(scores.value)) + 2.0
    return dataclasses.replace(
        scores, error=scores.error + 4.0 * steps * scores.unit * size
    )


def _moved(
    output: Tracked, outputs: F64, several: npt.NDArray[np.bool_], steps: int
) -> Tracked:
    """Allow for a - w (a - b), which rounds what is as large as the larger output.

    The share w = 1 / (1 + exp(-d)) of the second part is known to 8 units of itself,
    beside what an error of d does, which the weights have already; the two
    differences and the product are one rounding each.
    """
    sizes = np.abs(outputs).sum(0)
    off = gamma(12.0 * steps, output.unit) * sizes
    error = output.error + np.where(several[..., None], off, 0.0)
    return dataclasses.replace(output, error=error)


def finished(exact: Judged, lses: F64, output: F64, lse: F64) -> Judged:
    """Give rows that no part has keys for what a function gives them."""
    some: npt.NDArray[np.bool_] = np.asarray(np.isfinite(lses).any(0))
    (value, bound), known = exact.others["lse"], some[..., None]
    return Judged(
        output=np.where(known, exact.output, output),
        bound=np.where(known, exact.bound, 0.0),
        others={"lse": (np.where(some, value, lse), np.where(some, bound, 0.0))},
    )


__all__ = ["LOG_OF_BASE", "finished", "joined"]
