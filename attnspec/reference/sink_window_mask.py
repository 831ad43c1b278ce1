"""A window that moves on, and the first tokens, which stay."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int

from attnspec._typing import Count
from attnspec.reference._arrays import definition
from attnspec.reference.masks import causal, window


@definition
def sink_window(
    query_positions: Int[np.ndarray, "*batch L"],
    key_positions: Int[np.ndarray, "*batch S"],
    sinks: Count,
    left: Count,
) -> Bool[np.ndarray, "*batch L S"]:
    r"""Let each query see the first tokens, and those shortly before it.

    .. math:: j \le p_i \quad\text{and}\quad
              (j < \mathit{sinks} \;\text{or}\; p_i - \mathit{left} \le j)

    Parameters
    ----------
    query_positions, key_positions : (..., L) and (..., S) arrays of int
    sinks : int
        How many of the first positions stay visible. One that lies within the window
        is not seen twice.
    left : int
        The inclusive distance to the left.

    Returns
    -------
    (..., L, S) array of bool

    Raises
    ------
    InvalidArgument
        If a number is negative.

    References
    ----------
    Xiao et al., "Efficient Streaming Language Models with Attention Sinks", 2023,
    :doi:`10.48550/arXiv.2309.17453`.

    Examples
    --------
    >>> import numpy as np
    >>> sink_window(np.arange(4), np.arange(4), 1, 1).astype(int)
    array([[1, 0, 0, 0],
           [1, 1, 0, 0],
           [1, 1, 1, 0],
           [1, 0, 1, 1]])

    Without sinks it is a causal window:

    >>> sink_window(np.arange(3), np.arange(3), 0, 0).astype(int)
    array([[1, 0, 0],
           [0, 1, 0],
           [0, 0, 1]])
    """
    near = window(query_positions, key_positions, left, 0)
    first = (key_positions < sinks)[..., None, :]
    return near | (first & causal(query_positions, key_positions))


__all__ = ["sink_window"]
