"""Wrong answers that an example must exclude: what no score may be taken for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.kind import Null
from attnspec.judge.nulls import Right


def _last_key(case: Case, right: Right) -> Array:
    """Answer each key with the answer to the one before it."""
    return np.roll(right(case), 1, axis=-1)


def _doubled(case: Case, right: Right) -> Array:
    """Answer with twice the score."""
    return 2.0 * right(case)


def _shifted(case: Case, right: Right) -> Array:
    """Answer with one more than the score."""
    return 1.0 + right(case)


def _negated(case: Case, right: Right) -> Array:
    """Answer with the opposite."""
    return -right(case)


def _first_entry(case: Case, right: Right) -> Array:
    """Look at the first entry of each query alone."""
    query = np.where(np.arange(case["query"].shape[-1]) == 0, case["query"], 0)
    return right(case.replace(query=query.astype(case["query"].dtype)))


def _one_query(case: Case, right: Right) -> Array:
    """Answer every query as the first."""
    return np.broadcast_to(right(case)[..., :1, :], right(case).shape)


NULLS: Mapping[str, Null] = {
    "last_key": _last_key,
    "doubled": _doubled,
    "shifted": _shifted,
    "negated": _negated,
    "first_entry": _first_entry,
    "one_query": _one_query,
}
"""Wrong answers of every form of relevance by name."""

AGREEMENT_NULLS = (
    "zeros",
    "last_key",
    "doubled",
    "negated",
    "first_entry",
    "one_query",
)
"""Those that agreement with the definition must exclude."""

__all__ = ["AGREEMENT_NULLS", "NULLS"]
