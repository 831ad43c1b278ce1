"""A picture of the merge law."""

from __future__ import annotations

import numpy as np
from drawing import SERIES, panels

from attnspec.reference.softmax import logsumexp, softmax

PARTS = (slice(0, 3), slice(3, 5), slice(5, 9))


def merge() -> None:
    """Three softmaxes over three parts, their shares, and the whole."""
    scores = np.array([1.0, 2.0, 0.4, 3.0, 1.6, 0.3, 1.8, 2.2, 0.7])
    shares = softmax(np.array([logsumexp(scores[part]) for part in PARTS]))
    _, axes = panels(3, width=2.9, height=2.4)
    for color, part, share in zip(SERIES, PARTS, shares, strict=False):
        at = np.arange(9)[part]
        axes[0, 0].bar(at, softmax(scores[part]), color=color)
        axes[0, 1].bar([at.mean()], [share], width=0.9 * len(at), color=color)
        axes[0, 2].bar(at, share * softmax(scores[part]), color=color)
    axes[0, 2].plot(np.arange(9), softmax(scores), "k_", ms=14)
    titles = ("each part alone", "share of each part", "product, and the whole (-)")
    for panel, title in zip(axes[0], titles, strict=True):
        panel.set_title(title, fontsize=10)
        panel.set(xticks=np.arange(9), ylim=(0, 1), xlabel="key $j$")
