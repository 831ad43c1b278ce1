"""Pictures of the normalizers beside the softmax."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from drawing import GRAY, INK, SERIES, panels

from attnspec.reference.entmax15 import entmax15
from attnspec.reference.relu import relu_by_length
from attnspec.reference.sigmoid import sigmoid
from attnspec.reference.softmax import softmax
from attnspec.reference.sparsemax import sparsemax

SCORES = np.array([0.2, 1.0, -0.6, 1.6, 0.9])


def shares() -> None:
    """The same scores by five normalizers."""
    rows = (
        ("scores", SCORES),
        ("softmax", softmax(SCORES)),
        ("entmax-1.5", entmax15(SCORES)),
        ("sparsemax", sparsemax(SCORES)),
        ("sigmoid", sigmoid(SCORES, offset=-np.log(5.0))),
        ("ReLU / S", relu_by_length(SCORES)),
    )
    _, axes = panels(6, width=1.6, height=2.2)
    for panel, (title, heights) in zip(axes[0], rows, strict=True):
        panel.bar(np.arange(5), heights, color=GRAY if title == "scores" else INK)
        panel.axhline(0.0, color=GRAY, lw=0.6)
        if title != "scores":
            panel.set_ylim(0, 0.85)
            panel.set_title(f"{title}\nsum {heights.sum():.2f}", fontsize=9)
        else:
            panel.set_title("scores\n", fontsize=9)
        panel.set_xticks(range(5))
        panel.set_xlabel("key $j$")


def two_keys() -> None:
    """The weight of one of two keys against the difference of their scores."""
    gaps = np.linspace(-4, 4, 801)
    scores = np.stack([gaps, np.zeros_like(gaps)], axis=1)
    lines = (
        ("softmax", softmax(scores)),
        ("entmax-1.5", entmax15(scores)),
        ("sparsemax", sparsemax(scores)),
        ("sigmoid", sigmoid(scores)),
        ("ReLU / S", relu_by_length(scores)),
    )
    _, axes = plt.subplots(figsize=(5.6, 2.9))
    for (label, weights), color in zip(lines, SERIES, strict=True):
        style = "--" if label == "sigmoid" else "-"
        axes.plot(gaps, weights[:, 0], style, color=color, label=label)
    axes.set(xlabel="score of key 0; key 1 has score 0", ylabel="weight of key 0")
    axes.set_ylim(-0.05, 1.3)
    axes.legend(fontsize=8)
