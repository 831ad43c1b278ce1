"""Pictures of self-attention step by step."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from drawing import ACCENT, GRAY, INK, SERIES, heat

from attnspec.reference.additive import additive
from attnspec.reference.bilinear import bilinear
from attnspec.reference.cosine import cosine
from attnspec.reference.scores import dot_product, tempered
from attnspec.reference.self_attention import (
    Projections,
    projected,
    self_attention,
    stacked,
)
from attnspec.reference.softmax import softmax

X = np.array([[2.0, 0.0], [0.0, 2.0], [1.0, 1.0], [0.0, 2.0]])
LAYER = Projections(
    np.array([[1.0, 0.0], [0.0, 1.0]]),
    np.array([[1.0, 0.0], [1.0, 1.0]]),
    np.array([[1.0, 0.0], [0.0, -1.0]]),
)


def columns() -> None:
    """The matrices of the column convention: one vector is one column."""
    query, key, value = (projected(X, weight).T for weight in LAYER)
    relevance = key.T @ query
    weights = softmax(relevance.T).T
    steps = (
        ("$Q = W_q I$", query, 0),
        ("$K = W_k I$", key, 0),
        ("$V = W_v I$", value, 0),
        ("$A = K^{T} Q$", relevance, 0),
        ("$A'$, softmax of columns", weights, 2),
        ("$O = V A'$", value @ weights, 2),
    )
    _, axes = plt.subplots(2, 3, figsize=(7.6, 4.6))
    for panel, (title, cells, digits) in zip(axes.flat, steps, strict=True):
        heat(panel, cells, title, digits=digits)
        panel.set(xticks=[], yticks=[])
        for column in (1, 3):
            panel.text(
                column, -0.62, "saw", ha="center", va="bottom", fontsize=7, color=ACCENT
            )
        panel.set_title(title, fontsize=10, pad=14)


def relevances() -> None:
    """One query against keys all around it, by four forms of relevance."""
    turns = np.linspace(0, 2 * np.pi, 361)
    query = np.array([[1.0, 0.0]])
    _, axes = plt.subplots(1, 2, figsize=(7.6, 2.7), sharex=True)
    weight = np.array([[1.0, 0.8], [0.0, 1.0]])
    one = np.eye(2)
    for panel, length in zip(axes, (1.0, 3.0), strict=True):
        key = length * np.stack([np.cos(turns), np.sin(turns)], axis=1)
        lines = (
            ("dot product", dot_product(query, key)),
            ("bilinear", bilinear(query, key, weight)),
            ("additive", additive(query, key, one, one, np.array([1.0, 0.5]))),
            ("cosine", cosine(query, key)),
        )
        styles = zip(lines, SERIES, strict=False)
        for (label, scores), color in styles:
            style = "--" if label == "cosine" else "-"
            panel.plot(np.degrees(turns), scores[0], style, color=color, label=label)
        panel.axhline(0.0, color=GRAY, lw=0.6)
        panel.set(title=f"keys of length {length:g}", xlabel="angle of the key")
        panel.set_xticks([0, 90, 180, 270, 360])
    axes[0].set_ylabel("score")
    axes[0].legend(fontsize=8)


def temperature() -> None:
    """The same scores from cold to hot."""
    scores = np.array([1.0, 2.0, 0.5, 3.0, 1.5])
    _, axes = plt.subplots(1, 4, figsize=(7.6, 2.1), sharey=True)
    for panel, degrees in zip(axes, (0.1, 0.5, 1.0, 10.0), strict=True):
        panel.bar(np.arange(5), softmax(tempered(scores, degrees)), color=INK)
        panel.axhline(0.2, color=GRAY, lw=0.8, ls=":")
        panel.set(
            title=f"T = {degrees:g}", ylim=(0, 1), xlabel="key $j$", xticks=range(5)
        )


def depth() -> None:
    """Equal vectors stay equal through any number of layers."""
    layer = Projections(np.eye(2), np.eye(2), np.eye(2))
    x = np.array([[2.0, 0.2], [0.0, 1.5], [-1.6, 0.4], [0.0, 1.5]])
    names, path = ("I", "saw", "the", "saw"), [x]
    for _ in range(4):
        path.append(stacked(path[-1], [layer]))
    band = np.tri(4, dtype=np.bool_)
    masked = [x]
    for _ in range(4):
        masked.append(self_attention(masked[-1], layer, mask=band))
    _, axes = plt.subplots(1, 2, figsize=(7.6, 2.8), sharex=True, sharey=True)
    for panel, (title, steps) in zip(
        axes, (("plain", path), ("causal", masked)), strict=True
    ):
        for word, color in zip(range(4), SERIES, strict=False):
            line = np.array([step[word] for step in steps])
            style = {"ls": "--", "lw": 3.0} if word == 3 else {"ls": "-", "lw": 1.2}
            label = f"{names[word]} ({word})"
            panel.plot(*line.T, marker="o", ms=3, color=color, label=label, **style)
        panel.set_title(title, fontsize=10)
    axes[0].legend(fontsize=8)
