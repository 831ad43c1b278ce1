"""Pictures of scores."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from drawing import GRAY, SERIES

from attnspec.reference.scores import default_scale, dot_product, softcapped
from attnspec.reference.softmax import softmax


def scale() -> None:
    """Why the scale: the largest weight of random rows, with and without it."""
    rng = np.random.default_rng(0)
    widths = 2 ** np.arange(0, 11)
    _, axes = plt.subplots(figsize=(5.2, 2.8))
    for label, power in (("scale = 1", 0), ("scale = 1/√E", 1)):
        largest = []
        for width in widths:
            query, key = rng.normal(size=(2, 256, width))
            scores = default_scale(width) ** power * dot_product(query, key)
            largest.append(softmax(scores).max(axis=-1).mean())
        axes.plot(widths, largest, "o-", ms=3, color=SERIES[1 - power], label=label)
    axes.set(xlabel="width E", ylabel="largest weight of a row", ylim=(0, 1))
    axes.set_xscale("log", base=2)
    axes.legend()


def softcap() -> None:
    """The softcap is the identity near zero and never leaves its interval."""
    scores = np.linspace(-12, 12, 481)
    _, axes = plt.subplots(figsize=(5.2, 2.8))
    axes.plot(scores, scores, color=GRAY, lw=0.8, ls=":", label="no cap")
    for color, cap in zip(SERIES, (1.0, 4.0, 10.0), strict=False):
        axes.plot(scores, softcapped(scores, cap), color=color, label=f"cap = {cap:g}")
    axes.set(xlabel="score", ylabel="capped score", ylim=(-12, 12))
    axes.legend()
