"""Null answers: wrong kernels so simple that every example should exclude them.

An example that a null answer passes could not have told a kernel from it. Where
the option that a null answer ignores is absent, it gives the right answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Result
from attnspec.judge.dtypes import numpy_dtype
from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.bounds.problem import prepare, visible_keys
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import Dialect

Null = Callable[[AttentionCase, Dialect], Result]


def _result(case: AttentionCase, output: Array, lse: Array) -> Result:
    """Round to the formats in which a kernel answers."""
    statistics = np.float64 if case.dtype == "float64" else np.float32
    with np.errstate(all="ignore"):
        rounded = output.astype(numpy_dtype(case.dtype))
        return Result(rounded, lse.astype(statistics))


def _right(case: AttentionCase, dialect: Dialect) -> Result:
    """Return the right answer, rounded."""
    exact = evaluate(case, dialect)
    return _result(case, exact.output, exact.lse)


def _zeros(case: AttentionCase, _: Dialect) -> Result:
    """Answer zero."""
    sizes = case.sizes
    shape = (sizes.B, sizes.Hq, sizes.L)
    return _result(case, np.zeros((*shape, sizes.Ev)), np.zeros(shape))


def _mean_value(case: AttentionCase, dialect: Dialect) -> Result:
    """Answer the mean of all values: never read query and key."""
    blank = case.replace(query=np.zeros_like(case.query))
    return _options_dropped(blank, dialect)


def _copy_value(case: AttentionCase, dialect: Dialect) -> Result:
    """Answer the value of the key with the query's own index."""
    sizes = case.sizes
    if not sizes.S or not sizes.Hkv:
        return _zeros(case, dialect)
    rows = np.minimum(np.arange(sizes.L), sizes.S - 1)
    value = np.repeat(case.value[:, :, rows], sizes.Hq // sizes.Hkv, axis=1)
    return _result(case, value, np.zeros(value.shape[:-1]))


def _options_dropped(case: AttentionCase, dialect: Dialect) -> Result:
    """Ignore every option."""
    plain = AttentionCase(case.query, case.key, case.value)
    return _right(plain, dialect)


def _scale_off(case: AttentionCase, dialect: Dialect) -> Result:
    """Scale half as much again, or by one where the scale is zero."""
    scale = 1.5 * case.effective_scale or 1.0
    return _right(case.replace(scale=scale), dialect)


def _mask_shifted(case: AttentionCase, dialect: Dialect) -> Result:
    """Let every query see the keys to the right of those that it should see."""
    visible = _visible(case, dialect)
    if visible is None or not case.sizes.S:
        return _right(case, dialect)
    first = visible[..., :1]
    shifted = np.concatenate([first, visible[..., :-1]], axis=-1)
    return _right(_with_mask(case, shifted), dialect)


def _last_key_dropped(case: AttentionCase, dialect: Dialect) -> Result:
    """Hide the last key from all queries."""
    sizes = case.sizes
    if not sizes.S:
        return _right(case, dialect)
    visible = _visible(case, dialect)
    kept = np.arange(sizes.S) < sizes.S - 1
    mask = np.broadcast_to(kept, (1, 1, sizes.L, sizes.S))
    mask = mask if visible is None else visible & mask
    return _right(_with_mask(case, mask), dialect)


def _visible(case: AttentionCase, dialect: Dialect) -> Array | None:
    """Return the visible keys, (B or 1, Hq or 1, L, S); None for all."""
    visible = visible_keys(prepare(case, dialect, slice(None)))
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


def _without(option: str) -> Null:
    """Ignore one option."""

    def null(case: AttentionCase, dialect: Dialect) -> Result:
        """Answer without the option."""
        return _right(case.replace(**{option: None}), dialect)

    return null


def _no_mask(case: AttentionCase, dialect: Dialect) -> Result:
    """Let every query see every key."""
    everything = np.ones((1, 1, 1, 1), np.bool_)
    return _right(_with_mask(case, everything), dialect)


def _moved(move: Callable[[Array], Array]) -> Null:
    """Give right answers in wrong places."""

    def null(case: AttentionCase, dialect: Dialect) -> Result:
        """Answer with the right answer of another place."""
        exact = evaluate(case, dialect)
        return _result(case, move(exact.output), move(exact.lse))

    return null


def _first_of(axis: int) -> Null:
    """Give the first answer along an axis (of B, Hq, L) for all of it."""

    def move(array: Array) -> Array:
        """Repeat the first entry."""
        first = np.take(array, range(min(1, array.shape[axis])), axis=axis)
        return np.broadcast_to(first, array.shape)

    return _moved(move)


NULLS: dict[str, Null] = {
    "zeros": _zeros,
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
    "no_sink": _without("sink"),
    "no_softcap": _without("softcap"),
    "no_bias": _without("bias"),
    "no_mask": _no_mask,
}
"""The null answers by name."""

__all__ = ["NULLS", "Null"]
