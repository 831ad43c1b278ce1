"""Convolutions of images that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.numerics.dtypes import working_dtype
from attnspec.rogues._gallery import FORMATS, Control, Rogue, kind_control, rogues_of
from attnspec.rogues._stored import stored

Form = Callable[[Array, Array, str], Array]
"""From an image, a kernel and the border rule."""


def _convolution(form: Form) -> Callable[..., Array]:
    """Return a convolution with every option."""

    def convolution(image: Array, kernel: Array, *, border: str = "zero") -> Array:
        wide = (
            image.astype(working_dtype(image.dtype)),
            kernel.astype(working_dtype(image.dtype)),
        )
        return stored(form(*wide, border), image)

    return convolution


def _axis(image: Array, axis: int, size: int, left: int, border: str) -> Array:
    """Return for each tap of an axis the image that it finds, taps first."""
    length = image.shape[axis]
    where = np.arange(length) - left
    if border == "shifted":
        where = np.clip(where, 0, length - size)
    parts = []
    for tap in range(size):
        clipped = np.clip(where + tap, 0, length - 1)
        part = np.take(image, clipped, axis)
        if border == "zero":
            shape = [1] * image.ndim
            shape[axis] = length
            part = part * (clipped == where + tap).reshape(shape)
        parts.append(part)
    return np.stack(parts).astype(image.dtype)


def _by_rows_and_columns(
    image: Array, kernel: Array, border: str, places: tuple[int, int] | None = None
) -> Array:
    """Find along rows, then along columns, and multiply at once."""
    tall, broad = kernel.shape[:2]
    left = places or (tall // 2, broad // 2)
    found = _axis(_axis(image, 0, tall, left[0], border), 2, broad, left[1], border)
    return np.asarray(np.einsum("uthwc,tucd->hwd", found, kernel))


def _by_shifts(image: Array, kernel: Array, border: str) -> Array:
    """Add a shifted image for each tap."""
    tall, broad = kernel.shape[:2]
    output = np.zeros((*image.shape[:2], kernel.shape[-1]), image.dtype)
    for t, part in enumerate(_axis(image, 0, tall, tall // 2, border)):
        for u, found in enumerate(_axis(part, 1, broad, broad // 2, border)):
            output = output + found @ kernel[t, u]
    return output


def _turned(image: Array, kernel: Array, border: str) -> Array:
    return _by_rows_and_columns(image, kernel[::-1, ::-1], border)


def _flat(image: Array, kernel: Array, border: str) -> Array:
    """Slide over the pixels in one row: an edge reads from the next row."""
    height, width = image.shape[:2]
    tall, broad = kernel.shape[:2]
    pixels = image.reshape(-1, 1, image.shape[2])
    output = np.zeros((height * width, kernel.shape[-1]), image.dtype)
    for t in range(tall):
        for u in range(broad):
            offset = (t - tall // 2) * width + u - broad // 2
            where = np.arange(height * width) + offset
            inside = (where >= 0) & (where < height * width)
            clipped = np.clip(where, 0, height * width - 1)
            keep = inside[:, None] if border == "zero" else 1
            output = output + (pixels[clipped, 0] * keep) @ kernel[t, u]
    return output.reshape(height, width, -1)


def _zero_alone(image: Array, kernel: Array, border: str) -> Array:  # noqa: ARG001 - this is the mistake
    return _by_rows_and_columns(image, kernel, "zero")


def _means_first(image: Array, kernel: Array, border: str) -> Array:
    """Take out the mean of the image, and put it back: nothing lost but digits."""
    mean = image.mean((0, 1), keepdims=True, dtype=image.dtype)
    rest = np.broadcast_to(mean, image.shape).astype(image.dtype)
    whole = _by_rows_and_columns(rest, kernel, border)
    return _by_rows_and_columns(image - mean, kernel, border) + whole


_rogue = rogues_of("convolution-2d", "image", made=_convolution)

ROGUES: tuple[Rogue, ...] = (
    _rogue("turned", "order", "The kernel is turned round.", _turned, "agreement"),
    _rogue(
        "one-half",
        "alignment",
        "The height of the kernel centers both axes.",
        lambda x, k, border: _by_rows_and_columns(x, k, border, (len(k) // 2,) * 2),
        "transpose",
    ),
    _rogue(
        "flat",
        "tail",
        "The edge of a row reads from the next row.",
        _flat,
        "rows",
    ),
    _rogue(
        "zero-alone",
        "dropped-option",
        "Beyond the border is nothing, whatever rule is given.",
        _zero_alone,
        "agreement",
    ),
    _rogue(
        "means-first",
        "precision",
        "The mean of all pixels is taken out and put back.",
        _means_first,
        "field",
    ),
    _rogue(
        "height-scaled",
        "formula",
        "The output is divided by the height of the image.",
        lambda x, *to: _by_rows_and_columns(x, *to) * x.dtype.type(2 / (1 + len(x))),
        "rows",
    ),
)
"""Convolutions of images that are wrong."""


def _same(image: Array, kernel: Array) -> Array:
    """Pad an even kernel less before it, with no option."""
    wide = (
        image.astype(working_dtype(image.dtype)),
        kernel.astype(working_dtype(image.dtype)),
    )
    places = (kernel.shape[0] - 1) // 2, (kernel.shape[1] - 1) // 2
    return stored(_by_rows_and_columns(*wide, "zero", places), image)


def _control(id: str, sentence: str, function: Any, place: str = "half") -> Control:  # noqa: A002 - the field's name
    return kind_control(
        *("convolution-2d", f"image-{id}", sentence, function),
        dtypes=FORMATS,
        dialect={"place": place},
    )


CONTROLS: tuple[Control, ...] = (
    _control(
        "rows-and-columns",
        "It finds along rows, then along columns.",
        _convolution(_by_rows_and_columns),
    ),
    _control("shifts", "It adds shifted images.", _convolution(_by_shifts)),
    _control("same", "An even kernel is padded less before it.", _same, "same"),
)
"""Convolutions of images that are right."""

__all__ = ["CONTROLS", "ROGUES"]
