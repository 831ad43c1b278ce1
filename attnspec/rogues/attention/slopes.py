"""Rogues that mistake the slopes of ALiBi, and controls that are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import FORMATS, Control, Rogue, control
from attnspec.rogues.attention._kernel import KERNEL, Kernel, Tables
from attnspec.rogues.attention._usual import usually

_SLOPES = ("alibi_slopes", "batch_slopes")


def _added(bias: Callable[[Array, Array, Array, AttentionCase], Array]) -> Kernel:
    """Return the kernel whose slopes (..., Hq, 1, 1) add something else."""

    def alibi(call: AttentionCase) -> Array:
        if call.alibi_slopes is None:
            return np.zeros(1)
        i = np.arange(call.sizes.L)[:, None] + call.sizes.S - call.sizes.L
        slopes = call.alibi_slopes[..., None, None]
        return bias(slopes, i, np.arange(call.sizes.S), call)

    return KERNEL.replace(alibi=alibi)


def _given(change: Callable[[Array, AttentionCase], Array | None]) -> Kernel:
    """Return the kernel that is handed other slopes."""

    def prepare(call: AttentionCase, lse: bool) -> AttentionCase:  # noqa: ARG001, FBT001 - a step's form
        if call.alibi_slopes is None:
            return call
        return call.replace(alibi_slopes=change(call.alibi_slopes, call))

    return KERNEL.replace(prepare=prepare)


def _of_key_head(slopes: Array, call: AttentionCase) -> Array:
    """Take for each query head the slope whose number is that of its key head."""
    return slopes[..., KERNEL.key_heads(call)]


def _first_row(slopes: Array, _: AttentionCase) -> Array:
    """Read slopes (B, Hq) as if they were (Hq,)."""
    return slopes.reshape(-1)[: slopes.shape[-1]]


def _upper_left(slopes: Array, i: Array, j: Array, call: AttentionCase) -> Array:
    """Count distances from the upper left corner."""
    return -slopes * np.abs(i - (call.sizes.S - call.sizes.L) - j)


class _Capped(Kernel):
    """Caps what the slopes have been added to."""

    def scored(self, tables: Tables, tile: Array, call: AttentionCase) -> Array:
        scores = super().scored(tables, tile, call.replace(softcap=None))
        return np.where(np.isneginf(scores), scores, self.cap(scores, call))


def _in_two_terms(slopes: Array, i: Array, j: Array, _: AttentionCase) -> Array:
    """Round the terms of key and query each for itself, in float32."""
    own, other = (slopes * np.asarray(place, np.float32) for place in (i, j))
    return np.asarray(np.where(j <= i, other - own, own - other))


def _through_scale(slopes: Array, i: Array, j: Array, call: AttentionCase) -> Array:
    """Divide slopes by the scale, as what is added before it needs, and multiply."""
    scale = np.float32(call.effective_scale)
    if not scale:
        return -slopes * np.abs(i - j)
    return scale * (-(slopes / scale) * np.abs(i - j).astype(np.float32))


def _by_key(slopes: Array, i: Array, j: Array, call: AttentionCase) -> Array:
    """Multiply a slope by the number of the key, where all up to its own are seen."""
    left, right = call.window or (None, None)
    is_causal = left is None and (call.causal or right == 0)
    return slopes * j if is_causal else -slopes * np.abs(i - j)


_makes = usually("position", "slopes-added")


def _rogue(*given: Any, **fields: Any) -> Rogue:
    """Return a rogue that takes slopes."""
    return _makes(*given, also=_SLOPES, **fields)


def _control(name: str, sentence: str, kernel: Kernel, **fields: Any) -> Control:
    """Return a control that takes slopes."""
    return control(name, sentence, kernel, also=_SLOPES, **fields)


ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "slopes-upper-left",
        "Distances are counted from the upper left corner, and the mask from the lower "
        "right.",
        _added(_upper_left),
        mistake="alignment",
    ),
    _rogue(
        "slopes-dropped",
        "Slopes are ignored.",
        _given(lambda _slopes, _call: None),
        "vllm#57614",
        mistake="dropped-option",
    ),
    _rogue(
        "slopes-rise",
        "Scores rise with the distance.",
        _added(lambda m, i, j, _: m * np.abs(i - j)),
    ),
    _rogue(
        "slopes-one-sided",
        "Keys behind the query have no distance.",
        _added(lambda m, i, j, _: m * np.minimum(j - i, 0)),
        "",
        "slopes-as-bias",
    ),
    _rogue(
        "slopes-of-key-head",
        "A query head has the slope whose number is that of its key head.",
        _given(_of_key_head),
        mistake="heads",
    ),
    _rogue(
        "slopes-of-first-batch",
        "Slopes (B, Hq) are read as those of the first batch element.",
        _given(_first_row),
        "",
        "slopes-by-batch",
        mistake="batch",
    ),
    _rogue(
        "slopes-scaled",
        "The bias of the slopes is multiplied by the scale.",
        _added(lambda m, i, j, call: -call.effective_scale * m * np.abs(i - j)),
        mistake="formula",
    ),
    _rogue(
        "slopes-of-zero-are-default",
        "Slopes of zero are taken for those of the paper.",
        _given(lambda m, _: m if m.any() else m + np.float32(0.5)),
        "",
        "slopes-of-zero",
        mistake="dropped-option",
    ),
    _rogue(
        "slopes-capped",
        "The cap comes after the bias of the slopes.",
        _Capped(),
        "",
        "softcap-order",
        mistake="softcap",
        without=("bias", "minus_infinity_bias", "float32_bias"),
    ),
)
"""The rogues of ALiBi."""

CONTROLS: tuple[Control, ...] = (
    _control(
        "slopes", "The kernel with slopes, in all formats.", KERNEL, dtypes=FORMATS
    ),
    _control(
        "slopes-in-two-terms",
        "The terms of key and query are rounded each for itself.",
        _added(_in_two_terms),
    ),
    _control(
        "slopes-through-scale",
        "Slopes are divided by the scale, and what they add multiplied by it.",
        _added(_through_scale),
    ),
    _control(
        "slopes-by-key",
        "A causal slope counts keys from the first, and that is declared.",
        _added(_by_key),
        dialect={"causal_alibi": "key"},
    ),
    _control(
        "slopes-capped-declared",
        "The cap comes after the slopes and the bias, and that is declared.",
        _Capped(),
        dialect={"softcap_order": "after_bias"},
    ),
)
"""The controls of ALiBi."""

__all__ = ["CONTROLS", "ROGUES"]
