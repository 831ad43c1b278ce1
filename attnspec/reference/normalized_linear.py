"""Linear attention with a normalizer: weights of positive features that sum to one."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from attnspec.reference._arrays import definition, float64
from attnspec.reference.linear_attention import linear_attention


@definition
def normalized_linear_attention(
    query: Float[np.ndarray, "*batch N E"],
    key: Float[np.ndarray, "*batch N E"],
    value: Float[np.ndarray, "*batch N Ev"],
    /,
) -> Float64[np.ndarray, "*batch N Ev"]:
    r"""Divide by the sum of the weights, so that they sum to one.

    .. math:: o_i = \frac{\sum_{j \le i} (q_i \cdot k_j) \, v_j}
              {\sum_{j \le i} q_i \cdot k_j}

    Parameters
    ----------
    query, key, value : (..., N, E), (..., N, E) and (..., N, Ev) arrays
        Queries and keys after a positive feature map, as `elu_plus_one` is.

    Returns
    -------
    (..., N, Ev) array

    References
    ----------
    Katharopoulos et al., 2020, equation 9, :doi:`10.48550/arXiv.2006.16236`.
    flash-linear-attention adds 1e-10 to the denominator.

    Examples
    --------
    >>> import numpy as np
    >>> ones, value = np.ones((3, 1)), np.array([[0.0], [4.0], [8.0]])
    >>> normalized_linear_attention(ones, ones, value)[:, 0]
    array([0., 2., 4.])
    """
    ones = np.ones((*value.shape[:-1], 1))
    total, _ = linear_attention(query, key, ones)
    return linear_attention(query, key, value)[0] / total


@definition
def elu_plus_one(x: Float[np.ndarray, "*shape"]) -> Float64[np.ndarray, "*shape"]:
    r"""Make vectors positive, as linear attention with a normalizer needs them.

    .. math:: \varphi(x) = x + 1 \;\text{if}\; x > 0, \;\text{else}\; e^x

    Parameters
    ----------
    x : array

    Returns
    -------
    array
        Positive, of the same shape.

    References
    ----------
    Katharopoulos et al., 2020, equation 7, :doi:`10.48550/arXiv.2006.16236`.

    Examples
    --------
    >>> import numpy as np
    >>> elu_plus_one(np.array([0.0, 2.0]))
    array([1., 3.])
    """
    return np.where(x > 0.0, float64(x) + 1.0, np.exp(np.minimum(float64(x), 0.0)))


__all__ = ["elu_plus_one", "normalized_linear_attention"]
