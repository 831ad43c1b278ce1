"""One mask for each axis of a grid, combined: masks for images."""

from __future__ import annotations

import functools

import numpy as np
from jaxtyping import Bool

from attnspec.reference._arrays import definition


@definition
def over_grid(*axes: Bool[np.ndarray, "_ _"]) -> Bool[np.ndarray, "L S"]:
    r"""Combine one mask for each axis of a grid, whose points are counted row by row.

    .. math:: m_{(i_1, i_2), (j_1, j_2)} = m^1_{i_1 j_1} \wedge m^2_{i_2 j_2}

    Parameters
    ----------
    *axes : (L_n, S_n) arrays of bool
        Rows first, for an image. Bands make a rectangle around each pixel.

    Returns
    -------
    (L, S) array of bool
        L and S are the products of all L_n and S_n; the last axis runs fastest.

    References
    ----------
    Parmar et al., "Image Transformer", 2018, section 3.2.1,
    :doi:`10.48550/arXiv.1802.05751`; Hassani et al., 2023,
    :doi:`10.48550/arXiv.2204.07143`.

    Examples
    --------
    >>> import numpy as np
    >>> own_row, all_columns = np.eye(2, dtype=bool), np.ones((2, 2), dtype=bool)
    >>> over_grid(own_row, all_columns).astype(int)
    array([[1, 1, 0, 0],
           [1, 1, 0, 0],
           [0, 0, 1, 1],
           [0, 0, 1, 1]])
    """
    return functools.reduce(np.kron, axes, np.ones((1, 1), dtype=np.bool_))


__all__ = ["over_grid"]
