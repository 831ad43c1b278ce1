"""Absolute positions are added to the vectors, before any attention sees them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from attnspec.reference._arrays import definition, float64


@definition
def placed(
    x: Float[np.ndarray, "*batch L D"], encoding: Float[np.ndarray, "*#batch L D"]
) -> Float64[np.ndarray, "*batch L D"]:
    r"""Add to each vector the label of its place.

    .. math:: x_i + e(p_i)

    Parameters
    ----------
    x : (..., L, D) array
    encoding : (..., L, D) array
        What `sinusoidal` or `learned` gives.

    Returns
    -------
    (..., L, D) array

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, section 3.5,
    :doi:`10.48550/arXiv.1706.03762`, where x is multiplied by the root of D
    before.

    Examples
    --------
    >>> import numpy as np
    >>> placed(np.array([[1.0], [1.0]]), np.array([[0.5], [-0.5]]))
    array([[1.5],
           [0.5]])
    """
    return float64(x) + float64(encoding)


__all__ = ["placed"]
