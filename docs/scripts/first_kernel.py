"""The kernel of the tutorial: right on small numbers, wrong on large ones."""

from __future__ import annotations

import numpy as np

import attnspec

Array = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def kernel(query: Array, key: Array, value: Array) -> Array:
    """Compute attention as the formula says it."""
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1], dtype=np.float32)
    weights = np.exp(scores)
    return weights @ value / weights.sum(axis=-1, keepdims=True)


def mended(query: Array, key: Array, value: Array) -> Array:
    """Subtract the largest score first."""
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1], dtype=np.float32)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights @ value / weights.sum(axis=-1, keepdims=True)


def main() -> None:
    """Judge both kernels."""
    # By hand
    query = np.array([[[[0.0], [1.0], [2.0]]]], dtype=np.float32)
    key = np.array([[[[0.0], [np.log(3.0)]]]], dtype=np.float32)
    value = np.array([[[[0.0, 4.0], [8.0, 4.0]]]], dtype=np.float32)
    print(kernel(query, key, value)[0, 0].round(4))

    # By law
    for function in (kernel, mended):
        report = attnspec.check_implementation(function, tier="smoke")
        print(f"{function.__name__}: {'conforms' if report.conforms else 'fails'}")
        for outcome in report.failures:
            if outcome.finding and (entry := outcome.finding.comparison):
                seen = f"expected {entry.expected:g}, got {entry.actual:g}"
                print(f"  {outcome.invariant:16} {seen}")
    # Done


if __name__ == "__main__":
    main()
