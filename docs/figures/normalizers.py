"""Pictures of the softmax and of its sink."""

from __future__ import annotations

import numpy as np
from drawing import ACCENT, GRAY, INK, panels

from attnspec.reference.softmax import softmax, softmax_with_sink

SCORES = np.array([1.0, 2.0, 0.5, 3.0, 1.5])


def shares() -> None:
    """Scores, their weights, the weights with a hidden key and those with a sink."""
    hidden = np.array([True, True, True, False, True])
    sunk = softmax_with_sink(SCORES, None, np.array(3.0))
    rows = (
        ("scores", SCORES, None),
        ("softmax", softmax(SCORES), None),
        ("key 3 hidden", softmax(SCORES, hidden), None),
        ("a sink of 3", sunk, 1.0 - sunk.sum()),
    )
    _, axes = panels(4, height=2.3)
    for panel, (title, heights, rest) in zip(axes[0], rows, strict=True):
        panel.bar(np.arange(5), heights, color=GRAY if title == "scores" else INK)
        if rest is not None:
            panel.bar([5], [rest], color=ACCENT)
            panel.set_xticks([*range(6)], [*"01234", "sink"])
        if title != "scores":
            panel.set_ylim(0, 0.8)
        panel.set_title(title, fontsize=10)
        panel.set_xlabel("key $j$")


def shift() -> None:
    """A common shift of all scores changes no weight; a common factor does."""
    _, axes = panels(3, width=2.6, height=2.3)
    changed = (("$s$", SCORES), ("$s + 100$", SCORES + 100), ("$3\\,s$", 3 * SCORES))
    for panel, (title, scores) in zip(axes[0], changed, strict=True):
        panel.bar(np.arange(5), softmax(scores), color=INK)
        panel.axhline(0.2, color=GRAY, lw=0.8, ls=":")
        panel.set(title=title, ylim=(0, 1), xlabel="key $j$")
