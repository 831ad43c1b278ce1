"""A picture of the three kinds of problems."""

from __future__ import annotations

from typing import Any

from drawing import ACCENT, INK, PALE, panels


def kinds() -> None:
    """Who reads whom: N to N, N to 1 and N to M."""
    _, axes = panels(3, width=2.9, height=2.3)
    drawn = (
        ("N to N: a label a vector", 4, range(4), None),
        ("N to 1: one label", 4, [1.5], None),
        ("N to M: until the stop token", 4, [0, 1, 2], 3),
    )
    for panel, (title, members, readers, stop) in zip(axes[0], drawn, strict=True):
        _read(panel, members, [float(place) for place in readers])
        if stop is not None:
            panel.plot(stop, 1, "s", color=PALE, ms=14, mec=ACCENT)
            panel.annotate("stop", (stop, 1), ha="center", va="center", fontsize=7)
        panel.set_title(title, fontsize=10)


def _read(panel: Any, members: int, readers: list[float]) -> None:
    """Draw every reader, and a line to all that it reads."""
    for reader in readers:
        for member in range(members):
            panel.plot([member, reader], [0, 1], color=INK, alpha=0.25, lw=1)
    panel.plot(range(members), [0] * members, "o", color=INK, ms=11)
    panel.plot(readers, [1] * len(readers), "s", color=ACCENT, ms=11)
    panel.set(xlim=(-0.6, members - 0.4), ylim=(-0.35, 1.35))
    panel.set_axis_off()
