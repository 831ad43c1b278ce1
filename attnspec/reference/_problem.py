"""The reduction of every option to scores, visible keys and a sink."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float64

from attnspec._checks import check_broadcast
from attnspec._typing import Alignment, Window
from attnspec.reference._arrays import float64
from attnspec.reference.heads import group_count, repeat_kv
from attnspec.reference.masks import visible_keys
from attnspec.reference.scores import biased, scaled_dot_product, softcapped


class Problem(NamedTuple):
    """What is left of a problem when all options are reduced to the core."""

    scores: Float64[np.ndarray, "B Hq L S"]
    visible: Bool[np.ndarray, "B Hq L S"]
    sink: Float64[np.ndarray, "Hq 1"]
    value: Float[np.ndarray, "B Hq S Ev"]


def reduced(
    query: Float[np.ndarray, "B Hq L E"],
    key: Float[np.ndarray, "B Hkv S E"],
    value: Float[np.ndarray, "B Hkv S Ev"],
    mask: Bool[np.ndarray, "..."] | None,
    bias: Float[np.ndarray, "..."] | None,
    scale: float | None,
    causal: bool,  # noqa: FBT001 - private; all callers pass the whole list
    window: Window | None,
    softcap: float | None,
    sink: Float[np.ndarray, "Hq"] | None,
    alignment: Alignment,
) -> Problem:
    """Turn every option into scores, visible keys and a sink."""
    (batch, heads, length, _), keys = query.shape, key.shape[2]
    sizes = (batch, heads, length, keys)
    check_broadcast("mask", mask, sizes)
    check_broadcast("bias", bias, sizes)
    groups = group_count(heads, key.shape[1])
    visible = visible_keys(
        length,
        keys,
        mask=mask,
        bias=bias,
        causal=causal,
        window=window,
        alignment=alignment,
    )
    return Problem(
        scores=_scores(query, repeat_kv(key, groups), scale, softcap, bias),
        visible=np.broadcast_to(visible, sizes),
        sink=np.full((heads, 1), -np.inf) if sink is None else float64(sink)[:, None],
        value=repeat_kv(value, groups),
    )


def _scores(
    query: Float[np.ndarray, "B Hq L E"],
    key: Float[np.ndarray, "B Hq S E"],
    scale: float | None,
    softcap: float | None,
    bias: Float[np.ndarray, "..."] | None,
) -> Float64[np.ndarray, "B Hq L S"]:
    """Scale the dot products, then cap them, then add the bias."""
    scores = scaled_dot_product(query, key, scale=scale)
    capped = scores if softcap is None else softcapped(scores, softcap)
    return capped if bias is None else biased(capped, bias)


__all__ = ["Problem", "reduced"]
