"""Unusual steps that rogues and controls share: what is declared makes them right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues.attention._kernel import KERNEL, Kernel, Rows, Tables

Finish = Callable[[Rows, AttentionCase], tuple[Array, Array]]


def upper_left(call: AttentionCase) -> Array:
    """Let the first query stand at the first key."""
    return np.arange(call.sizes.L)[None]


def tiled_heads(call: AttentionCase) -> Array:
    """Give query head h the key head h modulo Hkv."""
    return np.arange(call.sizes.Hq) % max(1, call.sizes.Hkv)


def centered(tables: Tables, call: AttentionCase) -> Tables:  # noqa: ARG001 - a step's form
    """Subtract from every key the mean of the keys that somebody sees."""
    seen = np.any(tables.visible & ~np.isneginf(tables.addend), axis=2)[..., None]
    key = np.where(seen, tables.key, 0)
    count = np.maximum(1, seen.sum(2, keepdims=True)).astype(key.dtype)
    return tables._replace(key=tables.key - key.sum(2, keepdims=True) / count)


def finite_fill(scores: Array, visible: Array) -> Array:
    """Give hidden keys the least finite score."""
    return np.where(visible & (scores != -np.inf), scores, np.finfo(scores.dtype).min)


def divided(more: float = 0.0) -> Finish:
    """Return a division by the sum and a little more, even where that is 0/0."""

    def finish(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
        _, lse = KERNEL.finish(rows, call)
        return rows.accumulator / (rows.total + np.float32(more)), lse

    return finish


def finished(
    output: Callable[[Array], Array] = np.asarray,
    lse: Callable[[Array], Array] = np.asarray,
) -> Kernel:
    """Return the kernel with another output or another logsumexp in the end."""

    def finish(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
        found = KERNEL.finish(rows, call)
        return output(found[0]), lse(found[1])

    return KERNEL.replace(finish=finish)


__all__ = [
    "centered",
    "divided",
    "finished",
    "finite_fill",
    "tiled_heads",
    "upper_left",
]
