"""Biases that say how far a key is from its query.

They take the distances of `attnspec.reference.masks.relative_positions`, key minus
query, and see nothing else of the positions.
"""

from __future__ import annotations

import bisect

import numpy as np
from jaxtyping import Float, Float64, Int

from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import float64


def alibi_slopes(heads: int) -> Float64[np.ndarray, "{heads}"]:
    r"""Give each head the slope at which it forgets.

    .. math:: m_h = 2^{-8 (h + 1) / H} \;\text{ for } H \text{ a power of two}

    For any other number of heads: the slopes for the next lower power of two, and
    then every other one of the slopes for twice as many, from the first.

    Parameters
    ----------
    heads : int

    Returns
    -------
    (heads,) array
        Between 0 and 1. Not sorted unless the number is a power of two.

    Raises
    ------
    InvalidArgument
        If there is no head.

    References
    ----------
    Press, Smith and Lewis, "Train Short, Test Long: Attention with Linear Biases
    Enables Input Length Extrapolation", 2021, section 3,
    :doi:`10.48550/arXiv.2108.12409`; other numbers of heads as in the authors'
    ``get_slopes``. Some kernels take the formula for any number of heads.

    Examples
    --------
    >>> alibi_slopes(8)
    array([0.5       , 0.25      , 0.125     , 0.0625    , 0.03125   ,
           0.015625  , 0.0078125 , 0.00390625])
    >>> alibi_slopes(3)
    array([0.0625    , 0.00390625, 0.25      ])
    """
    if heads < 1:
        msg = f"heads: expected at least 1, got {heads}"
        raise InvalidArgument(msg)
    power = 1 << (heads.bit_length() - 1)
    lower = np.exp2(-8.0 * np.arange(1, power + 1) / power)
    between = np.exp2(-4.0 * np.arange(1, 2 * power, 2) / power)
    return np.concatenate([lower, between])[:heads]


def alibi(
    relative: Int[np.ndarray, "L S"], slopes: Float[np.ndarray, "Hq"]
) -> Float64[np.ndarray, "Hq L S"]:
    r"""Make a bias that falls by a slope with each step away from the query.

    .. math:: b_{hij} = -m_h \, \lvert j - p_i \rvert

    Parameters
    ----------
    relative : (L, S) array of int
        Key minus query.
    slopes : (Hq,) array

    Returns
    -------
    (Hq, L, S) array
        Zero at the query's own position, falling on both sides.

    See Also
    --------
    alibi_signed : Falls to the left and rises to the right.

    References
    ----------
    Press, Smith and Lewis, 2021, section 3, :doi:`10.48550/arXiv.2108.12409`,
    for causal attention; FlashAttention has this form for keys on both sides.

    Examples
    --------
    >>> import numpy as np
    >>> alibi(np.array([[-2, -1, 0, 1]]), np.array([0.5]))
    array([[[-1. , -0.5, -0. , -0.5]]])
    """
    return -float64(slopes)[:, None, None] * np.abs(relative)


def alibi_signed(
    relative: Int[np.ndarray, "L S"], slopes: Float[np.ndarray, "Hq"]
) -> Float64[np.ndarray, "Hq L S"]:
    r"""Make a bias that rises by a slope with each step to the right.

    .. math:: b_{hij} = m_h \, (j - p_i)

    Parameters
    ----------
    relative : (L, S) array of int
        Key minus query.
    slopes : (Hq,) array

    Returns
    -------
    (Hq, L, S) array
        The same as `alibi` up to the query's position. Behind it keys gain with
        distance: fit for causal attention alone.

    References
    ----------
    Press, Smith and Lewis, 2021, section 3, :doi:`10.48550/arXiv.2108.12409`.
    FlashInfer and attention-gym have this form, without the offset S - L: what
    is left out is the same for a whole row, and shows in its logsumexp alone.

    Examples
    --------
    >>> import numpy as np
    >>> alibi_signed(np.array([[-2, -1, 0, 1]]), np.array([0.5]))
    array([[[-1. , -0.5,  0. ,  0.5]]])
    """
    return float64(slopes)[:, None, None] * relative


def t5_buckets(
    relative: Int[np.ndarray, "*shape"],
    *,
    buckets: int = 32,
    max_distance: int = 128,
    bidirectional: bool = True,
) -> Int[np.ndarray, "*shape"]:
    r"""Sort distances into buckets: one each for the near, ever wider for the far.

    .. math::
        \beta(n) = \begin{cases}
            n & n < e \\
            \min \Bigl( b - 1,\; e + \Bigl\lfloor (b - e)
            \frac{\log(n / e)}{\log(D / e)} \Bigr\rfloor \Bigr) & n \ge e
        \end{cases} \qquad e = \lfloor b / 2 \rfloor

    Bidirectional: n is the distance, b half of the buckets, and the upper half is
    for keys to the right. Otherwise n is the distance to the left, 0 for all keys
    to the right, and b all of the buckets.

    Parameters
    ----------
    relative : array of int
        Key minus query.
    buckets : int
        At least 2; bidirectional, at least 4 and even.
    max_distance : int
        The D of the formula, above e: from here on there is one bucket.
    bidirectional : bool

    Returns
    -------
    array of int
        From 0 to `buckets` - 1. The logarithm is taken in whole numbers, so that
        no rounding moves a distance into another bucket.

    Raises
    ------
    InvalidArgument
        If there are too few buckets, or the maximal distance is too short.

    References
    ----------
    Raffel et al., "Exploring the Limits of Transfer Learning with a Unified
    Text-to-Text Transformer", 2020, section 2.1, :doi:`10.48550/arXiv.1910.10683`;
    the formula is that of ``_relative_position_bucket`` in their code, theirs in
    float32.

    Examples
    --------
    >>> import numpy as np
    >>> t5_buckets(np.array([-200, -16, -8, -1, 0, 1, 8, 16, 200]))
    array([15, 10,  8,  1,  0, 17, 24, 26, 31])
    >>> t5_buckets(np.array([-200, -16, -8, -1, 0, 1]), bidirectional=False)
    array([31, 16,  8,  1,  0,  0])
    """
    _check_buckets(buckets, max_distance, bidirectional=bidirectional)
    count = buckets // 2 if bidirectional else buckets
    distance = np.abs(relative) if bidirectional else np.maximum(-relative, 0)
    edges = _bucket_edges(count, max_distance)
    upper = count * ((relative > 0) & bidirectional)
    return upper + np.searchsorted(edges, distance, side="right") - 1


def t5_bias(
    relative: Int[np.ndarray, "L S"],
    table: Float[np.ndarray, "N Hq"],
    *,
    max_distance: int = 128,
    bidirectional: bool = True,
) -> Float64[np.ndarray, "Hq L S"]:
    r"""Make a bias that was learned for each bucket of distances and each head.

    .. math:: b_{hij} = T_{\beta(j - p_i),\, h}

    Parameters
    ----------
    relative : (L, S) array of int
        Key minus query.
    table : (buckets, Hq) array
    max_distance : int
    bidirectional : bool
        Keys on both sides (an encoder), or on the left alone (a decoder).

    Returns
    -------
    (Hq, L, S) array
        T5 adds it to dot products that no scale has touched: scale = 1.

    Raises
    ------
    InvalidArgument
        As `t5_buckets` does.

    References
    ----------
    Raffel et al., 2020, section 2.1, :doi:`10.48550/arXiv.1910.10683`.

    Examples
    --------
    >>> import numpy as np
    >>> table = np.arange(4.0)[:, None]
    >>> t5_bias(np.array([[-5, 0, 5]]), table, max_distance=4)
    array([[[1., 0., 3.]]])
    """
    chosen = t5_buckets(
        relative,
        buckets=len(table),
        max_distance=max_distance,
        bidirectional=bidirectional,
    )
    return np.moveaxis(float64(table)[chosen], -1, 0)


def _check_buckets(buckets: int, max_distance: int, *, bidirectional: bool) -> None:
    """Demand at least one bucket for the near and one for the far."""
    sides = 2 if bidirectional else 1
    if buckets < 2 * sides or buckets % sides:
        rule = "an even number, at least 4" if bidirectional else "at least 2"
        msg = f"buckets: expected {rule}, got {buckets}"
        raise InvalidArgument(msg)
    if max_distance <= (exact := buckets // sides // 2):
        msg = f"max_distance: expected more than {exact}, got {max_distance}"
        raise InvalidArgument(msg)


def _bucket_edges(count: int, max_distance: int) -> Int[np.ndarray, "{count}"]:
    """Find the least distance of each bucket, in whole numbers."""
    exact = count // 2
    wide = count - exact
    far = range(exact, max_distance + 1)
    edges = list(range(exact))
    for k in range(wide):
        # wide log(n / e) / log(D / e) >= k is n^wide e^k >= D^k e^wide.
        least = max_distance**k * exact**wide

        def reach(n: int, power: int = exact**k) -> int:
            return n**wide * power

        edges.append(far[bisect.bisect_left(far, least, key=reach)])
    return np.array(edges)


__all__ = ["alibi", "alibi_signed", "alibi_slopes", "t5_bias", "t5_buckets"]
