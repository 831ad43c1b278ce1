"""Scores with terms for the distance: the relative positions of Transformer-XL."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Int

from attnspec.reference._arrays import definition, float64
from attnspec.reference.scores import dot_product
from attnspec.reference.sinusoidal import sinusoidal


@definition
def transformer_xl_scores(
    query: Float[np.ndarray, "*batch L E"],
    key: Float[np.ndarray, "*batch S E"],
    relative: Int[np.ndarray, "L S"],
    distance_weight: Float[np.ndarray, "D E"],
    content_bias: Float[np.ndarray, "*#batch E"],
    distance_bias: Float[np.ndarray, "*#batch E"],
) -> Float64[np.ndarray, "*batch L S"]:
    r"""Score what a key says and, apart from it, how far away it stands.

    .. math:: s_{ij} = (q_i + u) \cdot k_j + (q_i + v) \cdot r_{p_i - j},
              \qquad r_d = e(d) \, W_r

    Parameters
    ----------
    query : (..., L, E) array
    key : (..., S, E) array
    relative : (L, S) array of int
        Key minus query; the paper's distances are query minus key.
    distance_weight : (D, E) array
        Turns the sinusoidal encoding e of a distance into a key; D is even.
    content_bias : (..., E) array
        The u of the formula: (Hq, E), one vector a head.
    distance_bias : (..., E) array
        The v of the formula.

    Returns
    -------
    (..., L, S) array
        Not scaled yet.

    Raises
    ------
    InvalidArgument
        If D is odd.

    References
    ----------
    Dai et al., "Transformer-XL: Attentive Language Models beyond a Fixed-Length
    Context", 2019, section 3.3, :doi:`10.18653/v1/P19-1285`.

    Examples
    --------
    >>> import numpy as np
    >>> query, key = np.array([[1.0]]), np.array([[2.0], [3.0]])
    >>> cosine_only, none = np.array([[0.0], [1.0]]), np.zeros(1)
    >>> distances = np.array([[-1, 0]])
    >>> transformer_xl_scores(query, key, distances, cosine_only, none, none).round(4)
    array([[2.5403, 4.    ]])
    """
    asking = float64(query)
    distance_keys = sinusoidal(-relative, len(distance_weight)) @ distance_weight
    content = dot_product(asking + content_bias[..., None, :], key)
    moved = asking + distance_bias[..., None, :]
    return content + np.einsum("...le,lse->...ls", moved, distance_keys)


__all__ = ["transformer_xl_scores"]
