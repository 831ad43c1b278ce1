"""What can be said of a case of attention in one word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from attnspec.kinds.attention.case import OPTIONS, AttentionCase
from attnspec.reference import masks

_TRAITS = {
    "dtype": "the format of query, key and value",
    "query_heads": "the number of query heads",
    "key_heads": "the number of key heads",
    "queries": "L",
    "keys": "S",
    "width": "E",
    "grouped": "whether key heads are shared",
    "value_width_differs": "whether Ev is not E",
    "lengths": "equal, fewer_queries or more_queries",
    "empty_rows": "whether a query sees no key, in either alignment",
    "minus_infinity_bias": "whether the bias hides a key",
    "scale_sign": "default, positive, zero or negative",
    "large_scores": "whether a dot product exceeds the range of float16",
    "half_range_scores": "whether a dot product exceeds half the range of float16",
    "window_sides": "none, left, right or both",
    "nan": "whether an operand holds a NaN",
    **{name: f"whether {name} is in force" for name in OPTIONS},
    **{f"{name}_layout": f"the layout of {name}" for name in ("query", "key", "value")},
    **{f"{name}_layout": f"the layout of {name}" for name in ("mask", "bias")},
}
_LARGE = 40.0
"""Scores, in nats, whose exponentials leave the range in which all is harmless."""

TRAITS: Mapping[str, str] = _TRAITS
"""The traits and what they say."""


def traits(case: AttentionCase) -> dict[str, Any]:
    """Return every trait of a case."""
    sizes = case.sizes
    order = int(np.sign(sizes.L - sizes.S))
    facts: dict[str, Any] = {
        "dtype": case.dtype,
        "query_heads": sizes.Hq,
        "key_heads": sizes.Hkv,
        "queries": sizes.L,
        "keys": sizes.S,
        "width": sizes.E,
        "grouped": sizes.Hq != sizes.Hkv,
        "value_width_differs": sizes.Ev != sizes.E,
        "lengths": ("equal", "more_queries", "fewer_queries")[order],
        "empty_rows": _has_empty_rows(case),
        "minus_infinity_bias": case.bias is not None
        and bool(np.isneginf(case.bias.astype(np.float64)).any()),
        "scale_sign": _sign(case.scale),
        "large_scores": _largest_product(case) > 65504.0,
        "half_range_scores": _largest_product(case) > 65504.0 / 2.0,
        "window_sides": _window_sides(case),
        "nan": any(_has_nan(array) for array in case.arrays().values()),
    }
    facts |= {name: name in case.options for name in OPTIONS}
    for name in ("query", "key", "value", "mask", "bias"):
        facts[f"{name}_layout"] = case.layout(name)
    return facts


def signs(case: AttentionCase) -> tuple[str, ...]:
    """Return what a case has that a mistake may need, whatever brings it about."""
    has_diagonal = bool(case.causal or case.window)
    found = {
        "empty row": _has_empty_rows(case),
        "alignment": has_diagonal and case.sizes.L != case.sizes.S,
        "diagonal of grouped heads": has_diagonal and case.sizes.Hq != case.sizes.Hkv,
        "large scores": _largest_score(case) > _LARGE,
    }
    return tuple(name for name, holds in found.items() if holds)


def _largest_score(case: AttentionCase) -> float:
    """Return an upper limit on the size of any score, but for hidden ones."""
    parts = [abs(case.effective_scale) * _largest_product(case)]
    for array in (case.bias, case.sink):
        numbers = np.zeros(1) if array is None else array.astype(np.float64)
        parts.append(float(np.abs(numbers[np.isfinite(numbers)]).max(initial=0.0)))
    if case.alibi_slopes is not None:
        farthest = max(case.sizes.L, case.sizes.S)
        parts.append(float(case.alibi_slopes.max(initial=0.0)) * farthest)
    return sum(parts)


def _sign(scale: float | None) -> str:
    if scale is None:
        return "default"
    return "zero" if scale == 0 else "positive" if scale > 0 else "negative"


def _has_nan(array: np.ndarray[Any, Any]) -> bool:
    return array.dtype != np.bool_ and bool(np.isnan(array.astype(np.float64)).any())


def _largest_product(case: AttentionCase) -> float:
    """Return an upper limit on any |query| . |key|, unscaled."""
    if not case.query.size or not case.key.size:
        return 0.0
    query = np.abs(case.query.astype(np.float64))
    key = np.abs(case.key.astype(np.float64))
    return float((query.max((0, 1, 2)) * key.max((0, 1, 2))).sum())


def _window_sides(case: AttentionCase) -> str:
    if case.window is None:
        return "none"
    left, right = (side is not None for side in case.window)
    if left and right:
        return "both"
    return "left" if left else "right" if right else "none"


def _has_empty_rows(case: AttentionCase) -> bool:
    sizes = case.sizes
    shape = (sizes.B, sizes.Hq, sizes.L, sizes.S)
    shown = np.ones(shape, np.bool_)
    if case.mask is not None:
        shown = shown & case.mask
    if case.bias is not None:
        shown = shown & ~np.isneginf(case.bias.astype(np.float64))
    for alignment in ("upper_left", "lower_right"):
        here = shown
        i = masks.positions(sizes.L, sizes.S, alignment=alignment)
        j = np.arange(sizes.S)
        if case.causal:
            here = here & masks.causal(i, j)
        if case.window is not None:
            here = here & masks.window(i, j, *case.window)
        if not here.any(-1).all():
            return True
    return False


__all__ = ["TRAITS", "signs", "traits"]
