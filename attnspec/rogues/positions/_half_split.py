"""The control that every kind with turned pairs has."""

from __future__ import annotations

from attnspec.conformance.implementation import Kernel
from attnspec.rogues._gallery import Control, controls_of


def half_split(kind: str, function: Kernel) -> Control:
    """Return a function that pairs entries of the two halves, and says so."""
    return controls_of(kind)(
        "half-split",
        "It turns one entry of each half with the other.",
        function,
        dialect={"pairing": "half_split"},
    )


__all__ = ["half_split"]
