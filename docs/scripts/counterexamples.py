"""Loose statements about attention, and the smallest case against each of them.

Hypothesis looks for a case in which a statement is false and makes it small.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import Phase, find, settings
from hypothesis import strategies as st

from attnspec import reference as r

Array = np.ndarray[Any, np.dtype[np.float64]]

SETTINGS = settings(
    max_examples=2000,
    derandomize=True,
    database=None,
    phases=(Phase.generate, Phase.shrink),
)
NUMBERS = st.integers(-2, 2)
ONE = np.ones((1, 1))


def rows(width: int = 1, least: int = 1, most: int = 4) -> st.SearchStrategy[Array]:
    """Vectors of small whole numbers, one a row."""
    row = st.lists(NUMBERS, min_size=width, max_size=width)
    return st.lists(row, min_size=least, max_size=most).map(
        lambda drawn: np.array(drawn, np.float64)
    )


def same(one: Array, two: Array) -> bool:
    """Return whether two results are equal but for rounding."""
    return bool(np.abs(one - two).max() < 1e-9)


def said(array: Array) -> str:
    """Write numbers as a list, three digits each."""
    return str((array.round(3) + 0.0).tolist())


def layer(vectors: Array) -> Array:
    """Let every vector attend to all of them; the values are the vectors."""
    ones = np.ones((vectors.shape[1], 1))
    plain = r.Projections(ones, ones, np.eye(vectors.shape[1]))
    return r.self_attention(vectors, plain, scale=1.0)


def equal_words(vectors: Array) -> str:
    """Return what became of a first and a last word that are equal."""
    first, *others, last = vectors
    outputs = layer(vectors)
    apart = others and not any(same(first, other) for other in others)
    if not (apart and same(first, last) and same(outputs[0], outputs[-1])):
        return ""
    return f"the outputs are {said(outputs)}"


def labels_shift(vectors: Array) -> str:
    """Return what moving every label by one place does to the outputs."""
    places = np.arange(len(vectors))
    here, there = (
        layer(r.placed(vectors, r.sinusoidal(places + shift, 2))) for shift in (0, 1)
    )
    return (
        "" if same(here, there) else f"from place 0 {said(here)}, from 1 {said(there)}"
    )


def filled_late(scores: Array) -> str:
    """Return the weights when the last key is hidden before and after the softmax."""
    scores = scores.T
    mask = np.arange(scores.shape[1]) < max(1, scores.shape[1] - 1)
    before = r.softmax(scores, mask)
    after = r.zeroed_after(r.softmax(scores), mask)
    return "" if same(before, after) else f"before {said(before)}, after {said(after)}"


def band(vectors: Array) -> Array:
    """Attend to oneself and one vector on either side."""
    plain = r.Projections(ONE, ONE, ONE)
    i = np.arange(len(vectors))
    near = np.abs(i[:, None] - i) <= 1
    return r.self_attention(vectors, plain, scale=1.0, mask=near)


def band_not_linear(vectors: Array) -> str:
    """Return two outputs of which one is not twice the other, as its input is."""
    once, twice = band(vectors), band(2 * vectors)
    return "" if same(twice, 2 * once) else f"once {said(once)}, doubled {said(twice)}"


def order_unseen(values: Array) -> str:
    """Return the one state in which a linear recurrence ends after two orders."""
    if same(values, values[::-1]):
        return ""
    ones = np.ones_like(values)
    _, here = r.linear_attention(ones, ones, values)
    _, there = r.linear_attention(ones, ones, values[::-1])
    return f"forward and backward it ends in {said(here)}" if same(here, there) else ""


STATEMENTS: tuple[tuple[str, Callable[[Array], str], st.SearchStrategy[Array]], ...] = (
    ("self-attention tells two equal words apart", equal_words, rows(least=3)),
    ("a vector added to the input is a relative encoding", labels_shift, rows(2)),
    ("the rest is filled with 0, no matter when", filled_late, rows(least=2)),
    ("a band of attention is a convolution", band_not_linear, rows()),
    ("a recurrence always sees the order", order_unseen, rows(least=2)),
)

if __name__ == "__main__":
    for statement, against, drawn in STATEMENTS:
        case = find(drawn, lambda given: bool(against(given)), settings=SETTINGS)  # noqa: B023 - it is called here
        print(f"said   {statement}")
        print(f"case   {said(case)}")
        print(f"but    {against(case)}\n")
