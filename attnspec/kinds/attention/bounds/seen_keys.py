"""How a large problem is cut, and the keys that matter: those that a query sees."""

from __future__ import annotations

import numpy as np

from attnspec.kinds.attention.bounds.problem import Bool, Problem, visible_keys

BLOCK = 2**19
"""About how many scores a block of a large case has, at most."""

TOGETHER = 2**15
"""About how many scores, or elements of keys and values, key heads have together."""


def blocks(problem: Problem) -> list[slice]:
    """Cut the queries so that a block has about BLOCK scores, or 256 queries."""
    batch, heads, group = problem.query.shape[:3]
    scores = max(1, batch * heads * group * problem.value.shape[3])
    step = max(1, min(max(256, TOGETHER // scores), BLOCK // scores))
    return [slice(i, i + step) for i in range(0, problem.queries, step)]


def head_groups(problem: Problem) -> list[tuple[slice, slice]]:
    """Cut batch and key heads so that small heads are evaluated together.

    A group is some batch elements with all heads, or some heads of one.
    """
    batch, heads, group, queries, width = problem.query.shape
    _, _, _, keys, value_width = problem.value.shape
    size = max(1, group * queries * keys, keys * (width + value_width))
    several = max(1, TOGETHER // size)
    many, few = max(1, several // heads), min(several, heads)
    return [
        (slice(b, b + many), slice(h, h + few))
        for b in range(0, batch, many)
        for h in range(0, heads, few)
    ]


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


__all__ = ["blocks", "head_groups", "seen_keys"]
