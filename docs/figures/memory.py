"""Pictures of many sequences in one call: where they lie, and who sees whom."""

from __future__ import annotations

from typing import Any

import numpy as np
from drawing import GRAY, PALE, SERIES, grid, panels
from matplotlib.patches import Rectangle

from attnspec.reference import (
    append,
    chunked,
    gather_pages,
    packed_attention,
    padded_attention,
    sink_window,
)

LENGTHS = (4, 2, 3)
SUMS = np.array([0, 4, 6, 9])
TABLE = np.array([[5, 2, 0], [5, 3, -1]])
TOKENS = np.array([7, 5])
OWNERS = np.array(
    [[0, -1, -1], [-1] * 3, [0] * 3, [1, 1, -1], [-1] * 3, [2] * 3, [-1] * 3]
)
"""Of each slot of a pool: its sequence, 2 for both of them, -1 for nobody."""


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


def pages() -> None:
    """Two sequences that share a page: their tokens, the table, and the pool."""
    _, axes = panels(3, width=2.6, height=2.9)
    sequences, table, pool = axes[0]
    tokens = gather_pages(OWNERS[..., None, None], TABLE, TOKENS)[..., 0, 0]
    for row, length in enumerate(TOKENS):
        _cells(sequences, 2 + 2 * row, tokens[row, :length].tolist())
        for at in range(length):
            _label(sequences, at, 2 + 2 * row, str(at), "white")
    for (row, entry), page in np.ndenumerate(TABLE):
        table.add_patch(_square(entry, 2 + 2 * row, PALE))
        _label(table, entry, 2 + 2 * row, str(page), GRAY if page < 0 else "black")
    for page, owners in enumerate(OWNERS):
        _cells(pool, page, owners.tolist())
        _label(pool, -1, page, str(page), GRAY)
    for row, length in enumerate(TOKENS):
        for at in range(length):
            page, slot = TABLE[row, at // 3], at % 3
            _label(pool, slot, page, str(at), "white")
    for panel, title in zip(axes[0], ("tokens", "table", "pool"), strict=True):
        panel.set_title(title, fontsize=10)
        panel.set(ylim=(-6.4, 1.4), aspect="equal")
        panel.axis("off")
    sequences.set(xlim=(-0.4, 7.4))
    table.set(xlim=(-2.4, 5.4))
    pool.set(xlim=(-2.4, 5.4))


def caches() -> None:
    """A cache before and after two sequences have two new tokens each."""
    _, axes = panels(2, width=3.6, height=2.0)
    rooms, lengths = np.array([2, 0]), np.array([3, 1])
    before = np.full((3, 8), -1)
    for owner, (room, length) in enumerate(zip(rooms, lengths, strict=True)):
        before[room, :length] = owner
    new = np.array([[0, 0], [1, 1]])[..., None, None]
    after = append(before[..., None, None], new, lengths, slots=rooms)[..., 0, 0]
    for panel, cache in zip(axes[0], (before, after), strict=True):
        for room, owners in enumerate(cache):
            _cells(panel, room, owners.tolist())
        panel.set(xlim=(-1.4, 8.4), ylim=(-2.4, 1.4), aspect="equal")
        panel.axis("off")
    for room, length in zip(rooms, lengths, strict=True):
        for at in range(length + 2):
            for panel in axes[0] if at < length else axes[0, 1:]:
                _label(panel, at, room, str(at), "white")
    for panel, title in zip(axes[0], ("before", "after"), strict=True):
        panel.set_title(title, fontsize=10)


def _label(axes: Any, column: int, row: int, text: str, color: str) -> None:
    """Write into a square."""
    place = column + 0.45, 0.45 - row
    axes.text(*place, text, color=color, ha="center", va="center", fontsize=8)


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
