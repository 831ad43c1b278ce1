"""Pictures of heads: who reads which key head, and what a layer keeps."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from drawing import ACCENT, GRAY, INK, panels

from attnspec.reference.heads import repeat_kv
from attnspec.reference.latent_cache import cached_latent_numbers
from attnspec.reference.multi_head import cached_numbers


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


def caches() -> None:
    """What a layer keeps of a token, and what the two forms of latents cost."""
    heads, width, latent, rotary = 128, 128, 512, 64
    kept = {
        "multi-head": cached_numbers(heads, width, width),
        "grouped, 8 key heads": cached_numbers(8, width, width),
        "latent": cached_latent_numbers(latent, rotary),
        "multi-query": cached_numbers(1, width, width),
    }
    read = {
        "expanded": cached_numbers(heads, width + rotary, width),
        "absorbed": cached_latent_numbers(latent, rotary),
    }
    work = {
        "expanded": width + rotary + width,
        "absorbed": latent + rotary + latent,
    }
    shown = (
        ("kept of each token", kept),
        ("read of each token", read),
        ("multiplications\na pair and head", work),
    )
    _, axes = plt.subplots(1, 3, figsize=(9.4, 2.1), width_ratios=[2, 1.3, 1.3])
    for panel, (title, numbers) in zip(axes, shown, strict=True):
        latents = {"latent", "expanded", "absorbed"}
        colors = [ACCENT if name in latents else INK for name in numbers]
        panel.barh(list(numbers), list(numbers.values()), color=colors, height=0.6)
        for place, number in enumerate(numbers.values()):
            panel.text(1.15 * number, place, f"{number:,}", va="center", fontsize=8)
        panel.set(xscale="log", xlim=(1, 3_000_000), title=title)
        panel.title.set_fontsize(10)
        panel.invert_yaxis()
        panel.tick_params(labelsize=8)
        panel.tick_params(axis="y", length=0)
        panel.tick_params(axis="x", which="both", color=GRAY)


def _shared(query_heads: int, key_heads: int) -> np.ndarray:
    """Return the key head of every query head, by the definition."""
    keys = np.arange(key_heads, dtype=np.float64)[None, :, None, None]
    return repeat_kv(keys, query_heads // key_heads).ravel().astype(int)
