"""Absolute positions: a vector for each place, added to what stands there."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Float64, Int, Real

from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import float64


def frequencies(width: int, *, base: float = 10_000.0) -> Float64[np.ndarray, "N"]:
    r"""Give the turning speed of each pair of entries, from fast to slow.

    .. math:: \theta_n = \mathit{base}^{-2 n / \mathit{width}},
              \qquad n = 0, \dots, \mathit{width} / 2 - 1

    Parameters
    ----------
    width : int
        Even: two entries turn together.
    base : float
        Positive and finite; about the wave length of the slowest pair over 2 pi.

    Returns
    -------
    (width / 2,) array
        Radians for each position; the first is 1.

    Raises
    ------
    InvalidArgument
        If the width is odd or negative, or the base not positive and finite.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, section 3.5,
    :doi:`10.48550/arXiv.1706.03762`.

    Examples
    --------
    >>> frequencies(4)
    array([1.  , 0.01])
    >>> frequencies(4, base=256.0)
    array([1.    , 0.0625])
    """
    if width < 0 or width % 2:
        msg = f"width: expected an even number, not negative, got {width}"
        raise InvalidArgument(msg)
    if not 0.0 < base < math.inf:
        msg = f"base: expected a positive finite number, got {base}"
        raise InvalidArgument(msg)
    return base ** (-2.0 * np.arange(width // 2) / max(width, 1))


def sinusoidal(
    positions: Real[np.ndarray, "*shape"], width: int, *, base: float = 10_000.0
) -> Float64[np.ndarray, "*shape {width}"]:
    r"""Label a position by the sines and cosines of many clocks.

    .. math::
        e_{2n}(p) = \sin(\theta_n p), \qquad e_{2n + 1}(p) = \cos(\theta_n p)

    Parameters
    ----------
    positions : array of numbers
        Any of them: negative ones and fractions, too.
    width : int
        Even.
    base : float
        Positive and finite.

    Returns
    -------
    (..., width) array
        Every vector is of length root of width / 2.

    Raises
    ------
    InvalidArgument
        As `frequencies` does.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, section 3.5,
    :doi:`10.48550/arXiv.1706.03762`. Their text alternates sines and cosines;
    their code, tensor2tensor, puts all sines first: the same up to an order of
    the entries, and up to its last frequency, which is exactly 1 / base.

    Examples
    --------
    >>> import numpy as np
    >>> sinusoidal(np.array([0, 1]), 4).round(4)
    array([[0.    , 1.    , 0.    , 1.    ],
           [0.8415, 0.5403, 0.01  , 1.    ]])
    """
    angles = np.multiply.outer(
        positions.astype(np.float64), frequencies(width, base=base)
    )
    pairs = np.stack([np.sin(angles), np.cos(angles)], axis=-1)
    return pairs.reshape(*positions.shape, width)


def learned(
    positions: Int[np.ndarray, "*shape"], table: Float[np.ndarray, "N D"]
) -> Float64[np.ndarray, "*shape D"]:
    r"""Label a position by its own row of a table.

    .. math:: e(p) = T_p

    Parameters
    ----------
    positions : array of int
    table : (N, D) array

    Returns
    -------
    (..., D) array

    Raises
    ------
    InvalidArgument
        If a position is outside the table: nothing was learned for it.

    References
    ----------
    Gehring et al., "Convolutional Sequence to Sequence Learning", 2017, section
    3.1, :doi:`10.48550/arXiv.1705.03122`.

    Examples
    --------
    >>> import numpy as np
    >>> learned(np.array([2, 0]), np.array([[5.0], [6.0], [7.0]]))
    array([[7.],
           [5.]])
    """
    outside = positions[(positions < 0) | (positions >= len(table))]
    if outside.size:
        msg = f"positions: expected 0 to {len(table) - 1}, got {outside.flat[0]}"
        raise InvalidArgument(msg)
    return float64(table)[positions]


def placed(
    x: Float[np.ndarray, "*batch L D"], encoding: Float[np.ndarray, "*#batch L D"]
) -> Float64[np.ndarray, "*batch L D"]:
    r"""Add to each vector the label of its place.

    .. math:: x_i + e(p_i)

    Parameters
    ----------
    x : (..., L, D) array
    encoding : (..., L, D) array
        What `sinusoidal` or `learned` gives.

    Returns
    -------
    (..., L, D) array

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, section 3.5,
    :doi:`10.48550/arXiv.1706.03762`, where x is multiplied by the root of D
    before.

    Examples
    --------
    >>> import numpy as np
    >>> placed(np.array([[1.0], [1.0]]), np.array([[0.5], [-0.5]]))
    array([[1.5],
           [0.5]])
    """
    return float64(x) + float64(encoding)


__all__ = ["frequencies", "learned", "placed", "sinusoidal"]
