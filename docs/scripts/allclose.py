"""Judge four wrong kernels by a benchmark's rule, by the bound and by laws.

The shapes, the data and the tolerance are those of KernelBench, level 1, problem 97
(scaled dot-product attention) in 16 bits; of its 1,024 heads we take four.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import attnspec
from attnspec import numerics
from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import SPEC
from attnspec.numerics.dtypes import numpy_dtype

Array = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
HEADS, LENGTH, WIDTH = 4, 512, 1024
TOLERANCE = 1e-2
FORMATS = ("bfloat16", "float16")


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


def uniform() -> tuple[Array, Array, Array]:
    """Draw what the benchmark draws; every number is one in both 16-bit formats."""
    rng = np.random.default_rng(97)
    shape = (3, 1, HEADS, LENGTH, WIDTH)
    query, key, value = rng.integers(0, 256, shape).astype(np.float32) / 256
    return query, key, value


def by_tolerance() -> None:
    """Compare as the benchmark does."""
    query, key, value = uniform()
    expected = right(query, key, value)
    print(f"uniform data, {HEADS} heads, {LENGTH} x {WIDTH}, tolerance {TOLERANCE}")
    for kernel in KERNELS:
        actual = kernel(query, key, value)
        close = np.allclose(expected, actual, rtol=TOLERANCE, atol=TOLERANCE)
        error = np.abs(expected - actual).max()
        verdict = "pass" if close else "FAIL"
        print(f"  {kernel.__name__:15} {verdict}   largest error {error:.4f}")


def by_bound() -> None:
    """Compare the same results with what a right 16-bit kernel may be off by."""
    print("\nthe same data: largest error / bound, in bfloat16 and in float16")
    operands = uniform()
    for kernel in KERNELS:
        shares = [_share(kernel(*operands), operands, dtype) for dtype in FORMATS]
        print(f"  {kernel.__name__:15} {shares[0]:5.2f} {shares[1]:8.2f}")


def _share(output: Array, operands: tuple[Array, ...], dtype: str) -> float:
    """Return the largest error as a share of the bound, rounded to a format."""
    narrow = numpy_dtype(dtype)
    case = AttentionCase.of(*(operand.astype(narrow) for operand in operands))
    exact = evaluate(case, SPEC, numerics.default_model(dtype))
    rounded = output.astype(narrow)
    return numerics.within(exact.output, rounded, exact.bound).ratio


def by_law() -> None:
    """Let attnspec judge the same functions."""
    print("\nattnspec, smoke tier, float32: the laws that are broken")
    for kernel in KERNELS:
        report = attnspec.check_implementation(kernel, tier="smoke")
        broken = [outcome.invariant for outcome in report.failures] or ["conforms"]
        print(f"  {kernel.__name__:15} {broken[0]}")
        for name in broken[1:]:
            print(f"  {'':15} {name}")


if __name__ == "__main__":
    by_tolerance()
    by_bound()
    by_law()
