"""Pictures of bands: what is seen, how far layers see, and what it costs."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from drawing import ACCENT, GRAY, INK, grid, heat, panels

from attnspec.reference.attention import attention_weights
from attnspec.reference.band_cost import pairs
from attnspec.reference.banded import reach, zeroed_after
from attnspec.reference.block_mask import blocks
from attnspec.reference.dilated_mask import dilated
from attnspec.reference.document_mask import documents
from attnspec.reference.global_mask import global_tokens
from attnspec.reference.grid_mask import over_grid
from attnspec.reference.masks import visible_keys
from attnspec.reference.neighborhood import shifted_window
from attnspec.reference.prefix_mask import prefix


def before_and_after() -> None:
    """Weights of a band: masked before the normalizer, and zeroed after it."""
    rng = np.random.default_rng(3)
    query, key = rng.normal(size=(2, 1, 1, 5, 4))
    seen = visible_keys(5, 5, window=(1, 1))
    everything = attention_weights(query, key)[0, 0]
    after = zeroed_after(everything, seen)
    shown = (
        ("all weights", everything),
        (
            "masked before:\nrows sum to 1",
            attention_weights(query, key, mask=seen)[0, 0],
        ),
        ("zeroed after", after),
    )
    _, axes = plt.subplots(
        1, 4, figsize=(9.2, 2.7), width_ratios=[5, 5, 5, 1.1], squeeze=False
    )
    for panel, (title, weights) in zip(axes[0], shown, strict=False):
        heat(panel, np.where(weights > 0, weights, np.nan), title, digits=2)
        panel.set(xlabel="key $j$")
    heat(axes[0, 3], after.sum(axis=1, keepdims=True), "its\nsums", digits=2)


def layers() -> None:
    """What one, two and three layers with the window (1, 1) can see."""
    one = visible_keys(9, 9, window=(1, 1))
    _, axes = panels(4, width=2.1)
    for count in range(4):
        grid(axes[0, count], reach(one, count), labels=count == 0)
        axes[0, count].set_title(f"{count} layers", fontsize=10)


def cost() -> None:
    """Dot products of all pairs, of the causal half and of two bands."""
    lengths = np.unique(np.geomspace(8, 1024, 15).astype(int))
    kinds = (
        ("all pairs", {}, INK),
        ("causal", {"causal": True}, GRAY),
        ("window (64, 64)", {"window": (64, 64)}, ACCENT),
        ("window (8, 8)", {"window": (8, 8)}, "#edae49"),
    )
    _, axes = plt.subplots(figsize=(5.6, 3.2))
    for name, options, color in kinds:
        counted = [pairs(visible_keys(n, n, **options)) for n in lengths]  # type: ignore[arg-type]
        axes.loglog(lengths, counted, color=color)
        axes.annotate(
            name,
            (lengths[-1], counted[-1]),
            color=color,
            va="center",
            xytext=(5, 0),
            textcoords="offset points",
        )
    axes.set(xlabel="length $L$", ylabel="dot products")
    axes.set_xlim(8, 6000)


def patterns() -> None:
    """Ten masks that are no single band."""
    at = np.arange(9)
    near = visible_keys(9, 9, window=(1, 1))
    first = at == 0
    layout = np.eye(3, dtype=bool) | np.eye(3, k=-1, dtype=bool)
    shown = (
        ("shifted window, 3", shifted_window(9, 3)),
        ("even shifted, 4", shifted_window(9, 4)),
        ("dilated by 2", dilated(at, at, 2) & visible_keys(9, 9, window=(4, 4))),
        ("shifted, 3, dilated by 2", shifted_window(9, 3, dilation=2)),
        (
            "image of 3 x 3: window (1, 1)",
            over_grid(*[visible_keys(3, 3, window=(1, 1))] * 2),
        ),
        ("prefix of 4", prefix(at, at, 4)),
        ("three documents", documents(at // 4, at // 4)),
        ("blocks of 3 x 3", blocks(layout, 3, 3, queries=9, keys=9)),
        ("window and a global token", near | global_tokens(first, first)),
        (
            "causal blocks of 3 x 3",
            blocks(layout, 3, 3, queries=9, keys=9) & np.tri(9, dtype=bool),
        ),
    )
    _, axes = plt.subplots(2, 5, figsize=(10.6, 4.8))
    for panel, (title, mask) in zip(axes.flat, shown, strict=True):
        grid(panel, mask, labels=False)
        panel.set_title(title, fontsize=9)
