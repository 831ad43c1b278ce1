"""Relevance by the angle between query and key.

Queries and keys are rows and a matrix of scores comes out, so that it can stand where
`dot_product` stands: scale, bias, mask and normalizer follow as ever.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from attnspec.reference._arrays import definition, float64
from attnspec.reference.scores import dot_product


@definition
def cosine(
    query: Float[np.ndarray, "*batch L E"],
    key: Float[np.ndarray, "*batch S E"],
) -> Float64[np.ndarray, "*batch L S"]:
    r"""Score every query against every key by the cosine of their angle.

    .. math:: s_{ij} = \frac{q_i \cdot k_j}{\lVert q_i \rVert \, \lVert k_j \rVert}

    Parameters
    ----------
    query : (..., L, E) array
    key : (..., S, E) array

    Returns
    -------
    (..., L, S) array
        From -1 to 1, up to rounding. A vector of zeros has no direction and
        scores 0.

    References
    ----------
    Graves, Wayne and Danihelka, "Neural Turing Machines", 2014, section 3.3.1,
    :doi:`10.48550/arXiv.1410.5401`; Liu et al., "Swin Transformer V2", 2021,
    section 3.2, :doi:`10.48550/arXiv.2111.09883`, with a temperature of 0.01 or
    more. The vector of zeros is ours; others add a small number to the norms.

    Examples
    --------
    >>> import numpy as np
    >>> key = np.array([[3.0, 0.0], [0.0, 7.0], [-2.0, 0.0], [0.0, 0.0]])
    >>> cosine(np.array([[5.0, 0.0]]), key)
    array([[ 1.,  0., -1.,  0.]])
    """
    return dot_product(_direction(query), _direction(key))


def _direction(
    vectors: Float[np.ndarray, "*batch L E"],
) -> Float64[np.ndarray, "*batch L E"]:
    """Bring every vector to length one; leave the vector of zeros."""
    # Scaled first, so that no square overflows or underflows.
    size = np.max(np.abs(float64(vectors)), axis=-1, keepdims=True, initial=0.0)
    scaled = np.where(size == 0.0, 0.0, float64(vectors) / size)
    length = np.sqrt(np.sum(scaled**2, axis=-1, keepdims=True))
    return np.where(size == 0.0, 0.0, scaled / length)


__all__ = ["cosine"]
