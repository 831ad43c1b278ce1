"""Pictures of the core: three matrices, and where the output lies."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from drawing import ACCENT, GRAY, INK, heat
from scipy.spatial import ConvexHull

from attnspec.reference.attention import attention, attention_weights
from attnspec.reference.scores import scaled_dot_product


def three_steps() -> None:
    """Scores, weights and outputs of three queries over five keys, causal."""
    rng = np.random.default_rng(4)
    query, key = rng.normal(size=(3, 4)).round(1), rng.normal(size=(5, 4)).round(1)
    value = rng.normal(size=(5, 2)).round(1)
    one = tuple(x[None, None] for x in (query, key, value))
    weights = attention_weights(*one[:2], causal=True)[0, 0]
    scores = np.where(weights > 0, scaled_dot_product(query, key), np.nan)
    _, axes = plt.subplots(
        1, 4, figsize=(8.4, 2.5), width_ratios=[5, 5, 2, 2], squeeze=False
    )
    heat(axes[0, 0], scores, "scores $s_{ij}$", digits=2)
    heat(axes[0, 1], weights, "weights $w_{ij}$", digits=2)
    heat(axes[0, 2], value, "values $v_j$")
    heat(axes[0, 3], attention(*one, causal=True)[0, 0], "outputs $o_i$", digits=2)
    for panel in axes[0, :2]:
        panel.set(xlabel="key $j$", ylabel="query $i$")


def hull() -> None:
    """The output of one query as the scale grows: from the mean to a copy."""
    value = np.array([[0.0, 0.0], [4.0, 0.3], [5.0, 3.0], [2.3, 4.2], [0.2, 2.6]])
    query = np.array([[1.0, 0.0]])
    key = np.array([[0.1, 0], [0.2, 0], [1.0, 0], [0.9, 0], [0.3, 0]])
    arrays = [x[None, None] for x in (query, key, value)]
    scales = np.concatenate([[0.0], np.geomspace(0.3, 60, 200)])
    path = np.array([attention(*arrays, scale=s)[0, 0, 0] for s in scales])
    _, axes = plt.subplots(figsize=(4.6, 3.4))
    axes.fill(*value[ConvexHull(value).vertices].T, color=INK, alpha=0.08, lw=0)
    axes.plot(*value.T, "o", color=INK)
    for index, point in enumerate(value):
        axes.annotate(f"$v_{index}$", point, textcoords="offset points", xytext=(6, 4))
    axes.plot(*path.T, color=ACCENT)
    marks = {0.0: ("scale 0: the mean", -10), 3.0: ("3", 7), 15.0: ("15", 7)}
    for scale, (text, height) in marks.items():
        point = attention(*arrays, scale=scale)[0, 0, 0]
        axes.plot(*point, "o", color=ACCENT, ms=4)
        axes.annotate(text, point, textcoords="offset points", xytext=(0, height))
    axes.plot(*path[-1], "o", color=ACCENT, ms=9, mfc="none")
    axes.annotate("60: a copy", path[-1], textcoords="offset points", xytext=(-38, -16))
    axes.set_aspect("equal")
    axes.tick_params(length=0, labelcolor=GRAY, labelsize=8)
