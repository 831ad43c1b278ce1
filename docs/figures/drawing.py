"""What the figures of the book share: colors, and how a grid is drawn."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap

INK = "#2f4b7c"
ACCENT = "#d1495b"
PALE = "#e9edf3"
GRAY = "#8a94a6"
SERIES = (INK, ACCENT, "#edae49", "#00798c", "#7a5195")


def grid(axes: Any, cells: np.ndarray, *, labels: bool = True) -> None:
    """Draw a boolean matrix: dark is True; queries go down, keys to the right."""
    axes.imshow(cells, cmap=ListedColormap([PALE, INK]), vmin=0, vmax=1, aspect="equal")
    _cells(axes, cells.shape)
    if labels:
        axes.set_xlabel("key $j$")
        axes.set_ylabel("query $i$")


def heat(axes: Any, cells: np.ndarray, title: str, *, digits: int = 1) -> None:
    """Draw a matrix of numbers with the numbers in it."""
    finite = np.where(np.isfinite(cells), cells, np.nan)
    largest = np.nanmax(np.abs(finite), initial=1e-9)
    axes.imshow(np.abs(finite) / largest, cmap="Blues", vmin=0, vmax=1.6)
    _cells(axes, cells.shape)
    for (row, column), number in np.ndenumerate(cells):
        text = f"{number:.{digits}f}" if np.isfinite(number) else "·"
        axes.text(column, row, text, ha="center", va="center", fontsize=8)
    axes.set_title(title, fontsize=10)


def panels(count: int, *, width: float = 2.2, height: float = 2.4) -> tuple[Any, Any]:
    """Make a row of axes of equal size."""
    return plt.subplots(1, count, figsize=(width * count, height), squeeze=False)


def _cells(axes: Any, shape: tuple[int, ...]) -> None:
    """Mark the cells of a grid by thin white lines."""
    rows, columns = shape
    axes.set_xticks(np.arange(columns))
    axes.set_yticks(np.arange(rows))
    axes.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="both", length=0, labelsize=8)
    axes.spines[:].set_visible(False)
