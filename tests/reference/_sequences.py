"""Sequences of several lengths, and the forms in which a call may have them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from hypothesis import strategies as st

from attnspec.reference import attention_with_logsumexp
from tests.reference._bounds import Bounds, bounds
from tests.reference._problems import Array, Problem, generators, sizes

PLAIN = ("scale", "causal", "window", "softcap", "sink", "alignment")
"""The options that have no entry for each query and key."""


@dataclasses.dataclass(frozen=True)
class Sequences:
    """Problems of one sequence each, alike in all but their lengths."""

    problems: list[Problem]

    @property
    def options(self) -> dict[str, Any]:
        return self.problems[0].options

    @property
    def lengths(self) -> tuple[Array, Array]:
        """How many queries each has, and how many keys."""
        grids = [problem.grid for problem in self.problems]
        return np.array([n[2] for n in grids]), np.array([n[3] for n in grids])

    @property
    def sums(self) -> tuple[Array, Array]:
        """The cumulative sums of both."""
        queries, keys = (np.append(0, np.cumsum(n)) for n in self.lengths)
        return queries, keys

    @property
    def packed(self) -> tuple[Array, Array, Array]:
        """All of them, one behind the other: (T, H, E)."""
        arrays = zip(*(problem.arrays for problem in self.problems), strict=True)
        query, key, value = (np.concatenate([a[0] for a in x], axis=1) for x in arrays)
        return query.swapaxes(0, 1), key.swapaxes(0, 1), value.swapaxes(0, 1)

    def padded(self, fill: float) -> tuple[Array, Array, Array]:
        """Each in an element of a batch, the rest of which holds a number."""
        longest = [int(max(lengths)) for lengths in self.lengths]
        query, key, value = (
            np.concatenate([_longer(p.arrays[n], longest[n > 0], fill) for p in each])
            for n, each in enumerate([self.problems] * 3)
        )
        return query, key, value

    @property
    def alone(self) -> list[tuple[Array, Array, Bounds]]:
        """What each of them gives by itself, and how far off that may be."""
        return [
            (*attention_with_logsumexp(*p.arrays, **p.options), bounds(p))
            for p in self.problems
        ]


def _longer(array: Array, length: int, fill: float) -> Array:
    rest = length - array.shape[2]
    return np.pad(array, [(0, 0), (0, 0), (0, rest), (0, 0)], constant_values=fill)


@st.composite
def sequences(draw: st.DrawFn, low: int = 0) -> Sequences:
    """One to four sequences, of which some may be without queries, keys, or both."""
    key_heads, group = draw(sizes(1, 2)), draw(sizes(1, 3))
    heads, width, value_width = key_heads * group, draw(sizes(1, 5)), draw(sizes(1, 4))
    rng = draw(generators())
    lengths = draw(
        st.lists(st.tuples(sizes(low, 7), sizes(low, 7)), min_size=1, max_size=4)
    )
    options: dict[str, Any] = {}
    choices: dict[str, list[Any]] = {
        "scale": [-0.5, 0.3, 2.0],
        "causal": [True],
        "window": [(0, 0), (1, None), (None, 2), (5, 0)],
        "softcap": [0.5, 50.0],
        "sink": [rng.normal(size=heads), np.full(heads, 9.0)],
        "alignment": ["upper_left", "lower_right"],
    }
    for name, values in choices.items():
        if draw(st.booleans()):
            options[name] = draw(st.sampled_from(values))
    return Sequences(
        [
            Problem(
                rng.normal(size=(1, heads, queries, width)),
                rng.normal(size=(1, key_heads, keys, width)),
                rng.normal(size=(1, key_heads, keys, value_width)),
                options,
            )
            for queries, keys in lengths
        ]
    )


def same(expected: Array, actual: Array, bound: Array) -> bool:
    """Whether two evaluations of one number may differ so: each is off by its bound."""
    empty = np.isneginf(expected)
    if not np.array_equal(empty, np.isneginf(actual)):
        return False
    error = np.abs(expected[~empty] - actual[~empty])
    return bool((error <= 2.0 * bound[~empty]).all())


__all__ = ["Sequences", "same", "sequences"]
