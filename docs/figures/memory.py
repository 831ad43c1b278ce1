"""Pictures of many sequences in one call: where they lie, and who sees whom."""

from __future__ import annotations

from typing import Any

import numpy as np
from drawing import GRAY, PALE, SERIES, grid, panels
from matplotlib.patches import Rectangle

from attnspec.reference import chunked, packed_attention, padded_attention, sink_window

LENGTHS = (4, 2, 3)
SUMS = np.array([0, 4, 6, 9])


def _cells(axes: Any, row: int, owners: list[int]) -> None:
    """Draw one row of an array: a color for each sequence, none for nobody."""
    for at, owner in enumerate(owners):
        color = PALE if owner < 0 else SERIES[owner]
        axes.add_patch(_square(at, row, color))


def _square(column: int, row: int, color: str) -> Any:
    return Rectangle((column, -row), 0.9, 0.9, color=color)


def layouts() -> None:
    """Three sequences packed, packed in slots, and padded."""
    _, axes = panels(3, width=3.2, height=2.0)
    packed = [n for n, length in enumerate(LENGTHS) for _ in range(length)]
    slots = [
        n if at < length else -1
        for n, length in enumerate(LENGTHS)
        for at in range(length + 1)
    ]
    _cells(axes[0, 0], 1, packed)
    _cells(axes[0, 1], 1, slots)
    for n, length in enumerate(LENGTHS):
        _cells(axes[0, 2], n, [n if at < length else -1 for at in range(max(LENGTHS))])
    starts = (SUMS, np.array([0, 5, 8, 12]))
    for panel, sums in zip(axes[0], starts, strict=False):
        for at in sums:
            panel.text(at, -1.15, str(at), color=GRAY, ha="center", va="top")
    titles = ("packed", "packed in slots", "padded")
    for panel, title in zip(axes[0], titles, strict=True):
        panel.set_title(title, fontsize=10)
        panel.set(xlim=(-0.4, 12.4), ylim=(-2.2, 1.1), aspect="equal")
        panel.axis("off")
    axes[0, 2].set(xlim=(-4, 8.4))


def who_sees_whom() -> None:
    """Visible keys of three packed sequences: all of them, and causally."""
    _, axes = panels(3, width=2.7, height=2.9)
    x, value = np.zeros((9, 1, 1)), np.eye(9)[:, None]
    for panel, causal in zip(axes[0], (False, True), strict=False):
        weights, _ = packed_attention(x, x, value, SUMS, SUMS, causal=causal)
        grid(panel, weights[:, 0] > 0)
    batch, padded_value = np.zeros((1, 1, 9, 1)), np.eye(9)[None, None]
    lengths = {"query_lengths": np.array([5]), "key_lengths": np.array([7])}
    weights, _ = padded_attention(batch, batch, padded_value, causal=True, **lengths)
    grid(axes[0, 2], weights[0, 0] > 0)
    titles = ("packed", "packed, causal", "5 queries and 7 keys\nin 9 rows, causal")
    for panel, title in zip(axes[0], titles, strict=True):
        panel.set_title(title, fontsize=10)


def chunks_and_sinks() -> None:
    """A causal window, chunks, and a window beside the first tokens."""
    _, axes = panels(3, width=2.7, height=2.9)
    at = np.arange(9)
    shown = (
        ("window: 2 before", sink_window(at, at, 0, 2)),
        ("chunks of 3", chunked(at, at, 3)),
        ("window and 2 sinks", sink_window(at, at, 2, 2)),
    )
    for panel, (title, mask) in zip(axes[0], shown, strict=True):
        grid(panel, mask)
        panel.set_title(title, fontsize=10)
