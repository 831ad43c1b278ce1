"""Pictures of the sentence of the tutorial on its way through a layer."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from drawing import ACCENT, GRAY, INK, heat, panels
from matplotlib.patches import Rectangle

from attnspec.reference.alibi import alibi
from attnspec.reference.attention import attention, attention_weights
from attnspec.reference.masks import relative_positions
from attnspec.reference.merge_heads import merge_heads
from attnspec.reference.rope import rotary
from attnspec.reference.self_attention import projected
from attnspec.reference.split_heads import split_heads

WORDS = ("I", "saw", "a", "saw")
FEATURES = ("person", "deed", "thing", "article")
X = np.array([[1.0, 0, 0, 0], [0, 1.0, 1.0, 0], [0, 0, 0, 1.0], [0, 1.0, 1.0, 0]])
QUERY = np.array([[0.0, 0], [2.0, 0], [0, 2.0], [0, 0]])
KEY = np.array([[1.0, 0], [0, 0], [0, 0], [0, 1.0]])
VALUE = np.array([[0.0, 1.0, 0, 0], [0] * 4, [0] * 4, [0, 0, 1.0, 0]])
MIXING = np.array([[0.0] * 4, [0, 0.5, -0.5, 0], [0, -0.5, 0.5, 0], [0] * 4])
FIRST = np.array([[0.0, 0], [1.0, -1.0], [-1.0, 1.0], [0, 0]])
SECOND = np.array([[0.0, 0, -1.0, 0], [0, -1.0, 0, 0]])
SCALE = float(np.log(2.0))
PLACES = np.arange(4)
BIAS = alibi(relative_positions(PLACES, PLACES), np.array([SCALE]))


def maps() -> None:
    """Who looks at whom: plain, behind a mask, and with two kinds of positions."""
    query, key = (projected(X, weight)[None, None] for weight in (QUERY, KEY))
    turned = [rotary(array, PLACES) for array in (query, key)]
    found = (
        ("plain", attention_weights(query, key, scale=SCALE)),
        ("causal", attention_weights(query, key, scale=SCALE, causal=True)),
        ("rotary", attention_weights(*turned, scale=SCALE)),
        (
            "ALiBi, causal",
            attention_weights(query, key, scale=SCALE, bias=BIAS, causal=True),
        ),
    )
    _, axes = plt.subplots(2, 2, figsize=(4.8, 4.9))
    for panel, (title, weights) in zip(axes.flat, found, strict=True):
        _map(panel, weights[0, 0], title)


def heads() -> None:
    """Each of two heads asks one question."""
    query, key = (split_heads(projected(X, w)[None], 2) for w in (QUERY, KEY))
    weights = attention_weights(query, key, scale=SCALE, bias=BIAS, causal=True)[0]
    _, axes = panels(2, width=2.4, height=2.6)
    questions = (("asks for a person", 0), ("asks for an article", 2))
    for panel, head, (title, wanted) in zip(axes[0], weights, questions, strict=True):
        _map(panel, head, title)
        for row in (1, 3):
            if wanted <= row:
                _outline(panel, row, wanted)


def path() -> None:
    """The entries of both words after each step of the layer."""
    problem = (split_heads(projected(X, w)[None], 2) for w in (QUERY, KEY, VALUE))
    joined = merge_heads(attention(*problem, scale=SCALE, bias=BIAS, causal=True))[0]
    told = projected(joined, MIXING)
    y = _normed(X + told)
    bent = projected(np.maximum(projected(y, FIRST), 0.0), SECOND)
    steps = (
        ("the word", X),
        ("attention", told),
        ("added, normed", y),
        ("perceptron", bent),
        ("added, normed", _normed(y + bent)),
    )
    _, axes = plt.subplots(2, 3, figsize=(5.8, 4.6), sharey=True)
    for panel, (title, vectors) in zip(axes.flat, steps, strict=False):
        for word, shift, color in ((1, -0.2, INK), (3, 0.2, ACCENT)):
            name = "first saw" if word == 1 else "second saw"
            panel.bar(PLACES + shift, vectors[word], 0.38, color=color, label=name)
        panel.axhline(0.0, color=GRAY, lw=0.6)
        panel.set_title(title, fontsize=10)
        panel.set_xticks(PLACES, FEATURES, rotation=90, fontsize=8)
        panel.tick_params(axis="x", length=0, pad=1)
    axes[1, 2].set_axis_off()
    axes[1, 2].legend(*axes[0, 0].get_legend_handles_labels(), loc="center")


def _normed(x: np.ndarray) -> np.ndarray:
    """Bring each row to a mean of zero and a variance of one."""
    centered = x - x.mean(axis=-1, keepdims=True)
    return centered / np.sqrt((centered**2).mean(axis=-1, keepdims=True) + 1e-5)


def _map(panel: Any, weights: np.ndarray, title: str) -> None:
    """Draw weights beside their words, both *saw* in color; a dot is hidden."""
    heat(panel, np.where(weights == 0.0, np.nan, weights), title, digits=2)
    # All maps in one measure, so that their colors can be compared.
    panel.images[0].set_clim(0.0, 1.5 / weights.max())
    panel.set_xticks(PLACES, WORDS)
    panel.set_yticks(PLACES, WORDS)
    for labels in (panel.get_xticklabels(), panel.get_yticklabels()):
        for place in (1, 3):
            labels[place].set_color(ACCENT)


def _outline(panel: Any, row: int, column: int) -> None:
    """Mark one cell."""
    corner = (column - 0.46, row - 0.46)
    cell = Rectangle(corner, 0.92, 0.92, fill=False, ec=ACCENT, lw=2, zorder=5)
    panel.add_patch(cell)
