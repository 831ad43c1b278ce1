"""Pictures of masks, drawn from the definition itself."""

from __future__ import annotations

import numpy as np
from drawing import grid, panels

from attnspec.reference.masks import visible_keys


def alignments() -> None:
    """Causal masks in both alignments, for L less than, equal to and above S."""
    shapes = ((3, 6), (5, 5), (6, 3))
    figure, axes = panels(6, width=1.75, height=2.5)
    for index, (queries, keys) in enumerate(shapes):
        for offset, alignment in enumerate(("lower_right", "upper_left")):
            panel = axes[0, index + 3 * offset]
            seen = visible_keys(queries, keys, causal=True, alignment=alignment)
            grid(panel, seen, labels=index == 0 and offset == 0)
            panel.set_title(f"{alignment}\nL = {queries}, S = {keys}", fontsize=9)
    figure.align_titles()


def windows() -> None:
    """Windows of several sizes on a square, in the spec's unit."""
    chosen = ((0, 0), (1, 1), (2, 0), (None, 0), (1, None))
    _, axes = panels(len(chosen), width=2.0)
    for index, window in enumerate(chosen):
        grid(axes[0, index], visible_keys(6, 6, window=window), labels=index == 0)
        axes[0, index].set_title(f"window = {window}", fontsize=9)


def windows_unequal() -> None:
    """One window when L and S differ, in both alignments."""
    _, axes = panels(4, width=2.4)
    for index, (queries, keys) in enumerate(((3, 7), (7, 3))):
        for offset, alignment in enumerate(("lower_right", "upper_left")):
            panel = axes[0, index * 2 + offset]
            seen = visible_keys(queries, keys, window=(1, 1), alignment=alignment)
            grid(panel, seen, labels=index + offset == 0)
            panel.set_title(f"{alignment}\nwindow = (1, 1)", fontsize=9)


def composition() -> None:
    """Mask, causality and window intersect."""
    mask = np.ones(6, dtype=np.bool_)
    mask[2] = False
    options = (
        ("mask: key 2 hidden", {"mask": mask}),
        ("causal", {"causal": True}),
        ("window = (2, 2)", {"window": (2, 2)}),
        ("all three", {"mask": mask, "causal": True, "window": (2, 2)}),
    )
    _, axes = panels(4, height=2.8)
    for index, (title, chosen) in enumerate(options):
        seen = np.broadcast_to(visible_keys(6, 6, **chosen), (6, 6))  # type: ignore[arg-type]
        grid(axes[0, index], seen, labels=index == 0)
        axes[0, index].set_title(title, fontsize=9)
