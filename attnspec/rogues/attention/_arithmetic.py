"""Unlike ways to multiply, add and exponentiate, all of them legitimate."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from attnspec._typing import Array

Product = Callable[[Array, Array], Array]

_CUBIC = (0.0771190896, 0.2275643945, 0.6951461434, 1.0)
"""2**x on [0, 1), right to 9e-5: the coefficients of FlashAttention-4."""


def channel_by_channel(query: Array, key: Array) -> Array:
    """Add up products channel by channel."""
    total = np.zeros((*query.shape[:3], key.shape[2]), query.dtype)
    for channel in range(query.shape[3]):
        total = total + query[..., channel, None] * key[..., None, :, channel]
    return total


def fused(query: Array, key: Array) -> Array:
    """Add up products channel by channel, each rounded once with its sum."""
    total = np.zeros((*query.shape[:3], key.shape[2]), query.dtype)
    for channel in range(query.shape[3]):
        exact = query[..., channel, None].astype(np.float64)
        step = exact * key[..., None, :, channel].astype(np.float64)
        total = (total.astype(np.float64) + step).astype(query.dtype)
    return total


def in_groups(group: int) -> Product:
    """Return a product whose partial sums over so many terms are truncated once."""

    def product(left: Array, right: Array) -> Array:
        total = np.zeros((*left.shape[:3], right.shape[3]), left.dtype)
        for first in range(0, left.shape[3], group):
            terms = slice(first, first + group)
            part = left[..., terms].astype(np.float64) @ right[..., terms, :].astype(
                np.float64
            )
            wide = total.astype(np.float64) + part
            near = wide.astype(left.dtype)
            beyond = np.abs(near.astype(np.float64)) > np.abs(wide)
            total = np.where(beyond, np.nextafter(near, near.dtype.type(0)), near)
        return total

    return product


def compensated(left: Array, right: Array) -> Array:
    """Multiply with Kahan's sums."""
    total = np.zeros((*left.shape[:3], right.shape[3]), left.dtype)
    lost = np.zeros_like(total)
    for term in range(left.shape[3]):
        step = left[..., term, None] * right[..., None, term, :] - lost
        new = total + step
        lost = (new - total) - step
        total = new
    return total


def term_by_term(left: Array, right: Array) -> Array:
    """Multiply with sums that grow by one term at a time."""
    total = np.zeros((*left.shape[:3], right.shape[3]), left.dtype)
    for term in range(left.shape[3]):
        total = total + left[..., term, None] * right[..., None, term, :]
    return total


def exp2(x: Array) -> Array:
    """Exponentiate as a power of two."""
    return np.asarray(np.exp2(x * x.dtype.type(math.log2(math.e))))


def cody_waite(x: Array) -> Array:
    """Exponentiate by a polynomial of degree 6 and a power of two, in float32."""
    real = np.float32
    whole = np.rint(np.maximum(x, real(-200)) * real(math.log2(math.e)))
    rest = np.maximum(x, real(-200)) - whole * real(0.693359375)
    rest = (rest + whole * real(2.12194440e-4)).astype(real)
    total = np.full_like(rest, 1 / 720)
    for coefficient in (1 / 120, 1 / 24, 1 / 6, 0.5, 1.0, 1.0):
        total = total * rest + real(coefficient)
    return np.ldexp(total, whole.astype(np.int32))


def cubic(x: Array) -> Array:
    """Exponentiate as a power of two, by a cubic that is right to 9e-5."""
    power = np.maximum(x * np.float32(math.log2(math.e)), np.float32(-127))
    whole = np.floor(power)
    total = np.full_like(power, _CUBIC[0])
    for coefficient in _CUBIC[1:]:
        total = total * (power - whole) + np.float32(coefficient)
    value = np.ldexp(total, whole.astype(np.int32))
    return np.where(np.isneginf(x), 0, value).astype(x.dtype)


def by_logistic(x: Array) -> Array:
    """Return tanh as 2 s(2x) - 1, with s the logistic function."""
    one = x.dtype.type(1)
    return np.asarray(2 * (one / (one + np.exp(-2 * x))) - one)


def by_exponentials(x: Array) -> Array:
    """Return tanh as (e^x - e^-x) / (e^x + e^-x), as public Triton kernels do."""
    near = np.clip(x, -40, 40)
    up, down = np.exp(near), np.exp(-near)
    return np.asarray((up - down) / (up + down))


def by_one_exponential(x: Array) -> Array:
    """Return tanh as 1 - 2 / (1 + e^2x)."""
    one = x.dtype.type(1)
    return np.asarray(one - 2 / (one + np.exp(2 * x)))


__all__ = [
    "Product",
    "by_exponentials",
    "by_logistic",
    "by_one_exponential",
    "channel_by_channel",
    "cody_waite",
    "compensated",
    "cubic",
    "exp2",
    "fused",
    "in_groups",
    "term_by_term",
]
