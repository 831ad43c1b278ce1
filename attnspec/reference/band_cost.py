"""What a band costs: the keys that each window reaches, and how many pairs are left."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int

from attnspec._typing import Alignment, Count
from attnspec.reference._arrays import definition
from attnspec.reference.masks import positions


@definition
def band(
    queries: Count,
    keys: Count,
    window: tuple[Count, Count],
    *,
    alignment: Alignment = "lower_right",
) -> tuple[Int[np.ndarray, "L W"], Bool[np.ndarray, "L W"]]:
    r"""List the keys that a window reaches from each query, and which of them exist.

    .. math:: j_{iw} = p_i - \mathit{left} + w, \qquad 0 \le j_{iw} < S

    Parameters
    ----------
    queries, keys : int
        The numbers L and S.
    window : (int, int)
        Inclusive distances to the left and right; W is left + 1 + right.
    alignment : {"lower_right", "upper_left"}
        Where queries stand.

    Returns
    -------
    indices : (L, W) array of int
    inside : (L, W) array of bool
        False where there is no such key.

    Raises
    ------
    InvalidArgument
        If a distance is negative.

    Examples
    --------
    >>> band(2, 2, (1, 0))
    (array([[-1,  0],
           [ 0,  1]]), array([[False,  True],
           [ True,  True]]))
    """
    left, right = window
    at = positions(queries, keys, alignment=alignment)
    indices = at[:, None] + np.arange(-left, right + 1)
    return indices, (indices >= 0) & (indices < keys)


@definition
def pairs(mask: Bool[np.ndarray, "L S"]) -> int:
    r"""Count the dot products that a mask leaves to be computed.

    .. math:: \sum_{ij} m_{ij}

    Parameters
    ----------
    mask : (L, S) array of bool

    Returns
    -------
    int

    Examples
    --------
    >>> import numpy as np
    >>> pairs(np.tri(4, dtype=bool))
    10
    """
    return int(np.count_nonzero(mask))


__all__ = ["band", "pairs"]
