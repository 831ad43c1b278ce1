"""Relevance by a layer over query and key.

Queries and keys are rows and a matrix of scores comes out, so that it can stand where
`dot_product` stands: scale, bias, mask and normalizer follow as ever.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from attnspec.reference._arrays import definition, float64


@definition
def additive(
    query: Float[np.ndarray, "*batch L E"],
    key: Float[np.ndarray, "*batch S F"],
    query_weight: Float[np.ndarray, "E A"],
    key_weight: Float[np.ndarray, "F A"],
    vector: Float[np.ndarray, "A"],
) -> Float64[np.ndarray, "*batch L S"]:
    r"""Project query and key, add them, bend the sum, and weigh its entries.

    .. math:: s_{ij} = v \cdot \tanh(q_i W_q + k_j W_k)

    Parameters
    ----------
    query : (..., L, E) array
    key : (..., S, F) array
        Of a width of its own.
    query_weight : (E, A) array
    key_weight : (F, A) array
    vector : (A,) array
        The scores never leave the interval from minus to plus the sum of its
        absolute entries.

    Returns
    -------
    (..., L, S) array

    See Also
    --------
    concatenated : The same with both weights in one matrix.

    References
    ----------
    Bahdanau, Cho and Bengio, "Neural Machine Translation by Jointly Learning to
    Align and Translate", 2014, appendix A.1.2, :doi:`10.48550/arXiv.1409.0473`.
    Keras' ``AdditiveAttention`` has no projections: there both are the identity.

    Examples
    --------
    >>> import numpy as np
    >>> query, key, one = np.array([[1.0]]), np.array([[-1.0], [800.0]]), np.eye(1)
    >>> additive(query, key, one, one, np.array([2.0]))
    array([[0., 2.]])
    """
    projected_query = float64(query) @ float64(query_weight)
    projected_key = float64(key) @ float64(key_weight)
    hidden = np.tanh(projected_query[..., :, None, :] + projected_key[..., None, :, :])
    return np.einsum("...lsa,a->...ls", hidden, float64(vector))


@definition
def concatenated(
    query: Float[np.ndarray, "*batch L E"],
    key: Float[np.ndarray, "*batch S F"],
    weight: Float[np.ndarray, "E+F A"],
    vector: Float[np.ndarray, "A"],
) -> Float64[np.ndarray, "*batch L S"]:
    r"""Score by a layer over query and key, one behind the other.

    .. math:: s_{ij} = v \cdot \tanh([q_i, k_j] \, W)

    A matrix that meets a concatenation is two matrices: this is `additive`.

    Parameters
    ----------
    query : (..., L, E) array
    key : (..., S, F) array
    weight : (E + F, A) array
        The first E rows are the weight of the query.
    vector : (A,) array

    Returns
    -------
    (..., L, S) array

    See Also
    --------
    additive : The same with the matrix cut in two.

    References
    ----------
    Luong, Pham and Manning, 2015, section 3.1, "concat",
    :doi:`10.18653/v1/D15-1166`. Keras' ``Attention(score_mode="concat")`` adds
    query and key and does not concatenate them.

    Examples
    --------
    >>> import numpy as np
    >>> query, key = np.array([[800.0]]), np.array([[0.0], [-800.0]])
    >>> concatenated(query, key, np.array([[1.0], [2.0]]), np.array([3.0]))
    array([[ 3., -3.]])
    """
    width = query.shape[-1]
    return additive(query, key, weight[:width], weight[width:], vector)


__all__ = ["additive", "concatenated"]
