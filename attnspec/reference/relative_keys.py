"""Relative positions as vectors: keys and values that belong to a distance."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Int

from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import float64
from attnspec.reference.absolute import sinusoidal
from attnspec.reference.scores import dot_product


def clipped_vectors(
    relative: Int[np.ndarray, "L S"], table: Float[np.ndarray, "N E"]
) -> Float64[np.ndarray, "L S E"]:
    r"""Look up a vector for each distance, the outermost for all that are farther.

    .. math:: a_{ij} = T_{\operatorname{clip}(j - p_i, -k, k) + k}

    Parameters
    ----------
    relative : (L, S) array of int
        Key minus query.
    table : (2 k + 1, E) array
        From k to the left to k to the right.

    Returns
    -------
    (L, S, E) array

    Raises
    ------
    InvalidArgument
        If the table has an even number of rows, and so no middle.

    References
    ----------
    Shaw, Uszkoreit and Vaswani, "Self-Attention with Relative Position
    Representations", 2018, section 3.2, :doi:`10.18653/v1/N18-2074`.

    Examples
    --------
    >>> import numpy as np
    >>> clipped_vectors(np.array([[-9, 0, 9]]), np.array([[1.0], [2.0], [3.0]]))
    array([[[1.],
            [2.],
            [3.]]])
    """
    if len(table) % 2 == 0:
        msg = f"table: expected an odd number of rows, got {len(table)}"
        raise InvalidArgument(msg)
    reach = len(table) // 2
    return float64(table)[np.clip(relative, -reach, reach) + reach]


def shaw_scores(
    query: Float[np.ndarray, "*batch L E"],
    key: Float[np.ndarray, "*batch S E"],
    relative: Int[np.ndarray, "L S"],
    table: Float[np.ndarray, "N E"],
) -> Float64[np.ndarray, "*batch L S"]:
    r"""Add to each key, as each query sees it, a vector for the distance.

    .. math:: s_{ij} = q_i \cdot (k_j + a^K_{ij})

    Parameters
    ----------
    query : (..., L, E) array
    key : (..., S, E) array
    relative : (L, S) array of int
        Key minus query.
    table : (2 k + 1, E) array
        As in `clipped_vectors`.

    Returns
    -------
    (..., L, S) array
        Not scaled yet.

    Raises
    ------
    InvalidArgument
        As `clipped_vectors` does.

    References
    ----------
    Shaw, Uszkoreit and Vaswani, 2018, equation 4, :doi:`10.18653/v1/N18-2074`.

    Examples
    --------
    >>> import numpy as np
    >>> query, key = np.array([[2.0]]), np.array([[1.0], [1.0]])
    >>> shaw_scores(query, key, np.array([[-1, 0]]), np.array([[5.0], [0.0], [7.0]]))
    array([[12.,  2.]])
    """
    distance_keys = clipped_vectors(relative, table)
    extra = np.einsum("...le,lse->...ls", float64(query), distance_keys)
    return dot_product(query, key) + extra


def shaw_outputs(
    weights: Float[np.ndarray, "*batch L S"],
    value: Float[np.ndarray, "*batch S Ev"],
    relative: Int[np.ndarray, "L S"],
    table: Float[np.ndarray, "N Ev"],
) -> Float64[np.ndarray, "*batch L Ev"]:
    r"""Add to each value, as each query sees it, a vector for the distance.

    .. math:: o_i = \sum_j w_{ij} (v_j + a^V_{ij})

    Parameters
    ----------
    weights : (..., L, S) array
    value : (..., S, Ev) array
    relative : (L, S) array of int
        Key minus query.
    table : (2 k + 1, Ev) array
        As in `clipped_vectors`.

    Returns
    -------
    (..., L, Ev) array
        This is no bias: the outputs know the distances themselves.

    Raises
    ------
    InvalidArgument
        As `clipped_vectors` does.

    References
    ----------
    Shaw, Uszkoreit and Vaswani, 2018, equation 3, :doi:`10.18653/v1/N18-2074`.

    Examples
    --------
    >>> import numpy as np
    >>> weights, value = np.array([[0.5, 0.5]]), np.array([[1.0], [3.0]])
    >>> table = np.array([[10.0], [0.0], [20.0]])
    >>> shaw_outputs(weights, value, np.array([[-1, 0]]), table)
    array([[7.]])
    """
    seen = float64(value)[..., None, :, :] + clipped_vectors(relative, table)
    return np.einsum("...ls,...lse->...le", float64(weights), seen)


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


def relative_shift(
    x: Float[np.ndarray, "*batch L S"],
) -> Float64[np.ndarray, "*batch L S"]:
    r"""Turn columns that mean distances into columns that mean keys.

    .. math:: y_{ij} = x_{i,\; j + L - 1 - i}
              \;\text{ if there is such a column, else } 0

    Parameters
    ----------
    x : (..., L, S) array
        The last column is the distance 0, the one before it 1, and so on.

    Returns
    -------
    (..., L, S) array
        Row i is moved to the left until distance 0 stands at the query's own
        position, i + S - L. The places that fall free belong to keys after it.

    References
    ----------
    Dai et al., 2019, appendix B, :doi:`10.18653/v1/P19-1285`: theirs pads,
    reshapes and slices, and leaves numbers of the next row in the places that
    fall free. The causal mask hides them.

    Examples
    --------
    >>> import numpy as np
    >>> relative_shift(np.array([[2.0, 1.0, 0.0], [20.0, 10.0, 0.0]]))
    array([[ 1.,  0.,  0.],
           [20., 10.,  0.]])
    """
    queries, keys = x.shape[-2:]
    shifted = np.zeros(x.shape)
    for i in range(queries):
        left = min(queries - 1 - i, keys)
        shifted[..., i, : keys - left] = x[..., i, left:]
    return shifted


__all__ = [
    "clipped_vectors",
    "relative_shift",
    "shaw_outputs",
    "shaw_scores",
    "transformer_xl_scores",
]
