"""A picture of which query head reads which key head."""

from __future__ import annotations

import numpy as np
from drawing import ACCENT, INK, panels

from attnspec.reference.heads import repeat_kv


def groups() -> None:
    """Multi-head, grouped-query and multi-query, and the other map for contrast."""
    heads = 6
    cases = (
        ("multi-head", _shared(heads, 6), INK),
        ("grouped-query", _shared(heads, 2), INK),
        ("multi-query", _shared(heads, 1), INK),
        ("not ours: tiled", np.arange(heads) % 2, ACCENT),
    )
    _, axes = panels(4, width=2.3, height=1.9)
    for panel, (title, of, color) in zip(axes[0], cases, strict=True):
        below = np.linspace(0, heads - 1, 2 * (of.max() + 1) + 1)[1::2]
        for query_head, key_head in enumerate(of):
            panel.plot([query_head, below[key_head]], [1, 0], color=color, lw=1)
        panel.plot(np.arange(heads), np.ones(heads), "o", color=color, ms=7)
        panel.plot(below, np.zeros(of.max() + 1), "s", color=color, ms=8)
        panel.set_title(title, fontsize=10, color=color)
        panel.set(ylim=(-0.25, 1.25), xticks=[])
        names = ("key heads", "query heads") if panel is axes[0, 0] else ("", "")
        panel.set_yticks([0, 1], names)
        panel.tick_params(length=0, labelsize=8)
        panel.spines[:].set_visible(False)


def _shared(query_heads: int, key_heads: int) -> np.ndarray:
    """Return the key head of every query head, by the definition."""
    keys = np.arange(key_heads, dtype=np.float64)[None, :, None, None]
    return repeat_kv(keys, query_heads // key_heads).ravel().astype(int)
