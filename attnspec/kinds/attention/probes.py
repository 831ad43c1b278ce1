"""Cases that answer one question exactly, made from a drawn case."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.judge.claims import Capabilities
from attnspec.judge.law import Dialect
from attnspec.kinds.attention.alibi import alibi_bias
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import alignment_of
from attnspec.reference import masks

F64 = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

MARGINS = {"float64": 800.0}
"""Scores this far below the best, in nats, have a weight of 0; else `MARGIN`."""

MARGIN = 120.0
"""The margin of float32 and of all formats whose scores are float32."""


def visible_keys(case: AttentionCase, dialect: Dialect) -> Booleans:
    """Return which keys each query sees, shape (B, Hq, L, S)."""
    sizes = case.sizes
    visible = masks.visible_keys(
        sizes.L,
        sizes.S,
        mask=case.mask,
        bias=case.bias,
        causal=case.causal,
        window=case.window,
        alignment=alignment_of(dialect),
    )
    return np.broadcast_to(visible, (sizes.B, sizes.Hq, sizes.L, sizes.S))


def grouped(array: Array, case: AttentionCase) -> Array:
    """Return keys or values repeated for the query heads that share them."""
    return array.repeat(case.sizes.Hq // max(1, case.sizes.Hkv), 1)


def scores(case: AttentionCase, dialect: Dialect) -> F64:
    """Return the uncapped scores of a case, minus infinity where a key is hidden."""
    key = grouped(case.key, case).astype(np.float64)
    product = case.query.astype(np.float64) @ key.swapaxes(2, 3)
    product = case.effective_scale * product
    if case.bias is not None:
        product = product + case.bias.astype(np.float64)
    if (alibi := alibi_bias(case, dialect)) is not None:
        product = product + alibi
    return np.where(visible_keys(case, dialect), product, -np.inf)


def winners(
    case: AttentionCase, dialect: Dialect
) -> tuple[npt.NDArray[np.int64], Booleans]:
    """Return the best key of each row, and the rows that it wins by the margin."""
    table = scores(case, dialect)
    if table.shape[-1] == 0:
        rows = table.shape[:-1]
        return np.zeros(rows, np.int64), np.zeros(rows, np.bool_)
    best = table.argmax(-1)
    top = np.take_along_axis(table, best[..., None], -1)[..., 0]
    np.put_along_axis(table, best[..., None], -np.inf, -1)
    with np.errstate(invalid="ignore"):
        lead = top - table.max(-1)
    return best, np.isfinite(top) & (lead > MARGINS.get(case.dtype, MARGIN))


def flat(case: AttentionCase) -> AttentionCase:
    """Return the case with all scores zero and nothing left but what hides keys."""
    bias = case.bias
    if bias is not None:
        hidden = np.isneginf(bias.astype(np.float64))
        bias = np.where(hidden, bias, np.zeros_like(bias)) if hidden.any() else None
    bare = case.without("softcap", "sink", "alibi_slopes")
    return bare.replace(query=np.zeros_like(case.query), bias=bias)


def with_values(
    case: AttentionCase, value: Array, capabilities: Capabilities
) -> AttentionCase:
    """Return the case with other values, zero channels added to what is supported."""
    free = "value_width" in capabilities
    least = max(1, value.shape[-1], 0 if free else case.sizes.E)
    names = ("value_width",) if free else ("value_width", "width")
    step = int(np.lcm.reduce([capabilities.multiples.get(n, 1) for n in names]))
    width = -(-least // step) * step
    value = _widened(value, width).astype(case.value.dtype)
    if free:
        return case.replace(value=value)
    return case.replace(
        query=_widened(case.query, width), key=_widened(case.key, width), value=value
    )


def _widened(array: Array, width: int) -> Array:
    """Return the array with zero channels added up to this width."""
    return np.pad(array, [(0, 0), (0, 0), (0, 0), (0, width - array.shape[-1])])


def one_hot_values(case: AttentionCase, keys: npt.NDArray[np.int64]) -> Array:
    """Return values whose channel d is 1 at key ``keys[d]`` and 0 elsewhere."""
    sizes = case.sizes
    hot = np.arange(sizes.S)[:, None] == keys[None, :]
    shape = (sizes.B, sizes.Hkv, sizes.S, len(keys))
    return np.broadcast_to(hot, shape).astype(case.value.dtype)


def narrowed(array: Array | None, axis: int, index: slice, length: int) -> Array | None:
    """Return part of a mask or bias along an axis of (B, Hq, L, S), counted from 0."""
    if array is None:
        return None
    place = axis - 4
    if array.ndim < -place or array.shape[place] != length:
        return array
    where = [slice(None)] * array.ndim
    where[place] = index
    return array[tuple(where)]


def hidden_from_all(case: AttentionCase, dialect: Dialect) -> Array:
    """Return the keys (B, Hkv, S, 1) that no query of their group sees."""
    sizes = case.sizes
    seen = visible_keys(case, dialect)
    rows = sizes.Hq // max(1, sizes.Hkv) * sizes.L
    seen = seen.reshape(sizes.B, sizes.Hkv, rows, sizes.S)
    hidden: Array = np.logical_not(seen.any(2, keepdims=True)).swapaxes(2, 3)
    return hidden


__all__ = [
    "MARGIN",
    "MARGINS",
    "flat",
    "grouped",
    "hidden_from_all",
    "narrowed",
    "one_hot_values",
    "scores",
    "visible_keys",
    "winners",
    "with_values",
]
