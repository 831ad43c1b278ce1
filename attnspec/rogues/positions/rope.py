"""Rotary encodings that turn by wrong angles, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues._working_format import working
from attnspec.rogues.positions._half_split import half_split

_BASE = 10_000.0


def _angles(positions: Array, width: int, base: float, work: np.dtype[Any]) -> Array:
    exponents = (np.arange(0, width, 2) / max(1, width)).astype(work)
    frequencies = work.type(base) ** -exponents
    return np.asarray(positions.astype(work)[:, None] * frequencies)


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


def _rope(
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
        angles = _angles(change(positions), turning, base, working(x))
        return _turned(x, spread(angles, turning), turning, **how)

    return rope


def _base_ignored(
    x: Array,
    positions: Array,
    *,
    base: float = _BASE,  # noqa: ARG001 - this is the mistake
    width: int | None = None,
) -> Array:
    return np.asarray(_rope()(x, positions, width=width))


def _width_of_all(
    x: Array, positions: Array, *, base: float = _BASE, width: int | None = None
) -> Array:
    """Take the frequencies of the whole width for a part of it."""
    turning = x.shape[-1] if width is None else width
    angles = _angles(positions, x.shape[-1], base, working(x))[:, : turning // 2]
    return _turned(x, angles, turning)


def _rest_dropped(
    x: Array, positions: Array, *, base: float = _BASE, width: int | None = None
) -> Array:
    turned = np.array(_rope()(x, positions, base=base, width=width))
    if width is not None:
        turned[..., width:] = 0
    return turned


def _longer(x: Array, positions: Array, *, base: float = _BASE) -> Array:
    """Scale every turned vector, as a temperature does that belongs elsewhere."""
    return (_rope()(x, positions, base=base).astype(np.float64) * 1.1).astype(x.dtype)


def _complex(
    x: Array, positions: Array, *, base: float = _BASE, width: int | None = None
) -> Array:
    """Multiply complex numbers, as the first implementations did."""
    turning = x.shape[-1] if width is None else width
    work = working(x)
    pairs = x[..., :turning].astype(work).reshape(*x.shape[:-1], -1, 2)
    numbers = pairs[..., 0] + 1j * pairs[..., 1]
    turned = numbers * np.exp(1j * _angles(positions, turning, base, work))
    y = x.astype(work)
    y[..., 0:turning:2], y[..., 1:turning:2] = turned.real, turned.imag
    return y.astype(x.dtype)


_rogue, _control = makers("rope", usual="position", right_in=FORMATS)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "counts-from-zero",
        "The positions are not read: every sequence starts at 0.",
        _rope(lambda positions: np.arange(len(positions))),
        "agreement",
        mimics="flashinfer#847",
    ),
    _rogue(
        "off-by-one",
        "Every position counts as the next one.",
        _rope(lambda positions: positions + 1),
        "origin",
        mimics="mlx#3498",
    ),
    _rogue(
        "backward",
        "The angles have the other sign.",
        _rope(sign=-1.0),
        "agreement",
    ),
    _rogue(
        "wrong-pairs",
        "It declares neighbors and turns one entry of each half.",
        _rope(halves=True),
        "agreement",
        mimics="shainet#111",
    ),
    _rogue(
        "base-ignored",
        "The base is always 10,000.",
        _base_ignored,
        "agreement",
    ),
    _rogue(
        "width-of-all",
        "A partial width has the frequencies of the whole.",
        _width_of_all,
        "agreement",
        mimics="pie#603",
    ),
    _rogue(
        "rest-dropped",
        "The entries after the width are lost.",
        _rest_dropped,
        "agreement",
    ),
    _rogue("longer", "Turned vectors are longer than before.", _longer, "norm"),
    _rogue(
        "squared-positions",
        "The angle grows with the square of the position.",
        # As small as positions: angles that float32 still knows.
        _rope(lambda positions: positions.astype(np.int64) ** 2 % 4096),
        "relative",
    ),
    _rogue(
        "narrow-positions",
        "Positions are stored in bfloat16, which has no 257.",
        # bfloat16 has 8 bits: above 256 the last one is lost.
        _rope(lambda p: (p + (p >> 8) // 2) >> (p > 256) << (p > 256)),
        "agreement",
        mimics="transformers#29285",
    ),
    _rogue(
        "sorted",
        "Positions are sorted before they are used.",
        _rope(np.sort),
        "order",
    ),
)
"""Rotary encodings that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control("complex", "It multiplies complex numbers.", _complex),
    half_split("rope", _rope(halves=True)),
)
"""Rotary encodings that are right."""

__all__ = ["CONTROLS", "ROGUES"]
