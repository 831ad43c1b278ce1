"""A picture of what flows where in a backward pass."""

from __future__ import annotations

from typing import Any

from drawing import ACCENT, INK, PALE
from matplotlib import pyplot as plt

PLACES = {
    "q, k": (0, 1),
    "x": (1, 1),
    "s": (2, 1),
    "P": (3, 1),
    "v": (3, 2),
    "o": (4, 1),
    "lse": (2, 0),
}
FORWARD = (
    *(("q, k", "x"), ("x", "s"), ("s", "P"), ("P", "o"), ("v", "o"), ("s", "lse")),
)
BACKWARD = {
    ("o", "P"): "do v",
    ("o", "v"): "dv = P do",
    ("P", "s"): "ds = P (dP - δ)",
    ("lse", "s"): "P dlse",
    ("s", "x"): "softcap'",
    ("x", "q, k"): "scale dx k, q",
}


def flow() -> None:
    """The forward pass from left to right, and cotangents from right to left."""
    _, axes = plt.subplots(figsize=(9.5, 3.6))
    for one, other in FORWARD:
        _arrow(axes, one, other, INK, 0.12)
    for (one, other), said in BACKWARD.items():
        _arrow(axes, one, other, ACCENT, -0.12)
        (a, b), (c, d) = (_place(name) for name in (one, other))
        level = b == d
        side = {"va": "top"} if level else {"ha": "left"}
        middle = ((a + c) / 2 + (0 if level else 0.2), (b + d) / 2 - 0.2 * level)
        axes.text(*middle, said, color=ACCENT, fontsize=9, **{"ha": "center", **side})
    for name in PLACES:
        box = {"boxstyle": "round,pad=0.4", "facecolor": PALE, "edgecolor": INK}
        axes.text(*_place(name), name, ha="center", va="center", bbox=box)
    axes.text(8.9, 1.0, "do", color=ACCENT, va="center")
    axes.text(4.7, 0.0, "dlse", color=ACCENT, va="center")
    axes.set(xlim=(-0.6, 9.4), ylim=(-0.7, 2.5))
    axes.axis("off")


def _place(name: str) -> tuple[float, float]:
    """Say where a number stands."""
    column, row = PLACES[name]
    return 2.1 * column, float(row)


def _arrow(axes: Any, one: str, other: str, color: str, shift: float) -> None:
    """Draw an arrow beside the line from one number to another."""
    (a, b), (c, d) = _place(one), _place(other)
    across = (0.0, shift) if b == d else (shift, 0.0)
    style = {"arrowstyle": "->", "color": color, "shrinkA": 18, "shrinkB": 18}
    start, end = (a + across[0], b + across[1]), (c + across[0], d + across[1])
    axes.annotate("", end, start, arrowprops=style)
