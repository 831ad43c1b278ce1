"""A prefix that every query sees, before what is causal."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int

from attnspec._typing import Count
from attnspec.reference._arrays import definition
from attnspec.reference.masks import relative_positions


@definition
def prefix(
    query_positions: Int[np.ndarray, "L"],
    key_positions: Int[np.ndarray, "S"],
    length: Count,
) -> Bool[np.ndarray, "L S"]:
    r"""Let every query see the prefix, and itself and what is before it.

    .. math:: j < \mathit{length} \;\vee\; j \le p_i

    Parameters
    ----------
    query_positions, key_positions : (L,) and (S,) arrays of int
    length : int
        Of the prefix; 0 is the causal mask.

    Returns
    -------
    (L, S) array of bool

    Raises
    ------
    InvalidArgument
        If the length is negative.

    References
    ----------
    Raffel et al., "Exploring the Limits of Transfer Learning with a Unified
    Text-to-Text Transformer", 2020, section 3.2.1,
    :doi:`10.48550/arXiv.1910.10683`.

    Examples
    --------
    >>> import numpy as np
    >>> prefix(np.arange(3), np.arange(3), 2).astype(int)
    array([[1, 1, 0],
           [1, 1, 0],
           [1, 1, 1]])
    """
    past = relative_positions(query_positions, key_positions) <= 0
    return past | (key_positions < length)


__all__ = ["prefix"]
