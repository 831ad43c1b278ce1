"""Attention problems for the laws of the definition, drawn from small domains."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from attnspec.reference.masks import relative_positions

Array = npt.NDArray[Any]

OPTIONS = ("mask", "bias", "scale", "causal", "window", "softcap", "sink", "alignment")


@dataclasses.dataclass(frozen=True)
class Problem:
    """The arrays of a problem and its options by keyword."""

    query: Array
    key: Array
    value: Array
    options: dict[str, Any]

    @property
    def arrays(self) -> tuple[Array, Array, Array]:
        return self.query, self.key, self.value

    @property
    def grid(self) -> tuple[int, int, int, int]:
        batch, heads, length, _ = self.query.shape
        return batch, heads, length, self.key.shape[2]


def generators() -> st.SearchStrategy[np.random.Generator]:
    """Sources of bulk data, each made from a small seed."""
    return st.integers(0, 999).map(np.random.default_rng)


def sizes(low: int = 0, high: int = 9) -> st.SearchStrategy[int]:
    return st.integers(low, high)


@st.composite
def score_rows(draw: st.DrawFn, *, empty: bool = True) -> tuple[Array, Array]:
    """Scores and a mask of their shape; `empty` allows rows without visible keys."""
    shape = draw(sizes(1, 4)), draw(sizes(0 if empty else 1, 9))
    rng = draw(generators())
    spread = draw(st.sampled_from([0.0, 1.0, 30.0, 900.0]))
    mask = rng.random(shape) < draw(st.sampled_from([0.0, 0.5, 1.0]))
    if not empty:
        mask[:, 0] = True
    return spread * rng.normal(size=shape), mask


@st.composite
def quarters(draw: st.DrawFn) -> tuple[Array, Array]:
    """Scores that are multiples of a quarter, in rows with a visible key."""
    rng, shape = draw(generators()), draw(st.tuples(sizes(1, 4), sizes(1, 9)))
    mask = rng.random(shape) < draw(st.sampled_from([0.3, 0.7, 1.0]))
    mask[:, 0] = True
    return rng.integers(-12, 13, size=shape) / 4.0, mask


@st.composite
def problems(
    draw: st.DrawFn, *options: str, grouped: bool = True, low: int = 0
) -> Problem:
    """Problems that may use the named options; `low` is the least L and S."""
    batch, key_heads = draw(sizes(1, 2)), draw(sizes(1, 2))
    heads = key_heads * (draw(sizes(1, 3)) if grouped else 1)
    length, keys = draw(sizes(low)), draw(sizes(low))
    width, value_width = draw(sizes(0, 5)), draw(sizes(1, 4))
    rng = draw(generators())
    spread = draw(st.sampled_from([0.0, 1.0, 1.0, 5.0]))
    grid = batch, heads, length, keys
    used = [name for name in options if draw(st.booleans())]
    return Problem(
        query=spread * rng.normal(size=(batch, heads, length, width)),
        key=rng.normal(size=(batch, key_heads, keys, width)),
        value=rng.normal(size=(batch, key_heads, keys, value_width)),
        options={name: draw(_option(name, grid, rng)) for name in used},
    )


def _option(
    name: str, grid: tuple[int, int, int, int], rng: np.random.Generator
) -> st.SearchStrategy[Any]:
    """Values for one option of a problem with scores of this shape."""
    distances = st.none() | sizes(0, 6)
    return {
        "mask": _shapes(grid).map(lambda shape: np.asarray(rng.random(shape) < 0.6)),
        "bias": _shapes(grid).map(
            lambda shape: np.where(
                rng.random(shape) < 0.2, -np.inf, rng.normal(size=shape)
            )
        ),
        "scale": st.sampled_from([-0.5, 0.0, 0.3, 2.0]),
        "causal": st.just(value=True),
        "window": st.tuples(distances, distances),
        "softcap": st.sampled_from([0.5, 3.0, 50.0]),
        "sink": st.sampled_from([-np.inf, -1.0, 0.0, 4.0]).map(
            lambda shift: shift + rng.normal(size=grid[1])
        ),
        "alignment": st.sampled_from(["upper_left", "lower_right"]),
    }[name]


def _shapes(grid: tuple[int, int, int, int]) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes that broadcast to the grid, of any rank."""
    sides = st.tuples(*(st.sampled_from([1, n]) for n in grid))
    return st.builds(lambda shape, rank: shape[4 - rank :], sides, sizes(0, 4))


__all__ = [
    "OPTIONS",
    "Array",
    "Problem",
    "generators",
    "problems",
    "score_rows",
    "sizes",
]


def whole(rng: np.random.Generator, *shape: int) -> Array:
    """Small integers, whose products and sums are exact."""
    return rng.integers(-4, 5, size=shape).astype(np.float64)


def tiny(rng: np.random.Generator, *shape: int) -> Array:
    """Whole numbers so small that products of several matrices are exact."""
    return rng.integers(-2, 3, size=shape).astype(np.float64)


def distances(queries: int, keys: int, start: int = 0) -> Array:
    """Key minus query, the last of both at the same place."""
    places = np.arange(queries) + keys - queries + start
    return relative_positions(places, np.arange(keys) + start)
