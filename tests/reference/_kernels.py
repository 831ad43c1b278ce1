"""Sequences and kernels of whole numbers, and the rules at their borders."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from attnspec.reference.convolution import Border
from tests.reference._problems import Array, sizes

BORDERS: tuple[Border, ...] = ("zero", "clip", "shifted")

borders = st.sampled_from(BORDERS)


def whole(rng: np.random.Generator, *shape: int) -> Array:
    return rng.integers(-9, 10, shape).astype(np.float64)


@st.composite
def kernels(draw: st.DrawFn) -> tuple[int, int, int]:
    """Length, taps and how many of them lie before the own step."""
    size = draw(sizes(1, 5))
    return draw(sizes(size, size + 6)), size, draw(sizes(0, size - 1))
