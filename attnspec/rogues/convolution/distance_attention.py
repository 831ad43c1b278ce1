"""Attentions by distance that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.numerics.dtypes import working_dtype
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues._shift import shift_of
from attnspec.rogues._stored import stored

Form = Callable[[Array, Array, int, float], Array]
"""From scores, values, the place of the own step and the sink's score."""


def _attention(form: Form) -> Callable[..., Array]:
    """Return an attention by distance with a sink."""

    def attention(
        scores: Array, value: Array, left: int, *, sink: float | None = None
    ) -> Array:
        wide = (
            scores.astype(working_dtype(value.dtype)),
            value.astype(working_dtype(value.dtype)),
        )
        return stored(form(*wide, left, -np.inf if sink is None else sink), value)

    return attention


def _laid_out(scores: Array, length: int, left: int) -> Array:
    """Return the scores of all pairs, minus infinity where there is none."""
    place = np.arange(length) - np.arange(length)[:, None] + left
    inside = (place >= 0) & (place < len(scores))
    return np.where(inside, scores[np.where(inside, place, 0)], -np.inf).astype(
        scores.dtype
    )


def _by_table(
    scores: Array,
    value: Array,
    left: int,
    sink: float,
    change: Callable[[Array, Array], Array] = lambda table, _value: table,
) -> Array:
    """Normalize every row of a table."""
    table = change(_laid_out(scores, len(value), left), value)
    peak = np.maximum(table.max(-1, keepdims=True), value.dtype.type(sink))
    weights = np.exp(table - peak)
    total = weights.sum(-1, keepdims=True)
    total = total + np.exp(value.dtype.type(sink) - peak)
    return np.asarray((weights @ value) / total)


def _by_places(scores: Array, value: Array, left: int, sink: float) -> Array:
    """Go along the distances, with a running maximum."""
    length, kind = len(value), value.dtype.type
    peak = np.full((length, 1), sink, value.dtype)
    # A sink comes first: its weight is 1 while its score is the greatest.
    total = np.full((length, 1), 0.0 if np.isneginf(sink) else 1.0, value.dtype)
    output = np.zeros_like(value)
    for place, score in enumerate(scores):
        where = np.arange(length) + place - left
        inside = ((where >= 0) & (where < length))[:, None]
        found = np.where(inside, value[np.clip(where, 0, length - 1)], 0)
        above = np.where(inside, np.maximum(peak, score), peak)
        base = shift_of(above)
        fade = np.exp(peak - base)
        weight = np.exp(np.where(inside, score - base, -np.inf)).astype(kind)
        total, output = total * fade + weight, output * fade + weight * found
        peak = above
    return np.asarray(output / total).astype(kind)


def _in_base_two(scores: Array, value: Array, left: int, sink: float) -> Array:
    """Take powers of two, as hardware does."""
    # One over the natural logarithm of 2.
    kind, factor = value.dtype.type, 1.4426950408889634
    table = _laid_out(scores, len(value), left) * kind(factor)
    start = kind(sink * factor)
    peak = np.maximum(table.max(-1, keepdims=True), start)
    weights = np.exp2(table - peak)
    total = weights.sum(-1, keepdims=True) + np.exp2(start - peak)
    return np.asarray((weights * (1 / total)) @ value)


def _one_kernel(
    scores: Array, value: Array, left: int, sink: float, *, renormalized: bool
) -> Array:
    """Normalize the kernel once; at a border its best taps may lie beyond."""
    kind = value.dtype.type
    peak = max(scores.max(), kind(sink))
    kernel = np.exp(scores - peak)
    every = kernel.sum() + np.exp(kind(sink) - peak)
    table = _laid_out(np.arange(1, len(kernel) + 1).astype(kind), len(value), left)
    shares = np.concatenate([[kind(0)], kernel])[
        np.where(np.isneginf(table), 0, table).astype(np.int64)
    ]
    output = shares @ value
    if not renormalized:
        return np.asarray(output / every)
    total = shares.sum(-1, keepdims=True) + np.exp(kind(sink) - peak)
    return np.asarray(output / np.where(total > 0, total, 1))


def _like_clip(scores: Array, value: Array, left: int, sink: float) -> Array:
    """Repeat the values at the borders."""
    right = len(scores) - 1 - left
    longer = np.pad(value, ((left, right), (0, 0)), mode="edge")
    return _by_table(scores, longer, left, sink)[left : left + len(value)]


def _mirrored(scores: Array, value: Array, left: int, sink: float) -> Array:
    return _by_table(scores[::-1], value, len(scores) - 1 - left, sink)


def _finite_mask(table: Array, _value: Array) -> Array:
    """Hide by a large number in place of infinity, not large enough."""
    # exp(-20) is 2e-9: lost beside weights of one size, not times huge values.
    return np.where(np.isneginf(table), table.dtype.type(-20), table)


def _louder(table: Array, value: Array) -> Array:
    """Listen to what the values say."""
    sizes = np.abs(value).sum(-1)
    return np.asarray(table + sizes / 16).astype(table.dtype)


def _by_place(table: Array, value: Array) -> Array:
    """Prefer what stands late."""
    growth = np.arange(len(value), dtype=table.dtype)[:, None] / 16
    return np.asarray(table * (1 + growth))


_rogue, _control = makers(
    "distance-attention", "distances", made=_attention, right_in=FORMATS
)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "mirrored",
        "position",
        "The distance has the other sign.",
        _mirrored,
        "agreement",
    ),
    _rogue(
        "not-renormalized",
        "tail",
        "The kernel is normalized once, and loses weight at the borders.",
        lambda s, v, n, z: _one_kernel(s, v, n, z, renormalized=False),
        "constant",
    ),
    _rogue(
        "clipped",
        "tail",
        "Values are repeated beyond the borders.",
        _like_clip,
        "agreement",
    ),
    _rogue(
        "kernel-underflows",
        "precision",
        "One kernel for all rows: a row without its best taps is divided by nothing.",
        lambda s, v, n, z: _one_kernel(s, v, n, z, renormalized=True),
        "sharp",
    ),
    _rogue(
        "sink-dropped",
        "sink",
        "The sink has no share.",
        lambda s, v, n, _: _by_table(s, v, n, -np.inf),
        "sharp",
    ),
    _rogue(
        "sink-louder",
        "sink",
        "The sink's score is half a unit too high.",
        lambda s, v, n, z: _by_table(s, v, n, z + 0.5),
        "agreement",
    ),
    _rogue(
        "finite-mask",
        "mask",
        "What is out of reach has a score of -20.",
        lambda s, v, n, z: _by_table(s, v, n, z, _finite_mask),
        "field",
    ),
    _rogue(
        "louder",
        "formula",
        "Large values have higher scores.",
        lambda s, v, n, z: _by_table(s, v, n, z, _louder),
        "content",
    ),
    _rogue(
        "by-place",
        "position",
        "Scores grow with the place of the query.",
        lambda s, v, n, z: _by_table(s, v, n, z, _by_place),
        "translation",
    ),
)
"""Attentions by distance that are wrong."""


def _plain(scores: Array, value: Array, left: int) -> Array:
    """Attend by distance, with no option."""
    return np.asarray(_attention(_by_table)(scores, value, left))


CONTROLS: tuple[Control, ...] = (
    _control("table", "It lays all scores out.", _attention(_by_table)),
    _control("running", "It goes along the distances.", _attention(_by_places)),
    _control("base-two", "It takes powers of two.", _attention(_in_base_two)),
    _control("plain", "It has no option.", _plain),
)
"""Attentions by distance that are right."""

__all__ = ["CONTROLS", "ROGUES"]
