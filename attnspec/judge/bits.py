"""Bulk data from a hash: the same on every machine and every NumPy version.

Each element is a function of the seed, a label and its own coordinates alone.
So a smaller case holds the same numbers as a larger one, which keeps a failure
alive while it shrinks, and no stream is consumed.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

_AXIS_BITS = np.uint64(16)


def bits(seed: int, label: str, shape: tuple[int, ...]) -> npt.NDArray[np.uint64]:
    """Return 64 uniform random bits for each element (splitmix64's finalizer).

    References
    ----------
    Steele, Lea, Flood: Fast splittable pseudorandom number generators. OOPSLA 2014,
    :doi:`10.1145/2714064.2660195`.
    """
    digest = hashlib.blake2b(f"{seed}/{label}".encode(), digest_size=8).digest()
    word = np.full((), int.from_bytes(digest, "little"), np.uint64)
    for axis, length in enumerate(shape):
        index = np.arange(length, dtype=np.uint64)
        index = index.reshape((-1,) + (1,) * (len(shape) - axis - 1))
        word = (word << _AXIS_BITS | word >> np.uint64(48)) ^ index
        word = _mixed(word)
    return np.broadcast_to(word, shape)


def _mixed(word: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return splitmix64's output function of each word."""
    with np.errstate(over="ignore"):
        word = word + np.uint64(0x9E3779B97F4A7C15)
        word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(word ^ (word >> np.uint64(31)))


def uniforms(seed: int, label: str, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Return numbers in [0, 1), multiples of 2**-53."""
    return (bits(seed, label, shape) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normals(seed: int, label: str, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Return bell-shaped numbers of mean 0, standard deviation 1.01, within +-3.5.

    The sum of four uniform 16-bit integers (Irwin-Hall), with low bits from a
    second hash: exact arithmetic, where a true normal would depend on the
    platform's logarithm.
    """
    word = bits(seed, label, shape)
    parts = [word >> np.uint64(s) & np.uint64(0xFFFF) for s in (0, 16, 32, 48)]
    total = parts[0] + parts[1] + parts[2] + parts[3]
    coarse = (total.astype(np.float64) - 2.0 * 65535.0) * 2.0**-16
    fine = (_mixed(word) >> np.uint64(11)) * 2.0**-69
    return (coarse + fine) * 1.75


def integers(
    seed: int, label: str, shape: tuple[int, ...], low: int, high: int
) -> npt.NDArray[np.int64]:
    """Return integers from low to high, both included."""
    span = np.uint64(high - low + 1)
    word = bits(seed, label, shape) >> np.uint64(33)
    return (word % span).astype(np.int64) + low


__all__ = ["bits", "integers", "normals", "uniforms"]
