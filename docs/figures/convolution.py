"""Pictures of convolution: head by head, at its borders, and against attention."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from drawing import ACCENT, GRAY, INK, SERIES, grid, heat, panels

from attnspec.reference.convolution import convolve, tap_weights
from attnspec.reference.distances import renormalized_convolution, sharpened_taps


def heads() -> None:
    """A kernel of three taps as three heads, and their sum."""
    kernel = (1.0, 2.0, -1.0)
    weights = tap_weights(6, 3, 1)
    _, axes = panels(4, width=2.4)
    for index, (tap, head) in enumerate(zip(kernel, weights, strict=True)):
        grid(axes[0, index], head > 0, labels=index == 0)
        axes[0, index].set_title(f"head {index}, value times {tap:g}", fontsize=9)
    together = np.einsum("t,tij->ij", np.array(kernel), weights)
    heat(axes[0, 3], np.where(together != 0, together, np.nan), "their sum", digits=0)
    axes[0, 3].set_xlabel("key $j$")


def sharpening() -> None:
    """The head of one tap as its scores sharpen."""
    _, axes = panels(4, width=2.4)
    for index, sharpness in enumerate((0.5, 2.0, 8.0, 1600.0)):
        head = sharpened_taps(6, 3, 1, sharpness=sharpness)[2]
        axes[0, index].imshow(head, cmap="Blues", vmin=0, vmax=1)
        axes[0, index].set_title(f"sharpness {sharpness:g}", fontsize=10)
        axes[0, index].set(xlabel="key $j$", xticks=range(6), yticks=range(6))
        axes[0, index].tick_params(length=0, labelsize=8)
    axes[0, 0].set_ylabel("query $i$")


def borders() -> None:
    """An average of five neighbors under each border rule."""
    x = np.array([6.0, 5.5, 5.0, 3.0, 3.5, 2.0, 2.5, 1.0, 2.0, 4.0, 5.0, 7.0])[:, None]
    kernel = np.full((5, 1, 1), 0.2)
    rules = {
        "zero": convolve(x, kernel, left=2),
        "clip": convolve(x, kernel, left=2, border="clip"),
        "renormalized": renormalized_convolution(kernel[:, 0, 0], x, left=2),
        "shifted": convolve(x, kernel, left=2, border="shifted"),
    }
    _, axes = plt.subplots(figsize=(6.2, 3.2))
    axes.plot(x, "o", color=GRAY, ms=4, label="input")
    for color, (rule, line) in zip(SERIES, rules.items(), strict=False):
        axes.plot(line, color=color, label=rule)
    axes.axvspan(1.5, 9.5, color=GRAY, alpha=0.12, lw=0)
    axes.set(xlabel="step", ylim=(0, 7.5))
    axes.legend(ncols=3, fontsize=8, loc="upper center")


def data() -> None:
    """Error of convolution and attention by distance against the number of examples."""
    counts = np.array([4, 6, 8, 12, 16, 24, 32, 48, 64, 128, 256])
    _, axes = plt.subplots(1, 2, figsize=(8.6, 3.2), sharey=True)
    for panel, (title, wide) in zip(
        axes, (("a local task", False), ("a global task", True)), strict=True
    ):
        for name, reach, color in (("3 taps", 1, ACCENT), ("all distances", 15, INK)):
            errors = [_error(int(n), reach, wide=wide) for n in counts]
            panel.loglog(counts, errors, "o-", color=color, ms=3, label=name)
        panel.set_title(title, fontsize=10)
        panel.set(xlabel="examples")
    axes[0].set_ylabel("mean square error")
    axes[0].legend(fontsize=8)


def _error(count: int, reach: int, *, wide: bool) -> float:
    """Fit one weight a distance by least squares; test on fresh sequences."""
    rng = np.random.default_rng(7)
    length, noise = 16, 0.5
    true = rng.normal(size=2 * length - 1) if wide else np.zeros(2 * length - 1)
    true[length - 2 : length + 1] = (1.0, 2.0, -1.0)
    distance = np.arange(length) - length // 2
    near = np.abs(distance) <= reach
    errors = []
    for _ in range(40):
        x, fresh = rng.normal(size=(count, length)), rng.normal(size=(400, length))
        weights = true[distance + length - 1]
        y = x @ weights + noise * rng.normal(size=count)
        fit = np.zeros(length)
        fit[near] = np.linalg.lstsq(x[:, near], y, rcond=None)[0]
        errors.append(np.mean((fresh @ (fit - weights)) ** 2))
    return float(np.mean(errors))
