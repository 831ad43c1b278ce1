"""Relevance by a matrix between query and key.

Queries and keys are rows and a matrix of scores comes out, so that it can stand where
`dot_product` stands: scale, bias, mask and normalizer follow as ever.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from attnspec.reference._arrays import definition, float64
from attnspec.reference.scores import dot_product


@definition
def bilinear(
    query: Float[np.ndarray, "*batch L E"],
    key: Float[np.ndarray, "*batch S F"],
    weight: Float[np.ndarray, "E F"],
) -> Float64[np.ndarray, "*batch L S"]:
    r"""Score every query against every key by a matrix between them.

    .. math:: s_{ij} = q_i^\top W k_j

    Parameters
    ----------
    query : (..., L, E) array
    key : (..., S, F) array
        Of a width of its own.
    weight : (E, F) array
        The identity gives the dot product.

    Returns
    -------
    (..., L, S) array

    References
    ----------
    Luong, Pham and Manning, "Effective Approaches to Attention-based Neural
    Machine Translation", 2015, section 3.1, "general", :doi:`10.18653/v1/D15-1166`.

    Examples
    --------
    >>> import numpy as np
    >>> query, key = np.array([[1.0, 2.0]]), np.array([[10.0], [-1.0]])
    >>> bilinear(query, key, np.array([[1.0], [3.0]]))
    array([[70., -7.]])
    """
    return dot_product(float64(query) @ float64(weight), key)


__all__ = ["bilinear"]
