"""Absolute positions by the sines and cosines of many clocks."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Real

from attnspec._typing import Even, Positive
from attnspec.reference._arrays import definition


@definition
def frequencies(width: Even, *, base: Positive = 10_000.0) -> Float64[np.ndarray, "N"]:
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
    return base ** (-2.0 * np.arange(width // 2) / max(width, 1))


@definition
def sinusoidal(
    positions: Real[np.ndarray, "*shape"], width: Even, *, base: Positive = 10_000.0
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


__all__ = ["frequencies", "sinusoidal"]
