"""Calls that tell apart what a kernel may round: each shows some roundings alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.claims import Capabilities
from attnspec.kinds.attention.case import AttentionCase
from attnspec.numerics.dtypes import numpy_dtype

_SEEDS = 3
_LENGTHS = (1, 2, 16, 17, 64, 256, 1024)
_WIDTH = 16
_SCALES = (0.125, 0.1, 0.125 * (1 + 0.98 * 2.0**-8), 0.125 * (1 + 0.98 * 2.0**-11))
"""A power of two, and numbers that 16-bit formats round nearly as far as they may."""


def precision_calls(dtype: str, capabilities: Capabilities) -> Iterator[AttentionCase]:
    """Yield calls within what is claimed, each with its logsumexp if that is claimed.

    One key hands its value over: only values and output can be rounded. Values that
    cancel leave an output far below them. Values of one leave what the weights sum to.
    Equal scores make weights that no format rounds, and long sums of them. Large scores
    show what scores and scale are rounded to, a scale of a power of two no rounding of
    the scale, products that cancel the operands, and operands of few digits those that
    are not rounded. Scores on a grid show the exponential, and tiny numbers the range.
    """
    for seed in range(_SEEDS):
        random = np.random.default_rng(seed)
        for case in _calls(random, dtype, "scale" in capabilities):
            yield case.with_lse() if "return_lse" in capabilities else case


def _calls(
    random: np.random.Generator,
    dtype: str,
    scaled: bool,  # noqa: FBT001 - a fact
) -> Iterator[AttentionCase]:
    """Yield one call of each sort."""
    for keys in _LENGTHS:
        query, key = random.standard_normal((4, _WIDTH)), np.zeros((keys, _WIDTH))
        value = random.standard_normal((keys, _WIDTH)) + 3.0
        for each in (value, _cancelling(value), value * 2.0**-12, value * 2.0**-20):
            yield _call(dtype, query, key, each)
    for keys in _LENGTHS[1:]:
        for spread in (0.3, 1.0, 4.0):
            query = random.standard_normal((4, _WIDTH)) * spread
            key = random.standard_normal((keys, _WIDTH))
            value = random.standard_normal((keys, _WIDTH))
            for each in (value, np.ones_like(value), _cancelling(value + 3.0)):
                yield _call(dtype, query, key, each)
    for scale in _SCALES if scaled else (None,):
        query = random.standard_normal((4, _WIDTH)) * 4.0
        key = random.standard_normal((16, _WIDTH)) * 2.0
        value = random.standard_normal((16, _WIDTH))
        yield _call(dtype, query, key, value, scale)
        yield _call(dtype, query[:, :2], key[:, :2], value, scale)
        yield _call(dtype, _short(query), key, value, scale)
        yield _call(dtype, query, _short(key), value, scale)
        yield _call(dtype, _short(query), _short(key), value, scale)
    for bits in (7, 8, 10, 11):
        yield from _hard(random, dtype, 1 + 0.98 * 2.0**-bits)
    yield from _cancelled_products(random, dtype)
    yield from _grid(random, dtype)


def _short(operand: Array) -> Array:
    """Return an operand whose numbers have so few digits that any format holds them."""
    return np.clip(np.round(operand * 2.0) / 2.0, -7.5, 7.5)


def _cancelling(value: Array) -> Array:
    """Return values of which every second one is nearly the negative of the first."""
    value = value.copy()
    value[1::2] = -value[: len(value) - 1 : 2] * (1 + 2.0**-9)
    return value


def _hard(
    random: np.random.Generator, dtype: str, number: float
) -> Iterator[AttentionCase]:
    """Yield calls with numbers that some format moves nearly as far as it may."""
    signs = np.where(random.standard_normal((16, 1)) < 0, -1.0, 1.0)
    query, key = np.full((4, 1), 4.0 * number), 2.0 * number * signs
    value = random.standard_normal((16, _WIDTH))
    yield _call(dtype, query, key, value)
    yield _call(dtype, query, np.zeros((2, 1)), np.full((2, _WIDTH), number))


def _cancelled_products(
    random: np.random.Generator, dtype: str
) -> Iterator[AttentionCase]:
    """Yield calls whose products are large and whose scores are not."""
    query = random.standard_normal((4, _WIDTH)) * 4.0
    key = random.standard_normal((16, _WIDTH)) * 4.0
    query[:, 1::2] = query[:, ::2]
    key[:, 1::2] = -key[:, ::2] + random.standard_normal((16, _WIDTH // 2)) * 0.01
    yield _call(dtype, query, key, random.standard_normal((16, _WIDTH)))


def _grid(random: np.random.Generator, dtype: str) -> Iterator[AttentionCase]:
    """Yield calls with one key for each step of an exponent, and values of one key."""
    steps = np.sort(random.uniform(0.0, 12.0, 16))
    key = np.zeros((16, _WIDTH))
    key[:, 0] = -steps
    query = np.zeros((4, _WIDTH))
    query[:, 0] = np.sqrt(_WIDTH)
    yield _call(dtype, query, key, np.eye(16, _WIDTH))


def _call(
    dtype: str, query: Array, key: Array, value: Array, scale: float | None = None
) -> AttentionCase:
    """Return a call of one head."""
    form = numpy_dtype(dtype)
    operands = (a.astype(form)[None, None] for a in (query, key, value))
    return AttentionCase.of(*operands, scale=scale)


__all__ = ["precision_calls"]
