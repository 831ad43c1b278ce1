"""Sets of vectors in, vectors out: one each, one for all, or as many as it takes.

Attention is defined on queries, keys and values that come from anywhere. What kind
of problem it solves is settled by where the queries come from: from the set itself
(N to N), from one vector of its own (N to 1), or from another sequence (N to M).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64

from attnspec._typing import Count
from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import definition, float64


@definition
def padded_set(
    members: Float[np.ndarray, "S D"], size: Count, fill: float = 0.0
) -> tuple[Float64[np.ndarray, "N D"], Bool[np.ndarray, "N"]]:
    r"""Bring a set to a fixed size, and say which of its members are real.

    .. math:: z'_j = z_j \;\text{and}\; m_j = 1 \;\text{if}\; j < S,
              \;\text{else}\; z'_j = \mathit{fill} \;\text{and}\; m_j = 0

    Parameters
    ----------
    members : (S, D) array
    size : int
        The number N of vectors in all.
    fill : float
        What the new vectors hold. With the mask it has no influence.

    Returns
    -------
    members : (N, D) array
    mask : (N,) array of bool
        True for the real ones.

    Raises
    ------
    InvalidArgument
        If the set is larger than the size.

    Examples
    --------
    >>> import numpy as np
    >>> padded_set(np.ones((1, 1)), 2, fill=7.0)
    (array([[1.],
           [7.]]), array([ True, False]))
    """
    count, width = members.shape
    if size < count:
        msg = f"size: expected {count} or more, got {size}"
        raise InvalidArgument(msg)
    added = np.full((size - count, width), fill)
    return np.concatenate([float64(members), added]), np.arange(size) < count


__all__ = ["padded_set"]
