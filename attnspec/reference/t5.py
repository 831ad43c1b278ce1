"""A bias that is learned for each bucket of distances: T5.

It takes the distances of `attnspec.reference.masks.relative_positions`, key minus
query, and sees nothing else of the positions.
"""

from __future__ import annotations

import bisect

import numpy as np
from jaxtyping import Float, Float64, Int

from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import definition, float64


@definition
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


@definition
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


__all__ = ["t5_bias", "t5_buckets"]
