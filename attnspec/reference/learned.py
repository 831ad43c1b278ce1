"""Absolute positions by the rows of a table."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Int

from attnspec._checks import check_places
from attnspec.reference._arrays import definition, float64


@definition
def learned(
    positions: Int[np.ndarray, "*shape"], table: Float[np.ndarray, "N D"]
) -> Float64[np.ndarray, "*shape D"]:
    r"""Label a position by its own row of a table.

    .. math:: e(p) = T_p

    Parameters
    ----------
    positions : array of int
    table : (N, D) array

    Returns
    -------
    (..., D) array

    Raises
    ------
    InvalidArgument
        If a position is outside the table: nothing was learned for it.

    References
    ----------
    Gehring et al., "Convolutional Sequence to Sequence Learning", 2017, section
    3.1, :doi:`10.48550/arXiv.1705.03122`.

    Examples
    --------
    >>> import numpy as np
    >>> learned(np.array([2, 0]), np.array([[5.0], [6.0], [7.0]]))
    array([[7.],
           [5.]])
    """
    check_places("positions", positions, len(table))
    return float64(table)[positions]


__all__ = ["learned"]
