"""A picture of how flat the weights are on uniform data."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from drawing import SERIES

from attnspec.reference.attention import attention_weights

LENGTH, WIDTH = 512, 1024


def weights() -> None:
    """Sorted weights of one row on three kinds of data."""
    rng = np.random.default_rng(97)
    keys = rng.normal(size=(LENGTH, WIDTH))
    needle = 0.25 * keys[7] + rng.normal(size=WIDTH)
    draws = {
        "uniform": (rng.random((1, WIDTH)), rng.random((LENGTH, WIDTH))),
        "normal": (rng.normal(size=(1, WIDTH)), keys),
        "a needle": (needle[None], keys),
    }
    _, axes = plt.subplots(figsize=(5.4, 2.9))
    for color, (name, (query, key)) in zip(SERIES, draws.items(), strict=False):
        row = attention_weights(query[None, None], key[None, None])[0, 0, 0]
        axes.plot(np.arange(1, LENGTH + 1), np.sort(row)[::-1], color=color, label=name)
    axes.axhline(1 / LENGTH, color="black", lw=0.8, ls=":", label="all equal: 1/512")
    axes.set(xscale="log", yscale="log", xlabel="rank of the key", ylabel="weight")
    axes.set_ylim(1e-5, 1.5)
    axes.legend(fontsize=8)
