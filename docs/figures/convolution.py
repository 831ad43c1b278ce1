"""Pictures of convolution: head by head, at its borders, and against attention."""

from __future__ import annotations

import csv
import pathlib

import drawing
import matplotlib.pyplot as plt
import numpy as np
from drawing import ACCENT, GRAY, INK, SERIES, grid, heat, panels

from attnspec.reference.convolution import convolve, tap_weights
from attnspec.reference.distance_attention import (
    renormalized_convolution,
    sharpened_taps,
)


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
    """Errors of trained models against the number of sequences, for two tasks."""
    titles = {"beside": "what lies beside", "named": "what is named"}
    _, axes = plt.subplots(1, 2, figsize=(8.6, 3.4), sharey=True)
    errors = _errors()
    for panel, (task, title) in zip(axes, titles.items(), strict=True):
        models = sorted({model for its, model in errors if its == task}, reverse=True)
        for color, model in zip((ACCENT, SERIES[2], INK), models, strict=True):
            counts, seeds = zip(*errors[task, model].items(), strict=True)
            least, middle, most = np.quantile(seeds, (0, 0.5, 1), axis=1)
            panel.fill_between(counts, least, most, color=color, alpha=0.2, lw=0)
            panel.loglog(counts, middle, "o-", color=color, ms=3, label=model)
        panel.axhline(1, color="black", lw=0.8, ls=":", label="always answering 0")
        panel.set_xscale("log", base=2)
        panel.set_title(title, fontsize=10)
        panel.set(xlabel="training sequences", xticks=counts, xticklabels=counts)
        panel.tick_params(axis="x", labelsize=7)
    axes[0].set_ylabel("relative mean square error")
    axes[0].legend(fontsize=8)


def _errors() -> dict[tuple[str, str], dict[int, list[float]]]:
    """Read the errors of every task and model: those of all seeds, by count."""
    folder = pathlib.Path(drawing.__file__).parent.parent / "scripts"
    errors: dict[tuple[str, str], dict[int, list[float]]] = {}
    with (folder / "data_experiment.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_count = errors.setdefault((row["task"], row["model"]), {})
            by_count.setdefault(int(row["count"]), []).append(float(row["error"]))
    return errors
