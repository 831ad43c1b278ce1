"""Which laws each normalizer keeps, found by running the laws.

Scores are multiples of a quarter, so that shifts are exact. With n keys no weight
here is off by more than gamma(6 n^2 + 12 n + 14), relative to the largest: this is
the bound of 1.5-entmax, the worst of all, whose threshold comes from a sum of
squares, a square root and a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from attnspec.reference.activations import (
    entmax15,
    relu_by_length,
    relu_by_visible,
    sigmoid,
    sparsemax,
)
from attnspec.reference.normalizers import softmax, softmax_with_sink

Array = np.ndarray[Any, Any]
Normalizer = Callable[[Array, Array], Array]
Law = Callable[[Normalizer, Array, Array], bool]

NORMALIZERS: dict[str, Normalizer] = {
    "softmax": softmax,
    "softmax, sink 0": lambda s, m: softmax_with_sink(s, m, np.zeros(s.shape[:-1])),
    "sparsemax": sparsemax,
    "entmax-1.5": entmax15,
    "sigmoid": sigmoid,
    "relu / visible": relu_by_visible,
    "relu / S": relu_by_length,
}


def limit(*weights: Array) -> float:
    """Bound the distance of two weights that should be equal."""
    keys = max(w.shape[-1] for w in weights)
    largest = max(1.0, *(float(np.max(w, initial=0.0)) for w in weights))
    count = (6.0 * keys**2 + 12.0 * keys + 14.0) * 2.0**-53
    return 2.0 * largest * count / (1.0 - count)


def _same(expected: Array, actual: Array) -> bool:
    return bool((np.abs(expected - actual) <= limit(expected, actual)).all())


def not_negative(normalizer: Normalizer, scores: Array, mask: Array) -> bool:
    """No weight is negative, and hidden keys have none."""
    weights = normalizer(scores, mask)
    return bool((weights >= 0.0).all() and not weights[~mask].any())


def sums_to_one(normalizer: Normalizer, scores: Array, mask: Array) -> bool:
    """The weights of a row sum to one."""
    weights = normalizer(scores, mask)
    slack = scores.shape[-1] * limit(weights)
    return bool((np.abs(weights.sum(axis=-1) - 1.0) <= slack).all())


def convex(normalizer: Normalizer, scores: Array, mask: Array) -> bool:
    """An output lies between the least and the greatest visible value."""
    value = 8.0 + np.arange(scores.shape[-1])
    weights = normalizer(scores, mask)
    slack = limit(weights) * value.sum()
    low = np.min(np.where(mask, value, np.inf), axis=-1)
    high = np.max(np.where(mask, value, -np.inf), axis=-1)
    output = weights @ value
    return bool(((low - slack <= output) & (output <= high + slack)).all())


def shift(normalizer: Normalizer, scores: Array, mask: Array) -> bool:
    """A common shift of the scores changes no weight."""
    return np.array_equal(normalizer(scores, mask), normalizer(scores + 2.0, mask))


def order(normalizer: Normalizer, scores: Array, mask: Array) -> bool:
    """Keys in another order have their weights in that order."""
    turned = normalizer(scores[:, ::-1], mask[:, ::-1])[:, ::-1]
    return _same(normalizer(scores, mask), turned)


def zeros(normalizer: Normalizer, scores: Array, mask: Array) -> bool:
    """A visible key far below the others, and below 0, has no weight at all."""
    low = np.minimum(scores.min(axis=-1, keepdims=True), 0.0) - 4.0
    wider = np.hstack([mask, np.ones_like(low, dtype=np.bool_)])
    return not normalizer(np.hstack([scores, low]), wider)[:, -1].any()


def alone(normalizer: Normalizer, scores: Array, mask: Array) -> bool:
    """The weight of a key depends on its own score and on no other."""
    changed = scores.copy()
    changed[:, 0] += 3.0
    before, after = normalizer(scores, mask), normalizer(changed, mask)
    return np.array_equal(before[:, 1:], after[:, 1:])


def padding(normalizer: Normalizer, scores: Array, mask: Array) -> bool:
    """Hidden keys at the end change nothing."""
    nothing = np.zeros_like(mask[:, :1])
    wider = np.hstack([scores, nothing * 1.0]), np.hstack([mask, nothing])
    return _same(normalizer(scores, mask), normalizer(*wider)[:, :-1])


def merge(normalizer: Normalizer, scores: Array, mask: Array) -> bool:
    """A part has the weights of the whole, up to one factor for the part."""
    half = (scores.shape[-1] + 1) // 2
    whole = normalizer(scores, mask)[:, :half]
    part = normalizer(scores[:, :half], mask[:, :half])
    left, right = whole[:, :, None] * part[:, None], part[:, :, None] * whole[:, None]
    size = whole.max(initial=0.0) + part.max(initial=0.0)
    return bool((np.abs(left - right) <= 2.0 * limit(whole, part) * (1 + size)).all())


LAWS: dict[str, Law] = {
    "not negative": not_negative,
    "sums to 1": sums_to_one,
    "convex": convex,
    "shift": shift,
    "order": order,
    "zeros": zeros,
    "alone": alone,
    "padding": padding,
    "merge": merge,
}


def examples(count: int = 200) -> Iterator[tuple[Array, Array]]:
    """Give rows of quarters, each with a visible key."""
    rng = np.random.default_rng(20261122)
    for _ in range(count):
        shape = rng.integers(1, 5), rng.integers(1, 10)
        mask = rng.random(shape) < 0.7
        mask[:, 0] = True
        yield rng.integers(-12, 13, size=shape) / 4.0, mask


def table() -> dict[str, dict[str, bool]]:
    """Say of each normalizer which laws hold on every example."""
    drawn = list(examples())
    return {
        name: {
            said: all(law(normalizer, *example) for example in drawn)
            for said, law in LAWS.items()
        }
        for name, normalizer in NORMALIZERS.items()
    }


def main() -> None:
    """Print the table."""
    print(f"{'':15}", *LAWS, sep="  ")
    for name, kept in table().items():
        marks = ("yes" if holds else "-" for holds in kept.values())
        cells = (mark.ljust(len(law)) for mark, law in zip(marks, LAWS, strict=True))
        print(f"{name:15}", *cells, sep="  ")


if __name__ == "__main__":
    main()
