"""Keys and values that belong to a distance: the relative positions of Shaw et al."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Int

from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import definition, float64
from attnspec.reference.scores import dot_product


@definition
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


@definition
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


@definition
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


__all__ = ["clipped_vectors", "shaw_outputs", "shaw_scores"]
