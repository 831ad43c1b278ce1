"""Rogues that mistake diagonals: the causal flag, the window, their alignment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue, rogue
from attnspec.rogues.attention._kernel import KERNEL
from attnspec.rogues.attention._steps import upper_left

Side = int | None
"""How far a window reaches to one side; None is without end."""


def _clamped(call: AttentionCase) -> Array:
    return (np.arange(call.sizes.L) + max(0, call.sizes.S - call.sizes.L))[None]


def _mixed_alignment(call: AttentionCase) -> Array:
    late = call.sizes.L <= call.sizes.S
    return KERNEL.positions(call) if late else upper_left(call)


def _packed(call: AttentionCase) -> Array:
    group = call.sizes.Hq // max(1, call.sizes.Hkv)
    shift = max(0, (group - 1).bit_length())
    packed = np.arange(call.sizes.L) * group + np.arange(call.sizes.Hq)[:, None] % group
    return (packed >> shift) + call.sizes.S - call.sizes.L


def _window(sides: Callable[[Side, Side], tuple[Side, Side]]) -> object:
    """Return a window whose sides are made from those that are given."""

    def near(i: Array, j: Array, call: AttentionCase) -> Array:
        window = sides(*(call.window or (None, None)))
        return KERNEL.window(i, j, call.replace(window=window))

    return near


def _wider(side: Side, step: int) -> Side:
    return None if side is None else side + step


def _symmetric(left: Side, right: Side) -> tuple[Side, Side]:
    side = left if right is None else right if left is None else max(left, right)
    return side, side


ROGUES: tuple[Rogue, ...] = (
    rogue(
        "causal-from-upper-left",
        "alignment",
        "The first query stands at the first key, though the other corner is declared.",
        KERNEL.replace(positions=upper_left),
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
        KERNEL.replace(window_positions=upper_left),
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
        KERNEL.replace(causal=lambda i, j, _: j < i),
        caught_by="causal-support",
    ),
    rogue(
        "causal-one-more",
        "alignment",
        "A query sees one key after its position.",
        KERNEL.replace(causal=lambda i, j, _: j <= i + 1),
        caught_by="causality",
    ),
    *(
        rogue(
            f"window-{side}-{change}",
            "window",
            f"The window reaches one key {'further' if change == 'wider' else 'less'} "
            f"to the {side}.",
            KERNEL.replace(window=_window(sides)),
            caught_by="window-support",
            mimics=mimics,
        )
        for side, change, sides, mimics in (
            ("left", "wider", lambda a, b: (_wider(a, 1), b), "transformers#39408"),
            ("left", "narrower", lambda a, b: (_wider(a, -1), b), "onnxruntime#25927"),
            ("right", "wider", lambda a, b: (a, _wider(b, 1)), "openvino#30714"),
            (
                "right",
                "narrower",
                lambda a, b: (a, _wider(b, -1)),
                "transformers#40700",
            ),
        )
    ),
    rogue(
        "window-symmetric",
        "window",
        "Both sides of the window are as wide as the wider one.",
        KERNEL.replace(window=_window(_symmetric)),
        caught_by="window-support",
        mimics="transformers#40700",
    ),
    rogue(
        "window-left-only",
        "window",
        "The right side of the window is ignored.",
        KERNEL.replace(window=_window(lambda left, _: (left, None))),
        caught_by="window-support",
        mimics="vllm-flash-attention#154",
    ),
    rogue(
        "window-zero-unlimited",
        "window",
        "A distance of 0 is taken for no limit.",
        KERNEL.replace(
            window=_window(lambda left, right: (left or None, right or None))
        ),
        caught_by="window-support",
    ),
)
"""The rogues of diagonals and windows."""


__all__ = ["ROGUES"]
