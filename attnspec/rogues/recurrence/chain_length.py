"""Counts of what must come one after another, wrong ones and right ones."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import Control, Rogue, kind_control, mistaken, rogues_of


def _earliest_read(reads: Array) -> Array:
    """Follow the earliest step that each one reads, and no other."""
    depths = np.ones(len(reads), np.int64)
    for i, row in enumerate(reads):
        if row.any():
            depths[i] = 1 + depths[np.flatnonzero(row)[0]]
    return np.asarray(depths.max())


def _depths(reads: Array) -> Array:
    depths = np.ones(len(reads), np.int64)
    for i, row in enumerate(reads):
        if row.any():
            depths[i] = 1 + depths[row].max()
    return depths


def _by_depth(reads: Array) -> Array:
    return np.asarray(_depths(reads).max())


def _by_rounds(reads: Array) -> Array:
    """Compute in rounds all that reads nothing unfinished, and count the rounds."""
    waiting, rounds = np.ones(len(reads), np.bool_), 0
    while waiting.any():
        waiting = waiting & (reads & waiting).any(axis=1)
        rounds += 1
    return np.asarray(rounds)


def _by_powers(reads: Array) -> Array:
    """Multiply the matrix by itself until nothing is left of it."""
    power, count = np.eye(len(reads), dtype=np.int64), 0
    while power.any():
        power = np.minimum(power @ reads.astype(np.int64), 1)
        count += 1
    return np.asarray(count, np.int32)


_rogue = mistaken(rogues_of("chain-length", "chain"), "formula")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "reads-alone",
        "It counts reads in place of steps.",
        lambda reads: np.asarray(_by_depth(reads) - 1),
        "forms",
    ),
    _rogue(
        "readers",
        "It counts every step that reads.",
        lambda reads: np.asarray(1 + np.count_nonzero(reads.any(axis=1))),
        "agreement",
    ),
    _rogue(
        "widest",
        "It counts what one step reads.",
        lambda reads: np.asarray(1 + reads.sum(axis=1).max()),
        "indirect",
    ),
    _rogue(
        "of-last",
        "It counts the row that ends in the last step.",
        lambda reads: np.asarray(_depths(reads)[-1]),
        "agreement",
    ),
    _rogue(
        "earliest-read",
        "It follows the earliest read of each step alone.",
        _earliest_read,
        "indirect",
    ),
)
"""Counts that are wrong."""

CONTROLS: tuple[Control, ...] = (
    kind_control("chain-length", "chain-rounds", "It computes in rounds.", _by_rounds),
    kind_control(
        "chain-length", "chain-powers", "It multiplies the matrix.", _by_powers
    ),
    kind_control("chain-length", "chain-depths", "It keeps depths.", _by_depth),
)
"""Counts that are right."""

__all__ = ["CONTROLS", "ROGUES"]
