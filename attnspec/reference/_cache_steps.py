"""What is done with a cache, and what is read where it answers."""

from __future__ import annotations

import enum
from collections.abc import Iterator

import numpy as np
from jaxtyping import Int

Tokens = list[int]
"""The numbers of tokens, in the order in which they stand."""


class CacheStep(enum.IntEnum):
    """What is done with a cache."""

    APPEND = 0
    """The next tokens are appended."""
    ATTEND = 1
    """The next queries are answered."""
    BACK = 2
    """The last tokens are taken back."""
    RESET = 3
    """All tokens are taken back."""
    OTHER = 4
    """From here on it is another cache: the second one, or the first one again."""


def asked(sequence: int, sequences: int) -> range:
    """Return the sequences that a step is about: one of them, or all."""
    return range(sequences) if sequence < 0 else range(sequence, sequence + 1)


def reads(
    steps: Int[np.ndarray, "T 3"], held: list[list[Tokens]]
) -> Iterator[tuple[int, slice, Tokens]]:
    """Yield each sequence that a step asks, its queries, and the tokens that it has."""
    start = 0
    for (what, count, sequence), tokens in zip(
        np.asarray(steps).tolist(), held, strict=True
    ):
        if what == CacheStep.ATTEND:
            rows = slice(start, start + count)
            yield from ((at, rows, tokens[at]) for at in asked(sequence, len(tokens)))
            start = rows.stop


__all__ = ["CacheStep", "Tokens", "asked", "reads"]
