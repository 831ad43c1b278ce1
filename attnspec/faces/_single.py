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


def joined(answers: Sequence[Any], case: AttentionCase) -> Any:
    """Return the answers to all sequences as that to a batch.

    The first that is no array, or no two of them where the logsumexp is asked for, is
    returned as it is: the judge says what is wrong with it.
    """
    count = 2 if "return_lse" in case.options else 1
    if not answers:
        return _nothing(case)[:count] if count > 1 else _nothing(case)[0]
    rows = [answer if count > 1 else (answer,) for answer in answers]
    for answer, row in zip(answers, rows, strict=True):
        if not isinstance(row, tuple) or not all(
            isinstance(x, np.ndarray) for x in row
        ):
            return answer
    parts = tuple(np.stack(part) for part in zip(*rows, strict=True))
    return parts if count > 1 else parts[0]


def _nothing(case: AttentionCase) -> tuple[Array, Array]:
    """Return the output and the logsumexp of a batch without sequences."""
    sizes = case.sizes
    output = np.zeros((0, sizes.Hq, sizes.L, sizes.Ev), case.query.dtype)
    return output, np.zeros((0, sizes.Hq, sizes.L), np.float32)


__all__ = ["joined", "sequences"]
