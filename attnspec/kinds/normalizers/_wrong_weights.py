"""Wrong answers that an example must exclude: what no normalizer may be taken for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.kind import Null
from attnspec.judge.nulls import Right
from attnspec.kinds.normalizers import _scores_and_masks as rows
from attnspec.reference import sigmoid


def _uniform(case: Case, _right: Right) -> Array:
    """Share equally among visible keys."""
    seen = rows.visible(case)
    return rows.back(case, seen / np.maximum(1, seen.sum(-1, keepdims=True)))


def _sorted(case: Case, right: Right) -> Array:
    """Put the weights in their own order, whatever that of the keys."""
    return rows.back(case, np.sort(rows.last(case, right(case)), axis=-1))


def _unmasked(case: Case, right: Right) -> Array:
    """See every key."""
    shown = np.where(np.isneginf(case["scores"]), 0, case["scores"])
    return right(case.without("mask").replace(scores=shown.astype(shown.dtype)))


def _each_alone(case: Case, _right: Right) -> Array:
    """Judge each key by the logistic function of its score."""
    weights = sigmoid(rows.scores_of(case), rows.visible(case))
    return rows.back(case, weights)


def _shared(case: Case, right: Right) -> Array:
    """Divide the weights by their sum and one more."""
    weights = right(case)
    return weights / (
        1.0 + rows.back(case, rows.last(case, weights).sum(-1, keepdims=True))
    )


def _opposite(case: Case, right: Right) -> Array:
    """Give the largest weight to the lowest score."""
    weights = rows.last(case, right(case))
    seen = rows.visible(case)
    high = np.max(np.where(seen, weights, -np.inf), -1, keepdims=True, initial=0.0)
    return rows.back(case, np.where(seen, high - weights, 0.0))


NULLS: Mapping[str, Null] = {
    "uniform": _uniform,
    "negative": lambda case, right: -right(case),
    "sorted": _sorted,
    "unmasked": _unmasked,
    "each_alone": _each_alone,
    "shared": _shared,
    "by_length": lambda case, right: (
        right(case) / max(1, rows.scores_of(case).shape[-1])
    ),
    "lifted": lambda case, right: right(case) + 0.5,
    "opposite": _opposite,
}
"""Wrong answers of normalizers by name."""

__all__ = ["NULLS"]
