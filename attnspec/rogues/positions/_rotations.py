"""Rotary encodings that see other positions, turn otherwise, or round elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np

from attnspec._typing import Array
from attnspec.numerics import NumericModel
from attnspec.numerics.dtypes import working_dtype
from attnspec.numerics.operations import WITH_TABLES

_BASE = 10_000.0


def _angles(positions: Array, width: int, base: float, work: np.dtype[Any]) -> Array:
    exponents = (np.arange(0, width, 2) / max(1, width)).astype(work)
    frequencies = work.type(base) ** -exponents
    return np.asarray(positions.astype(work)[..., None] * frequencies)


def _turned(
    x: Array, angles: Array, width: int, *, halves: bool = False, sign: float = 1.0
) -> Array:
    """Turn pairs by angles, in the format of the angles."""
    y = x.astype(angles.dtype)
    n = width // 2
    one = np.s_[..., :n] if halves else np.s_[..., 0:width:2]
    two = np.s_[..., n:width] if halves else np.s_[..., 1:width:2]
    a, b = y[one].copy(), y[two].copy()
    cosine, sine = np.cos(angles), angles.dtype.type(sign) * np.sin(angles)
    y[one], y[two] = a * cosine - b * sine, b * cosine + a * sine
    return y.astype(x.dtype)


def turning_by(
    change: Callable[[Array], Array] = lambda positions: positions,
    *,
    spread: Callable[[Array, int], Array] = lambda angles, _width: angles,
    **how: Any,
) -> Callable[..., Array]:
    """Return a rotary encoding that sees other positions, or turns otherwise."""

    def rope(
        x: Array,
        positions: Array,
        *,
        base: float = _BASE,
        width: int | None = None,
    ) -> Array:
        turning = x.shape[-1] if width is None else width
        # Those of each sequence are the same for all of its heads.
        rows = positions[:, None] if positions.ndim == 2 else positions
        angles = _angles(change(rows), turning, base, working_dtype(x.dtype))
        return _turned(x, spread(angles, turning), turning, **how)

    return rope


def base_ignored(
    x: Array,
    positions: Array,
    *,
    base: float = _BASE,  # noqa: ARG001 - this is the mistake
    width: int | None = None,
) -> Array:
    return np.asarray(turning_by()(x, positions, width=width))


def width_of_all(**how: Any) -> Callable[..., Array]:
    """Return what takes the frequencies of the whole width for a part of it."""

    def rope(
        x: Array, positions: Array, *, base: float = _BASE, width: int | None = None
    ) -> Array:
        turning = x.shape[-1] if width is None else width
        angles = _angles(positions, x.shape[-1], base, working_dtype(x.dtype))[
            :, : turning // 2
        ]
        return _turned(x, angles, turning, **how)

    return rope


def rest_dropped(
    x: Array, positions: Array, *, base: float = _BASE, width: int | None = None
) -> Array:
    turned = np.array(turning_by()(x, positions, base=base, width=width))
    if width is not None:
        turned[..., width:] = 0
    return turned


def longer(x: Array, positions: Array, *, base: float = _BASE) -> Array:
    """Scale every turned vector, as a temperature does that belongs elsewhere."""
    return (turning_by()(x, positions, base=base).astype(np.float64) * 1.1).astype(
        x.dtype
    )


def neighbors_to_halves(x: Array, positions: Array, *, base: float = _BASE) -> Array:
    """Read pairs of neighbors and write halves, as DeepSeek does."""
    order = np.r_[0 : x.shape[-1] : 2, 1 : x.shape[-1] : 2]
    return np.asarray(turning_by(halves=True)(x[..., order], positions, base=base))


def proportional(
    x: Array, positions: Array, *, base: float = _BASE, width: int | None = None
) -> Array:
    """Turn the first of all pairs, as Gemma 4 does: the others have the speed 0."""
    whole = x.shape[-1]
    angles = _angles(positions, whole, base, working_dtype(x.dtype))
    angles[:, (whole if width is None else width) // 2 :] = 0
    return _turned(x, angles, whole, halves=True)


def one_by_one(
    inner: Callable[[Array], Array] = lambda angles: angles,
) -> Callable[..., Array]:
    """Return what makes a table, and multiplies and adds in the format of the vectors.

    It rounds the table, each product and the sum, as Llama does in Transformers.
    """

    def rope(x: Array, positions: Array) -> Array:
        n = x.shape[-1] // 2
        angles = inner(_angles(positions, 2 * n, _BASE, working_dtype(x.dtype)))
        cosine, sine = (f(angles).astype(x.dtype) for f in (np.cos, np.sin))
        a, b = x[..., :n], x[..., n:]
        parts = [a * cosine - b * sine, b * cosine + a * sine]
        return np.concatenate(parts, axis=-1).astype(x.dtype)

    return rope


def tables(x: Array, positions: Array) -> Array:
    """Keep cosines and sines in the format of the vectors, and compute in float32."""
    work = working_dtype(x.dtype)
    angles = _angles(positions, x.shape[-1], _BASE, work)
    cosine, sine = (f(angles).astype(x.dtype).astype(work) for f in (np.cos, np.sin))
    y = x.astype(work)
    a, b = y[..., 0::2].copy(), y[..., 1::2].copy()
    y[..., 0::2], y[..., 1::2] = a * cosine - b * sine, b * cosine + a * sine
    return y.astype(x.dtype)


def in_bfloat16(angles: Array) -> Array:
    return angles.astype(ml_dtypes.bfloat16).astype(angles.dtype)


def half_models(name: str) -> dict[str, NumericModel]:
    return {d: WITH_TABLES[f"{name}-{d}"] for d in ("float16", "bfloat16")}


def complex_numbers(
    x: Array, positions: Array, *, base: float = _BASE, width: int | None = None
) -> Array:
    """Multiply complex numbers, as the first implementations did."""
    turning = x.shape[-1] if width is None else width
    work = working_dtype(x.dtype)
    pairs = x[..., :turning].astype(work).reshape(*x.shape[:-1], -1, 2)
    numbers = pairs[..., 0] + 1j * pairs[..., 1]
    turned = numbers * np.exp(1j * _angles(positions, turning, base, work))
    y = x.astype(work)
    y[..., 0:turning:2], y[..., 1:turning:2] = turned.real, turned.imag
    return y.astype(x.dtype)


__all__ = [
    "base_ignored",
    "complex_numbers",
    "half_models",
    "in_bfloat16",
    "longer",
    "neighbors_to_halves",
    "one_by_one",
    "proportional",
    "rest_dropped",
    "tables",
    "turning_by",
    "width_of_all",
]
