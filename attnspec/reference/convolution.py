"""Convolution as attention: weights that depend on the distance alone.

A convolution here is what deep learning calls one: the kernel is not reversed. Its
tap t looks at the step t - left from its own. What it finds beyond the border is
said by the border rule.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

from attnspec._checks import check_least
from attnspec._typing import Count, Size
from attnspec.reference._arrays import definition, float64
from attnspec.reference.attention import weighted_sum

Border = Literal["zero", "clip", "shifted"]
"""What a tap finds beyond the border.

``zero`` nothing; ``clip`` the nearest step that exists; ``shifted`` none goes beyond,
since the whole window moves inside.
"""


@definition
def taps(
    length: Count, size: Size, left: int, *, border: Border = "zero"
) -> tuple[Int[np.ndarray, "N T"], Bool[np.ndarray, "N T"]]:
    r"""Say at which step each tap of a kernel looks, and whether that exists.

    .. math::
        j_{it} = \begin{cases}
        i + t - \mathit{left} & \text{zero} \\
        \min(\max(i + t - \mathit{left}, 0), N - 1) & \text{clip} \\
        \min(\max(i - \mathit{left}, 0), N - T) + t & \text{shifted}
        \end{cases}

    Parameters
    ----------
    length : int
        The number N of steps.
    size : int
        The number T of taps.
    left : int
        How many of them lie before the own step; ``size // 2`` is centered, and
        ``size - 1`` is causal.
    border : {"zero", "clip", "shifted"}

    Returns
    -------
    indices : (N, T) array of int
    inside : (N, T) array of bool
        False where there is no such step; only with the border ``zero``.

    Raises
    ------
    InvalidArgument
        If there is no tap, an unknown border, or a shifted window that is wider
        than the sequence.

    Examples
    --------
    >>> taps(3, 3, 1, border="clip")[0]
    array([[0, 0, 1],
           [0, 1, 2],
           [1, 2, 2]])
    >>> taps(3, 3, 1, border="shifted")[0]
    array([[0, 1, 2],
           [0, 1, 2],
           [0, 1, 2]])
    """
    start = np.arange(length) - left
    if border == "shifted":
        check_least("length", length, size)
        start = np.clip(start, 0, length - size)
    indices = start[:, None] + np.arange(size)
    if border == "clip":
        indices = np.clip(indices, 0, length - 1)
    return indices, (indices >= 0) & (indices < length)


@definition
def convolve(
    x: Float[np.ndarray, "N C"],
    kernel: Float[np.ndarray, "T C D"],
    *,
    left: int,
    border: Border = "zero",
) -> Float64[np.ndarray, "N D"]:
    r"""Slide a kernel along a sequence.

    .. math:: y_i = \sum_{t \,\text{inside}} x_{j_{it}} \, K_t

    Parameters
    ----------
    x : (N, C) array
    kernel : (T, C, D) array
        A matrix for each tap, of any sign.
    left : int
        How many taps lie before the own step.
    border : {"zero", "clip", "shifted"}
        As in `taps`.

    Returns
    -------
    (N, D) array

    Raises
    ------
    InvalidArgument
        If the kernel has other channels than the sequence, or as `taps` does.

    References
    ----------
    LeCun et al., "Backpropagation Applied to Handwritten Zip Code Recognition",
    1989, :doi:`10.1162/neco.1989.1.4.541`; in one dimension Waibel et al.,
    "Phoneme Recognition Using Time-Delay Neural Networks", 1989,
    :doi:`10.1109/29.21701`.

    Examples
    --------
    >>> import numpy as np
    >>> x, difference = np.array([[1.0], [4.0], [9.0]]), np.array([[[-1.0]], [[1.0]]])
    >>> convolve(x, difference, left=1)[:, 0]
    array([1., 3., 5.])
    >>> convolve(x, difference, left=1, border="clip")[:, 0]
    array([0., 3., 5.])
    """
    indices, inside = taps(len(x), len(kernel), left, border=border)
    found = np.where(inside[..., None], float64(x)[np.where(inside, indices, 0)], 0.0)
    return np.einsum("ntc,tcd->nd", found, float64(kernel))


@definition
def tap_weights(
    length: Count, size: Size, left: int, *, border: Border = "zero"
) -> Float64[np.ndarray, "T N N"]:
    r"""Write each tap as the weights of one head, which copies the step it looks at.

    .. math:: w_{tij} = 1 \;\text{if}\; j = j_{it} \text{ exists, else } 0

    Parameters
    ----------
    length, size, left, border
        As in `taps`.

    Returns
    -------
    (T, N, N) array
        Rows are one-hot, or zero where a tap finds nothing.

    Raises
    ------
    InvalidArgument
        As `taps` does.

    References
    ----------
    Cordonnier, Loukas and Jaggi, "On the Relationship between Self-Attention and
    Convolutional Layers", 2020, theorem 1, :doi:`10.48550/arXiv.1911.03584`.

    Examples
    --------
    >>> tap_weights(3, 2, 1).astype(int)
    array([[[0, 0, 0],
            [1, 0, 0],
            [0, 1, 0]],
    <BLANKLINE>
           [[1, 0, 0],
            [0, 1, 0],
            [0, 0, 1]]])
    """
    indices, inside = taps(length, size, left, border=border)
    hits = (indices[..., None] == np.arange(length)) & inside[..., None]
    return hits.swapaxes(0, 1).astype(np.float64)


@definition
def attend_by_taps(
    x: Float[np.ndarray, "N C"],
    kernel: Float[np.ndarray, "T C D"],
    weights: Float[np.ndarray, "T N N"],
) -> Float64[np.ndarray, "N D"]:
    r"""Compute a convolution as multi-head attention with one head for each tap.

    .. math:: y = \sum_t w_t \, (x \, K_t)

    The matrix of a tap is the value projection of its head, times its part of the
    output projection.

    Parameters
    ----------
    x : (N, C) array
        Steps, or pixels row by row.
    kernel : (T, C, D) array
    weights : (T, N, N) array
        Of each head, as `tap_weights` gives them or attention finds them.

    Returns
    -------
    (N, D) array

    Raises
    ------
    InvalidArgument
        If the kernel has other channels than the sequence, or other taps than heads.

    References
    ----------
    Cordonnier, Loukas and Jaggi, 2020, section 3,
    :doi:`10.48550/arXiv.1911.03584`.

    Examples
    --------
    >>> import numpy as np
    >>> x, kernel = np.array([[1.0], [4.0]]), np.array([[[-1.0]], [[1.0]]])
    >>> attend_by_taps(x, kernel, tap_weights(2, 2, 1))[:, 0]
    array([1., 3.])
    """
    values = np.einsum("nc,tcd->tnd", float64(x), float64(kernel))
    return weighted_sum(weights, values).sum(axis=0)


__all__ = ["Border", "attend_by_taps", "convolve", "tap_weights", "taps"]
