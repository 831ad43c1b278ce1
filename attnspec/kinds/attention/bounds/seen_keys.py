"""The keys that matter: those that some query sees."""

from __future__ import annotations

import numpy as np

from attnspec.kinds.attention.bounds.problem import Bool, Problem, visible_keys

BLOCK = 2**19
"""About how many scores a block of a large case has."""


def blocks(problem: Problem) -> list[slice]:
    """Cut the queries so that a block has about BLOCK scores."""
    group, keys = problem.query.shape[2], problem.value.shape[3]
    step = max(1, min(256, BLOCK // max(1, group * keys)))
    return [slice(i, i + step) for i in range(0, problem.queries, step)]


def seen_keys(problem: Problem) -> Bool | None:
    """Return the keys (B, Hkv, S) that some query sees; None for all."""
    if not problem.is_masked or not problem.keys:
        return None
    found: Bool = np.zeros((*problem.key.shape[:2], problem.keys), np.bool_)
    for rows in blocks(problem):
        keep = visible_keys(problem.rows(rows))
        if keep is None:
            return None
        if problem.empty_mean:
            keep = keep | ~keep.any(axis=-1, keepdims=True)
        found |= keep.any(axis=(2, 3))
    return found


__all__ = ["blocks", "seen_keys"]
