"""Pictures of positions: clocks, turned pairs, slopes, buckets."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from drawing import ACCENT, GRAY, INK, SERIES, panels

from attnspec.reference.alibi import alibi, alibi_signed, alibi_slopes
from attnspec.reference.masks import relative_positions
from attnspec.reference.placed_attention import placed
from attnspec.reference.rope import rotary, rotary_pairs
from attnspec.reference.scores import dot_product
from attnspec.reference.sinusoidal import frequencies, sinusoidal
from attnspec.reference.softmax import softmax
from attnspec.reference.t5 import t5_buckets


def clocks() -> None:
    """The sinusoidal table, and what its rows say of each other."""
    table = sinusoidal(np.arange(64), 64)
    _, axes = plt.subplots(1, 2, figsize=(7.8, 3.2))
    axes[0].imshow(table, cmap="RdBu", vmin=-1, vmax=1, aspect="auto")
    axes[0].set(xlabel="entry", ylabel="position", title="$e(p)$")
    axes[1].imshow(table @ table.T, cmap="Blues", vmin=0, vmax=32, aspect="auto")
    axes[1].set(xlabel="position", ylabel="position", title="$e(p) \\cdot e(q)$")


def kinds() -> None:
    """The scores of equal vectors: plain, absolute and relative."""
    rng = np.random.default_rng(3)
    x = np.repeat(rng.normal(size=(1, 16)), 10, axis=0)
    spots = np.arange(10)
    marked = placed(x, sinusoidal(spots, 16))
    turned = rotary(x, spots, base=50.0)
    relative = relative_positions(spots, spots)
    cases = (
        ("plain", dot_product(x, x)),
        ("absolute: added", dot_product(marked, marked)),
        ("rotary", dot_product(turned, turned)),
        ("ALiBi", dot_product(x, x) + alibi(relative, np.ones(1))[0]),
    )
    _, axes = panels(4, width=1.95, height=2.3)
    for panel, (title, scores) in zip(axes[0], cases, strict=True):
        panel.imshow(scores, cmap="Blues", vmin=scores.min() - 1.0)
        panel.set(xticks=[], yticks=[])
        panel.set_title(title, fontsize=10)
    axes[0, 0].set(xlabel="key $j$", ylabel="query $i$")


def turns() -> None:
    """Pairs of a vector at one position after the other."""
    x = np.tile([1.0, 0.0], 3)[None]
    speeds = frequencies(6, base=1000.0)
    _, axes = panels(3, width=2.3, height=2.7)
    for pair, panel in enumerate(axes[0]):
        _dial(panel, f"pair {pair}: $\\theta$ = {speeds[pair]:.2g}")
        for spot in range(7):
            turned = rotary(x, np.array([spot]), base=1000.0)[0]
            tip = turned[2 * pair : 2 * pair + 2]
            color = plt.get_cmap("viridis")(spot / 7)
            panel.plot([0, tip[0]], [0, tip[1]], color=color, lw=1.5)
            panel.plot(*tip, "o", color=color, ms=4)
            apart = speeds[pair] * 6 > 0.2  # Else the numbers stand on each other.
            if pair == 0 or (apart and spot in {0, 6}):
                panel.text(*(1.18 * tip), str(spot), ha="center", va="center", size=8)
        if not apart:
            panel.text(0.7, 0.17, "0 to 6", ha="center", va="center", size=8)


def _dial(panel: Any, title: str) -> None:
    """Draw a circle to turn in."""
    panel.add_patch(plt.Circle((0, 0), 1, fill=False, color=GRAY, lw=0.8))
    panel.set(xlim=(-1.35, 1.35), ylim=(-1.35, 1.35), xticks=[], yticks=[])
    panel.set_aspect("equal")
    panel.spines[:].set_visible(False)
    panel.set_title(title, fontsize=10)


def pairings() -> None:
    """Which entries turn together, and which stay, for a width of 8 out of 10."""
    _, axes = panels(2, width=3.8, height=1.5)
    for panel, pairing in zip(axes[0], ("interleaved", "half_split"), strict=True):
        pairs = rotary_pairs(8, pairing=pairing)  # type: ignore[arg-type]
        for (first, second), color in zip(pairs.T, SERIES, strict=False):
            middle, wide = (first + second) / 2, (second - first) / 2
            bow = np.linspace(0, np.pi, 50)
            panel.plot(middle + wide * np.cos(bow), 0.55 * np.sin(bow), color=color)
            panel.plot([first, second], [0, 0], "s", color=color, ms=11)
        panel.plot([8, 9], [0, 0], "s", color=GRAY, ms=11, alpha=0.4)
        panel.set(ylim=(-0.3, 0.8), yticks=[], xticks=range(10))
        panel.spines[["left", "bottom"]].set_visible(False)
        panel.tick_params(length=0)
        panel.set_title(pairing, fontsize=10)


def decay() -> None:
    """The rotary score of two vectors of ones against their distance."""
    spots = np.arange(0, 513)
    one = np.ones((1, 64))
    _, axes = plt.subplots(figsize=(5.6, 2.7))
    for base, color in zip((100.0, 10_000.0, 500_000.0), SERIES, strict=False):
        keys = rotary(np.repeat(one, len(spots), axis=0), spots, base=base)
        axes.plot(
            spots,
            dot_product(one, keys)[0] / 64,
            color=color,
            label=f"base {base:,.0f}",
        )
    axes.axhline(0.0, color=GRAY, lw=0.6)
    axes.set(xlabel="distance $|i - j|$", ylabel="score / E")
    axes.legend(fontsize=8)


def slopes() -> None:
    """ALiBi: the weights of equal scores, and the slopes of 8 and of 12 heads."""
    relative = np.arange(-12, 13)[None]
    _, axes = plt.subplots(1, 3, figsize=(8.2, 2.5))
    for slope, color in zip((1 / 2, 1 / 8, 1 / 32), SERIES, strict=False):
        label = f"m = 1/{1 / slope:.0f}"
        both, signed = (f(relative, np.array([slope])) for f in (alibi, alibi_signed))
        axes[0].plot(relative[0], both[0, 0], color=color, label=label)
        axes[0].plot(relative[0], signed[0, 0], ":", color=color)
        axes[1].plot(relative[0], softmax(both)[0, 0], ".-", color=color, label=label)
    axes[0].set(title="bias", xlabel="$j - i$", ylim=(-6.5, 6.5))
    axes[1].set(title="weights of equal scores", xlabel="$j - i$")
    axes[1].legend(fontsize=8)
    for heads, color, marker in ((8, INK, "o"), (12, ACCENT, "x")):
        axes[2].plot(
            np.arange(heads), alibi_slopes(heads), marker, color=color, label=heads
        )
    axes[2].set_yscale("log", base=2)
    axes[2].set(title="slopes", xlabel="head $h$")
    axes[2].legend(fontsize=8, title="heads", title_fontsize=8)


def buckets() -> None:
    """The buckets of T5, in an encoder and in a decoder."""
    relative = np.arange(-160, 161)
    _, axes = plt.subplots(figsize=(5.8, 2.7))
    for label, both, color in (("encoder", True, INK), ("decoder", False, ACCENT)):
        chosen = t5_buckets(relative, bidirectional=both)
        axes.step(relative, chosen, where="mid", color=color, label=label)
    axes.set(xlabel="$j - i$", ylabel="bucket")
    axes.legend(fontsize=8)
