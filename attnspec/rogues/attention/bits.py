"""Kernels that are right, and promise bits that they do not keep; and one that does."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge import invariance
from attnspec.rogues import _switching as switching
from attnspec.rogues._gallery import Control, Rogue, control, rogue
from attnspec.rogues._switching import Rule, Switching
from attnspec.rogues.attention._kernel import KERNEL

_PROMISES = tuple(invariance.CLAIMS)


def _rogue(id: str, sentence: str, rule: Rule, law: str, *also: str) -> Rogue:  # noqa: A002 - the field's name
    """Return a rogue whose bits depend on something."""
    kernel = Switching(KERNEL, rule)
    return rogue(id, "state", sentence, kernel, caught_by=law, also=also)


@dataclasses.dataclass(frozen=True)
class _RowByRow:
    """Answers each row of a call by a call of its own, whatever stands beside it."""

    kernel: Any = KERNEL

    def __call__(
        self,
        query: Array,
        key: Array,
        value: Array,
        *,
        causal: bool = False,
        scale: float | None = None,
        softcap: float | None = None,
    ) -> Array:
        """Attend."""
        (batch, _, queries, _), keys = query.shape, key.shape[2]
        output = np.zeros((*query.shape[:3], value.shape[3]), query.dtype)
        for b, i in np.ndindex(batch, queries):
            end = keys - queries + i + 1 if causal else keys
            if end > 0:
                row, own = np.s_[b : b + 1, :, i : i + 1], np.s_[b : b + 1, :, :end]
                parts = query[row].copy(), key[own].copy(), value[own].copy()
                output[row] = self.kernel(*parts, scale=scale, softcap=softcap)
        return output


ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "bits-by-history",
        "After a call of another shape it takes another path.",
        switching.other_before,
        "repeated",
    ),
    _rogue(
        "bits-by-batch",
        "A single batch element takes another path, and it promises that none does.",
        switching.alone,
        "batch-bits",
        "batch_invariant",
    ),
    _rogue(
        "bits-by-query",
        "A single query takes another path, and it promises that none does.",
        switching.single_query(2),
        "split-bits",
        "split_invariant",
    ),
    _rogue(
        "bits-by-threads",
        "With several threads it takes another path, and it promises that it does not.",
        switching.several_threads,
        "thread-bits",
        "thread_invariant",
    ),
)
"""Kernels whose last bits depend on what they promise that they do not."""

CONTROLS: tuple[Control, ...] = (
    control(
        "one-path-for-one",
        "A single batch element takes another path; it promises nothing.",
        Switching(KERNEL, switching.alone),
    ),
    control(
        "row-by-row",
        "It answers each row by itself, so that its bits depend on nothing else.",
        _RowByRow(),
        also=_PROMISES,
        without=(
            *("mask", "bias", "window", "sink", "return_lse", "alibi_slopes"),
            *("batch_slopes", "two_sided_window", "minus_infinity_bias"),
            *("float32_bias", "minus_infinity_sink", "vector_mask", "head_mask"),
            "many_rows",
        ),
    ),
)
"""Kernels that are right."""


__all__ = ["CONTROLS", "ROGUES"]
