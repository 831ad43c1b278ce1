"""Which keys a query may see: True attends, and all restrictions intersect."""

from __future__ import annotations

import functools

import numpy as np
from jaxtyping import Bool, Float, Int

from attnspec._checks import check_broadcast, check_places, check_together
from attnspec._typing import Alignment, Count, Window
from attnspec.reference._arrays import definition, float64


@definition
def positions(
    queries: Count, keys: Count, *, alignment: Alignment = "lower_right"
) -> Int[np.ndarray, "L"]:
    r"""Place each query on the axis of the keys.

    .. math::
        p_i = i + S - L \;\text{(lower right)}, \qquad
        p_i = i \;\text{(upper left)}

    With ``lower_right`` the last query stands at the last key, as when a sequence
    goes on behind a cache; with ``upper_left`` the first at the first.

    Parameters
    ----------
    queries, keys : int
        The numbers L and S.
    alignment : {"lower_right", "upper_left"}

    Returns
    -------
    (L,) array of int
        Negative for queries that stand before the first key.

    Raises
    ------
    InvalidArgument
        If the alignment is neither of the two.

    References
    ----------
    FlashAttention 2.1 changed from the upper left to the lower right; PyTorch
    2.3 names both, ``causal_upper_left`` and ``causal_lower_right``.

    Examples
    --------
    >>> positions(2, 5)
    array([3, 4])
    >>> positions(2, 5, alignment="upper_left")
    array([0, 1])
    >>> positions(3, 1)
    array([-2, -1,  0])
    """
    start = keys - queries if alignment == "lower_right" else 0
    return np.arange(start, start + queries)


@definition
def relative_positions(
    query_positions: Int[np.ndarray, "*batch L"],
    key_positions: Int[np.ndarray, "*batch S"],
) -> Int[np.ndarray, "*batch L S"]:
    r"""Count how far each key lies to the right of each query.

    .. math:: d_{ij} = j - p_i

    Parameters
    ----------
    query_positions, key_positions : (..., L) and (..., S) arrays of int

    Returns
    -------
    (..., L, S) array of int

    Examples
    --------
    >>> import numpy as np
    >>> relative_positions(np.array([1]), np.arange(3))
    array([[-1,  0,  1]])
    """
    return key_positions[..., None, :] - query_positions[..., :, None]


@definition
def causal(
    query_positions: Int[np.ndarray, "*batch L"],
    key_positions: Int[np.ndarray, "*batch S"],
) -> Bool[np.ndarray, "*batch L S"]:
    r"""Let each query see the keys up to its own position.

    .. math:: j \le p_i

    Parameters
    ----------
    query_positions, key_positions : (..., L) and (..., S) arrays of int

    Returns
    -------
    (..., L, S) array of bool
        A query before the first key sees none.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, section 3.2.3,
    :doi:`10.48550/arXiv.1706.03762`.

    Examples
    --------
    >>> import numpy as np
    >>> causal(positions(2, 3), np.arange(3))
    array([[ True,  True, False],
           [ True,  True,  True]])
    >>> causal(positions(2, 1), np.arange(1))[:, 0]
    array([False,  True])
    """
    return _band(relative_positions(query_positions, key_positions), None, 0)


@definition
def window(
    query_positions: Int[np.ndarray, "*batch L"],
    key_positions: Int[np.ndarray, "*batch S"],
    left: Count | None,
    right: Count | None,
) -> Bool[np.ndarray, "*batch L S"]:
    r"""Let each query see the keys within a distance on either side.

    .. math:: p_i - \mathit{left} \le j \le p_i + \mathit{right}

    Both distances are inclusive: (0, 0) is the query's own position alone.

    Parameters
    ----------
    query_positions, key_positions : (..., L) and (..., S) arrays of int
    left, right : int or None
        None is unlimited, so that (None, 0) is the causal mask.

    Returns
    -------
    (..., L, S) array of bool

    Raises
    ------
    InvalidArgument
        If a distance is negative.

    References
    ----------
    Beltagy, Peters and Cohan, "Longformer: The Long-Document Transformer",
    2020, :doi:`10.48550/arXiv.2004.05150`. Theirs counts w / 2 keys on each
    side; ours is the pair of FlashAttention 2.3, with None for its -1.

    Examples
    --------
    >>> import numpy as np
    >>> window(np.arange(3), np.arange(3), 1, 0)
    array([[ True, False, False],
           [ True,  True, False],
           [False,  True,  True]])
    """
    return _band(relative_positions(query_positions, key_positions), left, right)


def _band(
    distances: Int[np.ndarray, "*batch L S"], left: Count | None, right: Count | None
) -> Bool[np.ndarray, "*batch L S"]:
    """Select the distances from -left to right; None is unlimited."""
    low, high = -np.inf if left is None else -left, np.inf if right is None else right
    return (low <= distances) & (distances <= high)


@definition
def padding(lengths: Int[np.ndarray, "B"], keys: Count) -> Bool[np.ndarray, "B 1 1 S"]:
    r"""Hide the keys beyond the length of each sequence in a batch.

    .. math:: j < n_b

    Parameters
    ----------
    lengths : (B,) array of int
    keys : int
        The number S to which all sequences are padded.

    Returns
    -------
    (B, 1, 1, S) array of bool

    Raises
    ------
    InvalidArgument
        If a length is negative or greater than the number of keys.

    Examples
    --------
    >>> import numpy as np
    >>> padding(np.array([2, 0]), 3)[:, 0, 0]
    array([[ True,  True, False],
           [False, False, False]])
    """
    check_places("lengths", lengths, keys + 1)
    return np.arange(keys) < lengths[:, None, None, None]


@definition
def intersection(*masks: Bool[np.ndarray, "..."]) -> Bool[np.ndarray, "..."]:
    r"""Show the keys that every mask shows.

    .. math:: m = \bigwedge_n m_n

    Parameters
    ----------
    *masks : arrays of bool
        Broadcast against each other.

    Returns
    -------
    array of bool
        A single True if there is no mask.

    Examples
    --------
    >>> import numpy as np
    >>> intersection(np.array([True, True, False]), np.array([[True], [False]]))
    array([[ True,  True, False],
           [False, False, False]])
    """
    check_together("masks", *masks)
    everything = np.ones((), dtype=np.bool_)
    return np.asarray(functools.reduce(np.logical_and, masks, everything))


@definition
def visible_keys(
    queries: Count,
    keys: Count,
    *,
    mask: Bool[np.ndarray, "..."] | None = None,
    bias: Float[np.ndarray, "..."] | None = None,
    causal: bool = False,
    window: Window | None = None,
    alignment: Alignment = "lower_right",
) -> Bool[np.ndarray, "*batch L S"]:
    r"""Show the keys that mask, bias, causality and window all show.

    .. math:: m_{ij} \wedge (b_{ij} \ne -\infty) \wedge
              (j \le p_i) \wedge (p_i - \mathit{left} \le j \le p_i + \mathit{right})

    Parameters
    ----------
    queries, keys : int
        The numbers L and S.
    mask, bias : arrays, optional
        Broadcast to (..., L, S); of the bias only minus infinity matters here.
    causal : bool
        Hide the keys after each query's position.
    window : (int or None, int or None), optional
        Inclusive distances to the left and right.
    alignment : {"lower_right", "upper_left"}
        Where queries stand, for causality and window alike.

    Returns
    -------
    (..., L, S) array of bool

    Examples
    --------
    >>> import numpy as np
    >>> visible_keys(3, 3, causal=True, window=(1, None)).astype(int)
    array([[1, 0, 0],
           [1, 1, 0],
           [0, 1, 1]])
    >>> visible_keys(1, 2, mask=np.array([True, False]), bias=np.array([-np.inf, 0.0]))
    array([[False, False]])
    """
    for name, array in (("mask", mask), ("bias", bias)):
        check_broadcast(name, array, (..., queries, keys))
    at = positions(queries, keys, alignment=alignment)
    distances = relative_positions(at, np.arange(keys))
    past = _band(distances, None, 0 if causal else None)
    near = _band(distances, *(window or (None, None)))
    given = [] if mask is None else [mask]
    unhidden = [] if bias is None else [np.asarray(float64(bias) != -np.inf)]
    return intersection(past, near, *given, *unhidden)


__all__ = [
    "causal",
    "intersection",
    "padding",
    "positions",
    "relative_positions",
    "visible_keys",
    "window",
]
