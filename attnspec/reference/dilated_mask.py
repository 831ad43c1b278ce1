"""Keys at multiples of a dilation: a mask that is no single band."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int

from attnspec._typing import Size
from attnspec.reference._arrays import definition
from attnspec.reference.masks import relative_positions


@definition
def dilated(
    query_positions: Int[np.ndarray, "L"],
    key_positions: Int[np.ndarray, "S"],
    dilation: Size,
) -> Bool[np.ndarray, "L S"]:
    r"""Let each query see only the keys at a multiple of the dilation from itself.

    .. math:: j \equiv p_i \pmod{\mathit{dilation}}

    Intersect it with a window to see w keys spread over w times the dilation.

    Parameters
    ----------
    query_positions, key_positions : (L,) and (S,) arrays of int
    dilation : int
        1 shows every key.

    Returns
    -------
    (L, S) array of bool

    Raises
    ------
    InvalidArgument
        If the dilation is less than 1.

    References
    ----------
    Beltagy, Peters and Cohan, "Longformer", 2020, section 3.1,
    :doi:`10.48550/arXiv.2004.05150`.

    Examples
    --------
    >>> import numpy as np
    >>> dilated(np.array([2]), np.arange(5), 2)
    array([[ True, False,  True, False,  True]])
    """
    return relative_positions(query_positions, key_positions) % dilation == 0


__all__ = ["dilated"]
