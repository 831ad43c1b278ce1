"""Wrong answers of attention that an example must tell from a right one.

An example on which a law accepts its null answers is weak: a kernel that passes it
has shown nothing. Where the option that a null ignores is absent, it answers right.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge import invariance
from attnspec.judge.bits import normals
from attnspec.judge.case import Result
from attnspec.judge.kind import Null
from attnspec.judge.nulls import Right, forgetting
from attnspec.kinds.attention.alibi_nulls import ALIBI_NEEDS, ALIBI_NULLS
from attnspec.kinds.attention.bounds.problem import prepare, visible_keys
from attnspec.kinds.attention.case import AttentionCase
from attnspec.numerics.dtypes import numpy_dtype

_FLAGS = ("causal", "window")

NEEDS: Mapping[str, tuple[str, ...]] = {
    "no_sink": ("sink",),
    "no_softcap": ("softcap",),
    "no_bias": ("bias",),
    "no_mask": ("mask",),
    "no_scale": ("scale",),
    "options_dropped": ("mask", "bias", *_FLAGS, "softcap", "alibi_slopes"),
    "mask_shifted": ("mask", *_FLAGS),
    "flags_dropped": _FLAGS,
    "mask_argument_dropped": ("mask",),
    "small_masks_dropped": ("mask", "bias"),
    "softcap_last": ("mask", "bias", *_FLAGS),
    "tiled_heads": ("grouped_query",),
    **ALIBI_NEEDS,
}
"""Claims of which one must be made for a null to be tellable at all."""


def _rounded(case: AttentionCase, right: Right) -> Array:
    """Return the right output in the case's format."""
    return right(case).astype(numpy_dtype(case.dtype))


def _mean_value(case: AttentionCase, right: Right) -> Array:
    """Answer the mean of all values: never read query and key."""
    blank = case.replace(query=np.zeros_like(case.query))
    return _options_dropped(blank, right)


def _copy_value(case: AttentionCase, right: Right) -> Array:
    """Answer the value of the key with the query's own index."""
    sizes = case.sizes
    if not sizes.S or not sizes.Hkv:
        return np.zeros_like(right(case))
    rows = np.minimum(np.arange(sizes.L), sizes.S - 1)
    return np.repeat(case.value[:, :, rows], sizes.Hq // sizes.Hkv, axis=1)


def _options_dropped(case: AttentionCase, right: Right) -> Array:
    """Ignore every option."""
    return right(AttentionCase.of(case.query, case.key, case.value))


def _scale_off(case: AttentionCase, right: Right) -> Array:
    """Scale half as much again, or by one where the scale is zero."""
    return right(case.replace(scale=1.5 * case.effective_scale or 1.0))


def _mask_shifted(case: AttentionCase, right: Right) -> Array:
    """Let every query see the keys to the right of those that it should see."""
    visible = _visible(case, right)
    if visible is None or not case.sizes.S:
        return right(case)
    shifted = np.concatenate([visible[..., :1], visible[..., :-1]], axis=-1)
    return right(_with_mask(case, shifted))


def _last_key_dropped(case: AttentionCase, right: Right) -> Array:
    """Hide the last key from all queries."""
    sizes = case.sizes
    if not sizes.S:
        return right(case)
    visible = _visible(case, right)
    kept = np.arange(sizes.S) < sizes.S - 1
    mask = np.broadcast_to(kept, (1, 1, sizes.L, sizes.S))
    return right(_with_mask(case, mask if visible is None else visible & mask))


def _visible(case: AttentionCase, right: Right) -> Array | None:
    """Return the visible keys, (B or 1, Hq or 1, L, S); None for all."""
    visible = visible_keys(prepare(case, right.dialect, slice(None)))
    if visible is None:
        return None
    heads = visible.shape[1] * visible.shape[2]
    if heads not in (1, case.sizes.Hq):
        groups = (case.sizes.Hkv, case.sizes.Hq // case.sizes.Hkv)
        shape = (visible.shape[0], *groups, *visible.shape[3:])
        visible, heads = np.broadcast_to(visible, shape), case.sizes.Hq
    return visible.reshape(visible.shape[0], heads, *visible.shape[3:])


def _with_mask(case: AttentionCase, mask: Array) -> AttentionCase:
    """Replace everything that hides keys by one mask."""
    changes: dict[str, Any] = {"mask": mask, "causal": False, "window": None}
    if case.bias is not None:
        changes["bias"] = np.where(case.bias == -np.inf, 0.0, case.bias)
    return case.replace(**changes)


def _no_mask(case: AttentionCase, right: Right) -> Array:
    """Let every query see every key."""
    return right(_with_mask(case, np.ones((1, 1, 1, 1), np.bool_)))


def _moved(move: Callable[[Array], Array]) -> Null:
    """Give right answers in wrong places."""
    return lambda case, right: move(right(case))


def _first_of(axis: int) -> Null:
    """Give the first answer along an axis (of B, Hq, L) for all of it."""

    def move(array: Array) -> Array:
        first = np.take(array, range(min(1, array.shape[axis])), axis=axis)
        return np.broadcast_to(first, array.shape)

    return _moved(move)


def _unnormalized(case: AttentionCase, right: Right) -> Array:
    """Forget the division: return the numerator, of exp(score) unshifted."""
    lse = dataclasses.replace(right, result="lse")(case)
    # Within what every format holds: exp(9) is 8,103, half of float16's range.
    return right(case) * np.exp(np.clip(np.nan_to_num(lse), -30.0, 9.0))[..., None]


def _sink_clamped(case: AttentionCase, right: Right) -> Array:
    """Take a sink for at least 0."""
    sink = case.sink
    clamped = None if sink is None else np.maximum(sink, 0).astype(sink.dtype)
    return right(case.replace(sink=clamped))


def _bias_on_values(case: AttentionCase, right: Right) -> Array:
    """Add the bias to the output in place of the scores."""
    output = right(case.without("bias"))
    if case.bias is None:
        return output
    return output + np.nan_to_num(case.bias.astype(np.float64), neginf=0.0).mean()


def _unit_default_scale(case: AttentionCase, right: Right) -> Array:
    """Take no scale for a scale of 1, or of 1/2 where 1 is right."""
    unit = 0.5 if case.sizes.E == 1 else 1.0
    return right(case.replace(scale=unit if case.scale is None else case.scale))


def _mask_sizes_ignored(case: AttentionCase, right: Right) -> Array:
    """Ignore masks and biases that need broadcasting."""
    sizes = case.sizes
    whole = (sizes.B, sizes.Hq, sizes.L, sizes.S)
    options = {"mask": case.mask, "bias": case.bias}
    small = (n for n, a in options.items() if a is not None and a.shape != whole)
    return right(case.without(*small))


def _tiled_heads(case: AttentionCase, right: Right) -> Array:
    """Give query head h the key head h modulo Hkv."""
    heads = np.arange(case.sizes.Hq) % max(1, case.sizes.Hkv)
    return right(case.changed(lambda a: a[:, heads], "key", "value"))


def _other_empty_row(case: AttentionCase, right: Right) -> Array:
    """Return something else for empty rows: the mean of the values, or zeros."""
    other = "zero" if right.dialect["empty_row"] == "mean" else "mean"
    return right.under(empty_row=other)(case)


def _nan_spreads(case: AttentionCase, right: Right) -> Array:
    """Answer NaN everywhere where one result is NaN or infinite."""
    output = right(case)
    return output if np.isfinite(output).all() else np.full_like(output, np.nan)


def _nan_dropped(case: AttentionCase, right: Right) -> Array:
    """Take NaN and infinities for zero; minus infinity in a bias hides a key."""
    dropped = case.changed(_or_zero(np.isfinite), "query", "key", "value")
    if case.bias is not None:
        dropped = dropped.changed(_or_zero(lambda a: ~np.isnan(a)), "bias")
    return right(dropped)


def _or_zero(kept: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Return a change of an array to 0 where it is not kept."""
    return lambda array: np.where(kept(array), array, np.zeros_like(array))


def _wrong_dtype(case: AttentionCase, right: Right) -> Result:
    """Return another format than the query's."""
    other = np.float32 if case.dtype == "float64" else np.float64
    return Result(_rounded(case, right).astype(other))


def _mutates(case: AttentionCase, right: Right) -> Result:
    """Write into the query."""
    return Result(_rounded(case, right), mutated=("query",))


def _strides_ignored(case: AttentionCase, right: Right) -> Array:
    """Read every operand that is not contiguous as if it were."""
    given = {n: form for n, form in case.layouts.items() if case[n] is not None}
    misread = [n for n, layout in given.items() if layout != "contiguous"]
    return right(case.changed(_misread, *misread))


def _misread(array: Array) -> Array:
    """Return an operand with its rows in the order of a transposed memory."""
    rolled = np.roll(array, 1, axis=-2) if array.ndim > 1 else array
    return ~rolled if rolled.dtype == np.bool_ else -np.roll(rolled, 1, axis=-1)


class _Stale:
    """Answers each call with the answer to the one before."""

    def __init__(self) -> None:
        self._last: Array | None = None

    def __call__(self, case: AttentionCase, right: Right) -> Array:
        answer = right(case)
        last, self._last = self._last, answer
        if last is None:
            return answer
        return last if last.shape == answer.shape else np.zeros_like(answer)


class _Random:
    """Answers each call with other noise."""

    def __init__(self) -> None:
        self._calls = 0

    def __call__(self, case: AttentionCase, right: Right) -> Array:
        self._calls += 1
        return normals(self._calls, "null", right(case).shape)


NULLS: Mapping[str, Callable[..., Any]] = {
    "mean_value": _mean_value,
    "first_row": _first_of(2),
    "neighbor_row": _moved(lambda array: np.roll(array, 1, axis=2)),
    "scale_off": _scale_off,
    "mask_shifted": _mask_shifted,
    "copy_value": _copy_value,
    "options_dropped": _options_dropped,
    "one_head": _first_of(1),
    "first_batch": _first_of(0),
    "last_key_dropped": _last_key_dropped,
    "no_sink": forgetting("sink"),
    "no_softcap": forgetting("softcap"),
    "no_bias": forgetting("bias"),
    "no_scale": forgetting("scale"),
    **ALIBI_NULLS,
    "no_mask": _no_mask,
    "unnormalized": _unnormalized,
    "sink_clamped": _sink_clamped,
    "bias_on_values": _bias_on_values,
    "unit_default_scale": _unit_default_scale,
    # Capped after bias and mask, hidden keys get a score of -cap.
    "softcap_last": forgetting("mask", "bias", *_FLAGS),
    "flags_dropped": forgetting(*_FLAGS),
    "mask_argument_dropped": forgetting("mask"),
    "small_masks_dropped": _mask_sizes_ignored,
    "tiled_heads": _tiled_heads,
    "other_empty_row": _other_empty_row,
    "nan_spreads": _nan_spreads,
    "nan_dropped": _nan_dropped,
    "wrong_dtype": _wrong_dtype,
    "mutates": _mutates,
    "strides_ignored": _strides_ignored,
    "stale": _Stale,
    "random": _Random,
    **invariance.NULLS,
}
"""The nulls of attention by name; a class is made anew for each example."""

__all__ = ["NEEDS", "NULLS"]
