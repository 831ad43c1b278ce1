"""A face of one sequence: a batch is answered by as many calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase

_OF_A_BATCH = {"mask": 4, "bias": 4, "alibi_slopes": 2}
"""The options that may differ between sequences, with their axes where they do."""


def sequences(case: AttentionCase) -> Iterator[AttentionCase]:
    """Yield the problem of each sequence of a batch, as a batch of one."""
    for place in range(case.sizes.B):
        own = slice(place, place + 1)
        options = {
            name: value[own] if _differs(name, value) else value
            for name, value in case.options.items()
        }
        operands = (array[own] for array in case.operands.values())
        yield AttentionCase.of(*operands, **options)


def _differs(name: str, value: Any) -> bool:
    """Return whether an option has another value for each sequence."""
    return name in _OF_A_BATCH and value.ndim == _OF_A_BATCH[name] and len(value) > 1


def joined(answers: Sequence[Any], parts: int) -> Any:
    """Return the answers to all sequences, each of so many parts, as that to a batch.

    The first that is no array, or not as many of them, is returned as it is: the judge
    says what is wrong with it.
    """
    rows = [answer if parts > 1 else (answer,) for answer in answers]
    for answer, row in zip(answers, rows, strict=True):
        several = isinstance(row, tuple | list) and len(row) == parts
        if not several or not all(isinstance(part, np.ndarray) for part in row):
            return answer
    found = tuple(np.stack(part) for part in zip(*rows, strict=True))
    return found if parts > 1 else found[0]


def nothing(case: AttentionCase) -> Array | tuple[Array, Array]:
    """Return the answer to a batch without sequences."""
    sizes = case.sizes
    output = np.zeros((0, sizes.Hq, sizes.L, sizes.Ev), case.query.dtype)
    lse = np.zeros((0, sizes.Hq, sizes.L), np.float32)
    return (output, lse) if "return_lse" in case.options else output


__all__ = ["joined", "nothing", "sequences"]
