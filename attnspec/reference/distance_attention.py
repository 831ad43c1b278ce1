"""Scores that depend on the distance alone: the attention that is a convolution."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from attnspec._checks import check_places
from attnspec._typing import Count, Finite, Size
from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import definition, float64
from attnspec.reference.attention import attention
from attnspec.reference.band_cost import band
from attnspec.reference.softmax import softmax_with_sink


@definition
def distance_scores(
    scores: Float[np.ndarray, "T"], length: Count, *, left: int
) -> Float64[np.ndarray, "N N"]:
    r"""Lay one score for each distance along the diagonals of a matrix.

    .. math:: b_{ij} = s_{j - i + \mathit{left}}, \;\text{or}\; -\infty
              \;\text{where there is none}

    Parameters
    ----------
    scores : (T,) array
        For the distances from -left to T - 1 - left.
    length : int
        The number N of steps.
    left : int

    Returns
    -------
    (N, N) array
        The bias of an attention; what lies outside the band is hidden.

    Raises
    ------
    InvalidArgument
        If `left` is not one of the T places.

    References
    ----------
    Shaw, Uszkoreit and Vaswani, "Self-Attention with Relative Position
    Representations", 2018, :doi:`10.18653/v1/N18-2074`.

    Examples
    --------
    >>> import numpy as np
    >>> distance_scores(np.array([1.0, 2.0]), 3, left=1)
    array([[  2., -inf, -inf],
           [  1.,   2., -inf],
           [-inf,   1.,   2.]])
    """
    check_places("left", np.array([left]), len(scores))
    place = np.arange(length) - np.arange(length)[:, None] + left
    within = (place >= 0) & (place < len(scores))
    return np.where(within, float64(scores)[np.where(within, place, 0)], -np.inf)


@definition
def relative_attention(
    scores: Float[np.ndarray, "T"], value: Float[np.ndarray, "N Ev"], *, left: int
) -> Float64[np.ndarray, "N Ev"]:
    r"""Attend by distance alone, whatever the vectors say.

    .. math:: o_i = \sum_j \operatorname{softmax}_j (s_{j - i + \mathit{left}}) \, v_j

    Parameters
    ----------
    scores : (T,) array
        For the distances from -left to T - 1 - left.
    value : (N, Ev) array
    left : int

    Returns
    -------
    (N, Ev) array

    Raises
    ------
    InvalidArgument
        If `left` is not one of the T places.

    References
    ----------
    Press, Smith and Lewis, "Train Short, Test Long", 2022, has such scores beside
    those of the content, :doi:`10.48550/arXiv.2108.12409`.

    Examples
    --------
    >>> import numpy as np
    >>> relative_attention(np.zeros(2), np.array([[0.0], [4.0], [8.0]]), left=1)[:, 0]
    array([0., 2., 6.])
    """
    nothing = np.zeros((1, 1, len(value), 0))
    bias = distance_scores(scores, len(value), left=left)
    return attention(nothing, nothing, value[None, None], bias=bias)[0, 0]


@definition
def renormalized_convolution(
    kernel: Float[np.ndarray, "T"], value: Float[np.ndarray, "N Ev"], *, left: int
) -> Float64[np.ndarray, "N Ev"]:
    r"""Average the neighbors that exist, with weights that always sum to one.

    .. math:: y_i = \frac{\sum_{t \,\text{inside}} k_t \, x_{i + t - \mathit{left}}}
              {\sum_{t \,\text{inside}} k_t}

    It is the border rule of a mask: with k the softmax of the scores this is
    `relative_attention`, on the border as within.

    Parameters
    ----------
    kernel : (T,) array
        Positive.
    value : (N, Ev) array
    left : int
        How many taps lie before the own step.

    Returns
    -------
    (N, Ev) array

    Raises
    ------
    InvalidArgument
        If the kernel is not positive or `left` is not one of its places.

    References
    ----------
    Knutsson and Westin, "Normalized and Differential Convolution", 1993,
    :doi:`10.1109/CVPR.1993.341081`.

    Examples
    --------
    >>> import numpy as np
    >>> value = np.array([[0.0], [4.0], [8.0]])
    >>> renormalized_convolution(np.array([0.5, 0.5]), value, left=1)[:, 0]
    array([0., 2., 6.])
    """
    if wrong := [float(number) for number in kernel if not 0.0 < number < np.inf]:
        msg = f"kernel: expected positive finite numbers, got {wrong[0]}"
        raise InvalidArgument(msg)
    size = len(kernel)
    check_places("left", np.array([left]), size)
    indices, inside = band(len(value), len(value), (left, size - 1 - left))
    shares = np.where(inside, float64(kernel), 0.0)
    found = float64(value)[np.where(inside, indices, 0)]
    sums = shares.sum(axis=1, keepdims=True)
    return np.einsum("nt,nte->ne", shares, found) / sums


@definition
def sharpened_taps(
    length: Count, size: Size, left: int, *, sharpness: Finite
) -> Float64[np.ndarray, "T N N"]:
    r"""Let attention find each tap by itself, from scores of the distance and a sink.

    .. math:: s_{tij} = -\mathit{sharpness} \; (j - i - t + \mathit{left})^2,
              \qquad \mathit{sink} = -\mathit{sharpness} / 2

    As the sharpness grows the weights of head t become those of `tap_weights`; in
    float64 they are equal from 1600 on, where every other weight underflows. The
    sink takes the whole weight of a tap beyond the border: there it finds zero.

    Parameters
    ----------
    length, size, left : int
        As in `taps`.
    sharpness : float

    Returns
    -------
    (T, N, N) array

    References
    ----------
    Cordonnier, Loukas and Jaggi, 2020, section 3, with the quadratic encoding,
    :doi:`10.48550/arXiv.1911.03584`. The sink at the border is ours.

    Examples
    --------
    >>> from attnspec.reference.convolution import tap_weights
    >>> sharp = sharpened_taps(4, 3, 1, sharpness=1600.0)
    >>> np.array_equal(sharp, tap_weights(4, 3, 1))
    True
    """
    steps, targets = np.arange(length), np.arange(size) - left
    distance = steps - steps[:, None] - targets[:, None, None]
    scores = -sharpness * (distance * distance)
    return softmax_with_sink(scores, None, np.full(1, -sharpness / 2.0))


__all__ = [
    "distance_scores",
    "relative_attention",
    "renormalized_convolution",
    "sharpened_taps",
]
