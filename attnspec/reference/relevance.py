"""How relevant a key is to a query, beside the dot product: the other forms.

Each takes queries and keys as rows and gives a matrix of scores, so that each can
stand where `dot_product` stands: scale, bias, mask and normalizer follow as ever.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Float64

from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import float64, ieee
from attnspec.reference.scores import dot_product


@ieee
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


@ieee
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


@ieee
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


def tempered(
    scores: Float[np.ndarray, "*shape"], temperature: float
) -> Float64[np.ndarray, "*shape"]:
    r"""Divide the scores by a temperature: a hot softmax is even, a cold one picks.

    .. math:: s / T

    A temperature is a scale turned over: T = 1 / scale.

    Parameters
    ----------
    scores : array
    temperature : float
        Positive and finite.

    Returns
    -------
    array
        Of the shape of `scores`.

    Raises
    ------
    InvalidArgument
        If the temperature is not a positive finite number.

    References
    ----------
    Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network",
    2015, section 2, :doi:`10.48550/arXiv.1503.02531`.

    Examples
    --------
    >>> import numpy as np
    >>> tempered(np.array([1.0, 2.0]), 0.5)
    array([2., 4.])
    """
    if not 0.0 < temperature < math.inf:
        msg = f"temperature: expected a positive finite number, got {temperature}"
        raise InvalidArgument(msg)
    return float64(scores) / temperature


def _direction(
    vectors: Float[np.ndarray, "*batch L E"],
) -> Float64[np.ndarray, "*batch L E"]:
    """Bring every vector to length one; leave the vector of zeros."""
    # Scaled first, so that no square overflows or underflows.
    size = np.max(np.abs(float64(vectors)), axis=-1, keepdims=True, initial=0.0)
    scaled = np.where(size == 0.0, 0.0, float64(vectors) / size)
    length = np.sqrt(np.sum(scaled**2, axis=-1, keepdims=True))
    return np.where(size == 0.0, 0.0, scaled / length)


__all__ = ["additive", "bilinear", "concatenated", "cosine", "tempered"]
