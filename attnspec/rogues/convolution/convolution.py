"""Convolutions that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.numerics.dtypes import working_dtype
from attnspec.rogues._gallery import FORMATS, Control, Rogue, kind_control, rogues_of
from attnspec.rogues._stored import stored

Form = Callable[[Array, Array, int, str], Array]
"""From a sequence, a kernel, the taps before the own step and the border rule."""


def _convolution(form: Form) -> Callable[..., Array]:
    """Return a convolution with every option."""

    def convolution(
        x: Array, kernel: Array, *, left: int | None = None, border: str = "zero"
    ) -> Array:
        before = len(kernel) // 2 if left is None else left
        wide = x.astype(working_dtype(x.dtype)), kernel.astype(working_dtype(x.dtype))
        return stored(form(*wide, before, border), x)

    return convolution


def _padded(x: Array, size: int, left: int, border: str) -> Array:
    """Write out what lies beyond the borders."""
    mode = "edge" if border == "clip" else "constant"
    return np.pad(x, ((left, max(0, size - 1 - left)), (0, 0)), mode=mode)  # type: ignore[call-overload]


def _windows(x: Array, size: int, left: int, border: str) -> Array:
    """Return the vectors that the taps of each step find, (N, T, C)."""
    if border == "shifted":
        start = np.clip(np.arange(len(x)) - left, 0, len(x) - size)
        return np.asarray(x[start[:, None] + np.arange(size)])
    padded = _padded(x, size, left, border)
    return np.asarray(padded[np.arange(len(x))[:, None] + np.arange(size)])


def _by_windows(x: Array, kernel: Array, left: int, border: str) -> Array:
    """Multiply all windows at once."""
    found = _windows(x, len(kernel), left, border)
    return found.reshape(len(x), -1) @ kernel.reshape(-1, kernel.shape[-1])


def _by_heads(x: Array, kernel: Array, left: int, border: str) -> Array:
    """Attend with one head for each tap, whose weights are one-hot."""
    found = _windows(np.eye(len(x), dtype=x.dtype), len(kernel), left, border)
    weights = found.swapaxes(0, 1)
    return np.asarray((weights @ (x @ kernel)).sum(axis=0))


def _by_taps(x: Array, kernel: Array, left: int, border: str) -> Array:
    """Add tap after tap, the last one first."""
    found = _windows(x, len(kernel), left, border)
    output = np.zeros((len(x), kernel.shape[-1]), x.dtype)
    for tap in reversed(range(len(kernel))):
        output = output + found[:, tap] @ kernel[tap]
    return output


def _reversed(x: Array, kernel: Array, left: int, border: str) -> Array:
    return _by_windows(x, kernel[::-1], left, border)


def _mirrored(x: Array, kernel: Array, left: int, border: str) -> Array:
    """Count the taps before the own step as those behind it."""
    return _by_windows(x, kernel, len(kernel) - 1 - left, border)


def _zero_alone(x: Array, kernel: Array, left: int, border: str) -> Array:  # noqa: ARG001 - this is the mistake
    return _by_windows(x, kernel, left, "zero")


def _clip_late(x: Array, kernel: Array, left: int, border: str) -> Array:
    """Take the mean of the whole for what lies beyond the border."""
    if border != "clip":
        return _by_windows(x, kernel, left, border)
    middle = x - x.mean(0, dtype=x.dtype)
    rest = np.ones_like(x) * x.mean(0, dtype=x.dtype)
    return _by_windows(middle, kernel, left, "zero") + _by_windows(
        rest, kernel, left, "clip"
    )


def _depthwise(x: Array, kernel: Array, left: int, border: str) -> Array:
    """Mix no channels where there are as many outputs."""
    if kernel.shape[1] == kernel.shape[2]:
        kernel = kernel * np.eye(kernel.shape[1], dtype=kernel.dtype)
    return _by_windows(x, kernel, left, border)


def _by_fourier(x: Array, kernel: Array, left: int, border: str) -> Array:
    """Multiply spectra: every step touches every output, and leaves its rounding."""
    if border == "shifted":
        return _by_windows(x, kernel, left, border)
    padded = _padded(x, len(kernel), left, border).astype(np.float64)
    size = len(padded)
    spectrum = np.fft.rfft(kernel[::-1].astype(np.float64), size, axis=0)
    product = np.einsum("fc,fcd->fd", np.fft.rfft(padded, axis=0), spectrum)
    output = np.fft.irfft(product, size, axis=0)
    return np.asarray(output[len(kernel) - 1 :].astype(x.dtype))


def _by_place(x: Array, kernel: Array, left: int, border: str) -> Array:
    """Let the kernel grow a little with the place."""
    # Slow, so that only a law that compares places sees it surely.
    growth = 1 + np.arange(len(x), dtype=x.dtype)[:, None] / 64
    return _by_windows(x, kernel, left, border) * growth


def _one_dilated(x: Array, kernel: Array, left: int, border: str) -> Array:
    """Leave one step out between the last two taps."""
    output = _by_windows(x, kernel, left, border)
    if len(kernel) < 2 or border == "shifted":
        return output
    found = _windows(x, len(kernel) + 1, left, border)
    return output + (found[:, -1] - found[:, -2]) @ kernel[-1]


def _narrow(x: Array, kernel: Array, left: int, border: str) -> Array:
    """Multiply in half the digits."""
    # Eight binary digits behind the point; whole numbers keep theirs but for the third.
    short = [np.ldexp(np.round(np.ldexp(a, 8)), -8) for a in (x, kernel / 3)]
    return _by_windows(short[0], (short[1] * 3).astype(x.dtype), left, border)


def _pruned(x: Array, kernel: Array, left: int, border: str) -> Array:
    """Skip what is small beside the largest number of the kernel."""
    sizes = np.abs(kernel)
    # A quarter of the largest: of small whole numbers some are skipped.
    kept = np.where(sizes >= sizes.max() / 4, kernel, 0)
    return _by_windows(x, kept, left, border)


_rogue = rogues_of("convolution", made=_convolution)

ROGUES: tuple[Rogue, ...] = (
    _rogue("reversed", "order", "The kernel is reversed.", _reversed, "agreement"),
    _rogue(
        "mirrored",
        "alignment",
        "Taps before the own step are counted as those after it.",
        _mirrored,
        "copies",
    ),
    _rogue(
        "zero-alone",
        "dropped-option",
        "Beyond the border is nothing, whatever rule is given.",
        _zero_alone,
        "borders",
    ),
    _rogue(
        "mean-beyond",
        "tail",
        "What lies beyond the border is handled as the mean.",
        _clip_late,
        "borders",
    ),
    _rogue(
        "channels-apart",
        "width",
        "Channels do not mix where there are as many outputs.",
        _depthwise,
        "agreement",
    ),
    _rogue(
        "fourier",
        "precision",
        "It multiplies spectra, in which every step touches every output.",
        _by_fourier,
        "field",
    ),
    _rogue(
        "by-place",
        "position",
        "The kernel grows with the place.",
        _by_place,
        "translation",
    ),
    _rogue(
        "one-dilated",
        "window",
        "The last tap looks one step too far.",
        _one_dilated,
        "agreement",
    ),
    _rogue(
        "narrow",
        "precision",
        "A third of the kernel is rounded, and tripled again.",
        _narrow,
        "whole",
    ),
    _rogue(
        "pruned",
        "precision",
        "What is small beside the largest tap is skipped.",
        _pruned,
        "heads",
    ),
)
"""Convolutions that are wrong, or exact in theory alone."""


def _plain(x: Array, kernel: Array) -> Array:
    """Look back alone, with no option."""
    wide = x.astype(working_dtype(x.dtype)), kernel.astype(working_dtype(x.dtype))
    return stored(_by_taps(*wide, len(kernel) - 1, "zero"), x)


def _same(x: Array, kernel: Array, *, border: str = "zero") -> Array:
    """Pad by one fewer before than behind where the kernel is even."""
    wide = x.astype(working_dtype(x.dtype)), kernel.astype(working_dtype(x.dtype))
    return stored(_by_windows(*wide, (len(kernel) - 1) // 2, border), x)


def _control(id: str, sentence: str, function: Any, place: str = "half") -> Control:  # noqa: A002 - the field's name
    return kind_control(
        *("convolution", f"convolution-{id}", sentence, function),
        dtypes=FORMATS,
        dialect={"place": place},
    )


CONTROLS: tuple[Control, ...] = (
    _control("windows", "One product for all windows.", _convolution(_by_windows)),
    _control("heads", "Attention with a head for each tap.", _convolution(_by_heads)),
    _control("taps", "One tap after another.", _convolution(_by_taps)),
    _control("causal", "It looks back alone, with no option.", _plain, "causal"),
    _control("same", "An even kernel is padded less before it.", _same, "same"),
)
"""Convolutions that are right."""

__all__ = ["CONTROLS", "ROGUES"]
