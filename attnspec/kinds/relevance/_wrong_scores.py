"""Wrong answers that an example must exclude: what no score may be taken for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.kind import Null
from attnspec.judge.nulls import Right


def _first_entry(case: Case, right: Right) -> Array:
    """Look at the first entry of each query alone."""
    query = np.where(np.arange(case["query"].shape[-1]) == 0, case["query"], 0)
    return right(case.replace(query=query.astype(case["query"].dtype)))


def _one_query(case: Case, right: Right) -> Array:
    """Answer every query as the first."""
    return np.broadcast_to(right(case)[..., :1, :], right(case).shape)


NULLS: Mapping[str, Null] = {
    # Each key has the answer to the one before it.
    "last_key": lambda case, right: np.roll(right(case), 1, axis=-1),
    "doubled": lambda case, right: 2.0 * right(case),
    "shifted": lambda case, right: 1.0 + right(case),
    "negated": lambda case, right: -right(case),
    "first_entry": _first_entry,
    "one_query": _one_query,
}
"""Wrong answers of every form of relevance by name."""

AGREEMENT_NULLS = ("zeros", *(name for name in NULLS if name != "shifted"))
"""Those that agreement with the definition must exclude."""

__all__ = ["AGREEMENT_NULLS", "NULLS"]
