"""Judge four wrong kernels twice: by a benchmark's rule, and by attnspec.

The shapes, the data and the tolerance are those of KernelBench, level 1, problem 97
(scaled dot-product attention) in 16 bits; of its 1,024 heads we take four.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import attnspec

Array = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
HEADS, LENGTH, WIDTH = 4, 512, 1024
TOLERANCE = 1e-2


def right(query: Array, key: Array, value: Array) -> Array:
    """Attention, as it should be."""
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1], dtype=np.float32)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights @ value / weights.sum(axis=-1, keepdims=True)


def mean_of_values(query: Array, _key: Array, value: Array, /) -> Array:
    """Read neither the query nor the key."""
    shape = (*query.shape[:-1], value.shape[-1])
    return np.broadcast_to(value.mean(axis=-2, keepdims=True), shape).copy()


def first_row(query: Array, key: Array, value: Array) -> Array:
    """Give every query the answer of the first."""
    answer = right(query[..., :1, :], key, value)
    return np.broadcast_to(answer, (*query.shape[:-1], value.shape[-1])).copy()


def scale_twice(query: Array, key: Array, value: Array) -> Array:
    """Multiply by the scale before the dot product and once more after it."""
    return right(query / np.sqrt(query.shape[-1], dtype=np.float32), key, value)


def last_key_lost(query: Array, key: Array, value: Array) -> Array:
    """Stop one key early, if there is more than one."""
    count = max(1, key.shape[-2] - 1)
    return right(query, key[..., :count, :], value[..., :count, :])


Kernel = Callable[[Array, Array, Array], Array]
KERNELS: tuple[Kernel, ...] = (
    right,
    mean_of_values,
    first_row,
    scale_twice,
    last_key_lost,
)


def by_tolerance() -> None:
    """Compare as the benchmark does."""
    rng = np.random.default_rng(97)
    shape = (1, HEADS, LENGTH, WIDTH)
    query, key, value = (rng.random(shape, dtype=np.float32) for _ in range(3))
    expected = right(query, key, value)
    print(f"uniform data, {HEADS} heads, {LENGTH} x {WIDTH}, tolerance {TOLERANCE}")
    for kernel in KERNELS:
        actual = kernel(query, key, value)
        close = np.allclose(expected, actual, rtol=TOLERANCE, atol=TOLERANCE)
        error = np.abs(expected - actual).max()
        verdict = "pass" if close else "FAIL"
        print(f"  {kernel.__name__:15} {verdict}   largest error {error:.4f}")


def by_law() -> None:
    """Let attnspec judge the same functions."""
    print("attnspec, smoke tier, float32: the laws that are broken")
    for kernel in KERNELS:
        report = attnspec.check_implementation(kernel, tier="smoke")
        broken = ", ".join(outcome.invariant for outcome in report.failures)
        print(f"  {kernel.__name__:15} {broken or 'conforms'}")


if __name__ == "__main__":
    by_tolerance()
    by_law()
