"""Rogues that mistake diagonals: the causal flag, the window, their alignment."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue, rogue
from attnspec.rogues.attention._kernel import KERNEL


def _upper_left(call: AttentionCase) -> Array:
    return np.arange(call.sizes.L)[None]


def _clamped(call: AttentionCase) -> Array:
    return (np.arange(call.sizes.L) + max(0, call.sizes.S - call.sizes.L))[None]


def _mixed_alignment(call: AttentionCase) -> Array:
    late = call.sizes.L <= call.sizes.S
    return KERNEL.positions(call) if late else _upper_left(call)


def _packed(call: AttentionCase) -> Array:
    group = call.sizes.Hq // max(1, call.sizes.Hkv)
    shift = max(0, (group - 1).bit_length())
    packed = np.arange(call.sizes.L) * group + np.arange(call.sizes.Hq)[:, None] % group
    return (packed >> shift) + call.sizes.S - call.sizes.L


def _before(i: Array, j: Array, call: AttentionCase) -> Array:  # noqa: ARG001 - a step's form
    return np.asarray(j < i)


def _one_more(i: Array, j: Array, call: AttentionCase) -> Array:  # noqa: ARG001 - a step's form
    return np.asarray(j <= i + 1)


def _moved(left: int, right: int) -> object:
    """Return a window whose edges are moved outward by these distances."""

    def near(i: Array, j: Array, call: AttentionCase) -> Array:
        lower, upper = call.window or (None, None)
        sides = (
            None if lower is None else lower + left,
            None if upper is None else upper + right,
        )
        return KERNEL.window(i, j, call.replace(window=sides))

    return near


def _symmetric(i: Array, j: Array, call: AttentionCase) -> Array:
    left, right = call.window or (None, None)
    side = left if right is None else right if left is None else max(left, right)
    return KERNEL.window(i, j, call.replace(window=(side, side)))


def _left_side_only(i: Array, j: Array, call: AttentionCase) -> Array:
    left, _ = call.window or (None, None)
    return KERNEL.window(i, j, call.replace(window=(left, None)))


def _zero_is_unlimited(i: Array, j: Array, call: AttentionCase) -> Array:
    left, right = call.window or (None, None)
    return KERNEL.window(i, j, call.replace(window=(left or None, right or None)))


ROGUES: tuple[Rogue, ...] = (
    rogue(
        "causal-from-upper-left",
        "alignment",
        "The first query stands at the first key, though the other corner is declared.",
        KERNEL.replace(positions=_upper_left),
        caught_by="causal-support",
        mimics="pytorch#110144",
    ),
    rogue(
        "offset-clamped",
        "alignment",
        "The diagonal's offset is never less than 0.",
        KERNEL.replace(positions=_clamped),
        caught_by="causal-support",
        mimics="mlx#2967",
    ),
    rogue(
        "alignment-by-shape",
        "alignment",
        "The diagonal starts upper left when L exceeds S, else ends lower right.",
        KERNEL.replace(positions=_mixed_alignment),
        caught_by="dialect-consistent",
        mimics="onnxruntime#29020",
    ),
    rogue(
        "window-aligned-apart",
        "alignment",
        "The window is aligned upper left, the causal flag lower right.",
        KERNEL.replace(window_positions=_upper_left),
        caught_by="window-support",
    ),
    rogue(
        "packed-diagonal",
        "alignment",
        "Packed query heads are unpacked with a power of two.",
        KERNEL.replace(positions=_packed),
        caught_by="mask-forms",
        mimics="flashinfer#1148",
    ),
    rogue(
        "causal-strict",
        "alignment",
        "A query does not see its own position.",
        KERNEL.replace(causal=_before),
        caught_by="causal-support",
    ),
    rogue(
        "causal-one-more",
        "alignment",
        "A query sees one key after its position.",
        KERNEL.replace(causal=_one_more),
        caught_by="causality",
    ),
    *(
        rogue(
            f"window-{side}-{'wider' if step > 0 else 'narrower'}",
            "window",
            f"The window reaches one key {'further' if step > 0 else 'less'} "
            f"to the {side}.",
            KERNEL.replace(
                window=_moved(*((step, 0) if side == "left" else (0, step)))
            ),
            caught_by="window-support",
            mimics=mimics,
        )
        for side, step, mimics in (
            ("left", 1, "transformers#39408"),
            ("left", -1, "onnxruntime#25927"),
            ("right", 1, "openvino#30714"),
            ("right", -1, "transformers#40700"),
        )
    ),
    rogue(
        "window-symmetric",
        "window",
        "Both sides of the window are as wide as the wider one.",
        KERNEL.replace(window=_symmetric),
        caught_by="window-support",
        mimics="transformers#40700",
    ),
    rogue(
        "window-left-only",
        "window",
        "The right side of the window is ignored.",
        KERNEL.replace(window=_left_side_only),
        caught_by="window-support",
        mimics="vllm-flash-attention#154",
    ),
    rogue(
        "window-zero-unlimited",
        "window",
        "A distance of 0 is taken for no limit.",
        KERNEL.replace(window=_zero_is_unlimited),
        caught_by="window-support",
    ),
)
"""The rogues of diagonals and windows."""


__all__ = ["ROGUES"]
