"""A bias that falls with the distance of a key from its query: ALiBi.

It takes the distances of `attnspec.reference.masks.relative_positions`, key minus
query, and sees nothing else of the positions.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Int

from attnspec._typing import Size
from attnspec.reference._arrays import definition, float64


@definition
def alibi_slopes(heads: Size) -> Float64[np.ndarray, "{heads}"]:
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
    power = 1 << (heads.bit_length() - 1)
    lower = np.exp2(-8.0 * np.arange(1, power + 1) / power)
    between = np.exp2(-4.0 * np.arange(1, 2 * power, 2) / power)
    return np.concatenate([lower, between])[:heads]


@definition
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


@definition
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


__all__ = ["alibi", "alibi_signed", "alibi_slopes"]
