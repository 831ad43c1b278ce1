"""Encodings by clocks that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import Control, Rogue, makers

_BASE = 10_000.0


def _paired(width: int) -> Array:
    """Return the exponent of each entry: neighbors share one."""
    return np.asarray(np.arange(width) // 2 * 2 / max(1, width))


def _clocks(
    change: Callable[[Array], Array] = lambda positions: positions,
    *,
    exponents: Callable[[int], Array] = _paired,
    swapped: bool = False,
    size: float = 1.0,
) -> Callable[..., Array]:
    """Return a sinusoidal encoding that sees other positions, or other clocks."""

    def clocks(positions: Array, width: int, *, base: float = _BASE) -> Array:
        seen = change(positions).astype(np.float32)[:, None]
        angles = seen * (base ** -exponents(width)).astype(np.float32)
        even = np.arange(width) % 2 == int(swapped)
        encoding = np.where(even, np.sin(angles), np.cos(angles))
        return np.asarray(encoding * np.float32(size))

    return clocks


def _base_ignored(
    positions: Array,
    width: int,
    *,
    base: float = _BASE,  # noqa: ARG001 - this is the mistake
) -> Array:
    """Take 10,000 for the base, whatever is asked for."""
    return _clocks()(positions, width)


def _concatenated(positions: Array, width: int, *, base: float = _BASE) -> Array:
    """Put all sines first, with frequencies by an exponential, in float32."""
    factor = np.float32(-np.log(base) / width)
    speeds = np.exp(np.arange(0, width, 2, dtype=np.float32) * factor)
    angles = positions.astype(np.float32)[:, None] * speeds
    return np.concatenate([np.sin(angles), np.cos(angles)], -1)


_rogue, _control = makers("sinusoidal", usual="position")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "off-by-one",
        "Every position counts as the next one.",
        _clocks(lambda positions: positions + 1),
        "agreement",
    ),
    _rogue(
        "base-ignored",
        "The base is always 10,000.",
        _base_ignored,
        "agreement",
        mistake="dropped-option",
    ),
    _rogue(
        "half-exponents",
        "Pair n has the frequency of the exponent n over width, not 2 n.",
        _clocks(exponents=lambda width: _paired(width) / 2),
        "agreement",
        mistake="formula",
    ),
    _rogue(
        "cosines-first",
        "It declares sines first, and has them second.",
        _clocks(swapped=True),
        "agreement",
        mistake="order",
    ),
    _rogue(
        "sine-half-first",
        "It declares all cosines first, and has them second.",
        _concatenated,
        "agreement",
        mistake="order",
        dialect={"layout": "cosine_half_first"},
    ),
    _rogue(
        "narrow-positions",
        "Positions are stored in bfloat16, which has no 257.",
        # bfloat16 has 8 bits: above 256 the last one is lost.
        _clocks(lambda p: (p + (p >> 8) // 2) >> (p > 256) << (p > 256)),
        "agreement",
        mistake="precision",
    ),
    _rogue(
        "squared-positions",
        "The angle grows with the square of the position.",
        # As small as positions: angles that float32 still knows.
        _clocks(lambda positions: positions**2 % 4096),
        "shift",
    ),
    _rogue(
        "unpaired",
        "Each entry has a frequency of its own, so that no cosine meets its sine.",
        _clocks(exponents=lambda width: np.arange(width) / max(1, width)),
        "circle",
        mistake="formula",
        mimics="DeepCTR#379",
    ),
    _rogue(
        "unit-length",
        "The encoding is scaled to be of length one.",
        lambda positions, width, *, base=_BASE: _clocks(size=(width / 2) ** -0.5)(
            positions, width, base=base
        ),
        "circle",
        mistake="formula",
    ),
    _rogue(
        "counts-from-zero",
        "The positions are not read: every sequence starts at 0.",
        _clocks(lambda positions: np.arange(len(positions))),
        "order",
    ),
)
"""Encodings by clocks that are wrong."""


def _complex(positions: Array, width: int, *, base: float = _BASE) -> Array:
    """Read sines and cosines off one complex number for each pair, in float64."""
    speeds = base ** (-np.arange(0, width, 2) / width)
    places = np.exp(1j * speeds * positions[:, None])
    return np.stack([places.imag, places.real], -1).reshape(len(positions), width)


def _tensor2tensor(positions: Array, width: int, *, base: float = _BASE) -> Array:
    """Let the slowest frequency be one over the base, as the authors' code does."""
    pairs = width // 2
    # A single pair has the frequency 1 alone.
    step = np.float32(-np.log(base) / max(1, pairs - 1))
    speeds = np.exp(np.arange(pairs, dtype=np.float32) * step)
    angles = positions.astype(np.float32)[:, None] * speeds
    return np.concatenate([np.sin(angles), np.cos(angles)], -1)


def _diffusers(positions: Array, width: int, *, base: float = _BASE) -> Array:
    """Put all cosines first, as time steps are encoded in diffusion models."""
    sines, cosines = np.split(_concatenated(positions, width, base=base), 2, axis=-1)
    return np.concatenate([cosines, sines], -1)


CONTROLS: tuple[Control, ...] = (
    _control(
        "complex",
        "It reads both off one complex number, in float64.",
        _complex,
        dtypes=("float32", "float64"),
    ),
    _control(
        "halves",
        "All sines come first, and frequencies are exponentials in float32.",
        _concatenated,
        dialect={"layout": "halves"},
    ),
    _control(
        "tensor2tensor",
        "All sines come first, and the last frequency is one over the base.",
        _tensor2tensor,
        dialect={"layout": "halves", "frequencies": "to_base"},
    ),
    _control(
        "cosine-half-first",
        "All cosines come first, as in diffusers with flip_sin_to_cos.",
        _diffusers,
        dialect={"layout": "cosine_half_first"},
    ),
)
"""Encodings by clocks that are right."""

__all__ = ["CONTROLS", "ROGUES"]
