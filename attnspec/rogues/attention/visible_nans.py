"""Rogues that lose a NaN that is seen, or let it reach what does not see it."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Control, Rogue, control, rogue
from attnspec.rogues.attention._kernel import KERNEL, TILE, Kernel, Rows, Tables
from attnspec.rogues.attention._usual import usually


def _nan_as_hidden(scores: Array, visible: Array) -> Array:
    """Hide scores that are NaN."""
    return KERNEL.hide(scores, visible & ~np.isnan(scores))


def _nan_row_as_flat(scores: Array, visible: Array) -> Array:
    """Weigh the keys of a row equally where a score of a tile is NaN."""
    broken = np.any(np.isnan(scores) & visible, axis=-1, keepdims=True)
    return KERNEL.hide(np.where(broken, 0, scores), visible)


def _nan_sum_as_empty(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    """Take a sum that is no number for that of a row without keys."""
    output, lse = KERNEL.finish(rows, call)
    return np.where(np.isnan(rows.total), 0, output), lse


def _across_sequences(
    output: Array, lse: Array, call: AttentionCase
) -> tuple[Array, Array]:
    """Multiply the values of all sequences and heads by zero, and add them."""
    output, lse = KERNEL.answer(output, lse, call)
    seen = np.asarray(KERNEL.visible(call).any((0, 1, 2)))
    value = np.where(seen[:, None], call.value, 0)
    return output + (0 * value.sum((0, 1, 2))).astype(output.dtype), lse


def _across_channels(
    output: Array, lse: Array, call: AttentionCase
) -> tuple[Array, Array]:
    """Make a row NaN as a whole where one channel is."""
    output, lse = KERNEL.answer(output, lse, call)
    broken = np.isnan(output).any(-1, keepdims=True)
    return np.where(broken, np.asarray(np.nan, output.dtype), output), lse


def _whole_tiles_hidden(tables: Tables, call: AttentionCase) -> Tables:
    """Drop values in tiles that nobody sees, and keep those beside seen ones."""
    start = np.arange(0, call.sizes.S, TILE)
    seen = tables.visible.any(2)
    if not start.size:
        return tables
    tile = np.logical_or.reduceat(seen, start, axis=-1)
    kept = np.repeat(tile, TILE, axis=-1)[..., : call.sizes.S, None]
    value = np.where(kept, tables.value, 0).astype(tables.value.dtype)
    return tables._replace(value=value)


_NAN_FIELDS = ("nan_masked_key", "nan_masked_value", "nan_zero_weight")


def _across_rows(output: Array, lse: Array, call: AttentionCase) -> tuple[Array, Array]:
    """Make all rows of a head NaN where one of them is."""
    output, lse = KERNEL.answer(output, lse, call)
    broken = np.asarray(np.isnan(lse).any(-1, keepdims=True))
    return np.where(broken[..., None], np.asarray(np.nan, output.dtype), output), lse


def _finite_values(value: Array, scores: Array) -> Array:
    """Take infinities for the largest finite numbers."""
    largest = np.finfo(value.dtype).max
    return np.clip(KERNEL.shown(value, scores), -largest, largest)


class _ZerosSkipped(Kernel):
    """Adds up the values whose weight is not 0."""

    def absorb(
        self,
        rows: Rows,
        scores: Array,
        value: Array,
        call: AttentionCase,  # noqa: ARG002 - a step's form
    ) -> Rows:
        """Multiply without a matrix product."""
        peak, fade, weights = self.weighed(rows, scores)
        terms = weights[..., None] * value[:, :, None]
        mixed = np.where(weights[..., None] == 0, 0, terms).sum(-2, dtype=terms.dtype)
        total = rows.total * fade + weights.sum(-1, keepdims=True)
        return Rows(peak, total, rows.accumulator * fade + mixed)


_nan = usually("visible-nan")


ROGUES: tuple[Rogue, ...] = (
    _nan(
        "nan-scores-hidden",
        "A score of NaN loses against every maximum: its key is hidden.",
        KERNEL.replace(hide=_nan_as_hidden),
        "pytorch#188147",
        "nan-in-query",
    ),
    _nan(
        "nan-rows-flat",
        "A row with a score of NaN gets the mean of its values.",
        KERNEL.replace(hide=_nan_row_as_flat),
        "Micro-Expert-Router#117",
        "nan-in-key",
    ),
    _nan(
        "nan-rows-zero",
        "A row with a score of NaN is answered as one without keys.",
        KERNEL.replace(finish=_nan_sum_as_empty),
        "pytorch#141128",
        "nan-in-query",
    ),
    _nan(
        "nan-across-sequences",
        "A NaN in a value reaches the other sequences and heads.",
        KERNEL.replace(answer=_across_sequences),
        "flashinfer#942",
        "nan-in-value",
    ),
    _nan(
        "nan-across-channels",
        "A NaN in one channel of a value reaches the other channels.",
        KERNEL.replace(answer=_across_channels),
        "aiter#4420",
        "nan-in-value",
    ),
    _nan(
        "nan-across-rows",
        "A NaN in one query makes all queries of its head NaN.",
        KERNEL.replace(answer=_across_rows),
        "unsloth#9848",
        "nan-in-query",
    ),
    _nan(
        "infinities-clipped",
        "An infinite value is taken for the largest finite number.",
        KERNEL.replace(shown=_finite_values),
        "tt-metal#54389",
        "infinities",
    ),
    rogue(
        "nan-of-weight-zero",
        "hidden-nan",
        "A value that other rows see is multiplied by a weight of 0, which is "
        "promised to be skipped.",
        KERNEL,
        caught_by="nan-in-value",
        mimics="pytorch#101967",
        dialect={"nan_zero_weight": "clean"},
    ),
    rogue(
        "nan-beside-seen-keys",
        "hidden-nan",
        "Values that nobody sees are dropped tile by tile: a NaN beside a seen "
        "value is multiplied by zero.",
        KERNEL.replace(stage=_whole_tiles_hidden, shown=lambda value, _: value),
        caught_by="nan-masked-values",
        mimics="sglang#38851",
        dialect={"nan_masked_value": "clean"},
    ),
)
"""The rogues of NaN that is seen."""

CONTROLS: tuple[Control, ...] = (
    control(
        "zero-weights-skipped",
        "Values with a weight of 0 are skipped: no NaN of theirs is read.",
        _ZerosSkipped(),
        dialect=dict.fromkeys(_NAN_FIELDS, "clean"),
    ),
)
"""The right kernels that treat a weight of 0 in a way of their own."""

__all__ = ["CONTROLS", "ROGUES"]
