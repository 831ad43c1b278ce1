"""Convolution of images: one head for each pair of taps, down and along."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from attnspec._typing import Count, Size
from attnspec.reference._arrays import definition
from attnspec.reference.convolution import Border, tap_weights


@definition
def tap_weights_2d(
    shape: tuple[Count, Count],
    sizes: tuple[Size, Size],
    left: tuple[int, int],
    *,
    border: Border = "zero",
) -> Float64[np.ndarray, "T N N"]:
    r"""Write each tap of a kernel for images as the weights of one head.

    .. math:: w_{(t, u),\, (i, k),\, (j, l)} = w^{\text{rows}}_{tij}
              \; w^{\text{columns}}_{ukl}

    Parameters
    ----------
    shape, sizes, left : (int, int)
        Of the image, of the kernel, and how many taps lie before the own pixel;
        rows first.
    border : {"zero", "clip", "shifted"}
        As in `taps`.

    Returns
    -------
    (T, N, N) array
        Pixels and taps are counted row by row.

    Raises
    ------
    InvalidArgument
        As `taps` does.

    References
    ----------
    Cordonnier, Loukas and Jaggi, 2020, :doi:`10.48550/arXiv.1911.03584`.

    Examples
    --------
    >>> tap_weights_2d((2, 2), (1, 2), (0, 0))[1].astype(int)
    array([[0, 1, 0, 0],
           [0, 0, 0, 0],
           [0, 0, 0, 1],
           [0, 0, 0, 0]])
    """
    rows, columns = (
        tap_weights(*axis, border=border)
        for axis in zip(shape, sizes, left, strict=True)
    )
    return np.kron(rows, columns)


__all__ = ["tap_weights_2d"]
