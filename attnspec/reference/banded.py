"""Truncated attention: compute a band of the matrix; what is lost and what is won."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

from attnspec._checks import check_broadcast
from attnspec._typing import Alignment, Count, Finite
from attnspec.reference._arrays import definition, float64
from attnspec.reference.attention import weighted_sum
from attnspec.reference.band_cost import band
from attnspec.reference.heads import group_count, repeat_kv
from attnspec.reference.scores import scaled_dot_product
from attnspec.reference.softmax import softmax


@definition
def banded_attention(
    query: Float[np.ndarray, "B Hq L E"],
    key: Float[np.ndarray, "B Hkv S E"],
    value: Float[np.ndarray, "B Hkv S Ev"],
    /,
    *,
    window: tuple[Count, Count],
    scale: Finite | None = None,
    alignment: Alignment = "lower_right",
) -> Float64[np.ndarray, "B Hq L Ev"]:
    r"""Attend within a window, touching no key outside of it.

    .. math:: o_i = \sum_{w \,\text{inside}}
              \operatorname{softmax}_w (\mathit{scale} \; q_i \cdot k_{j_{iw}})
              \; v_{j_{iw}}

    Parameters
    ----------
    query : (B, Hq, L, E) array
    key : (B, Hkv, S, E) array
    value : (B, Hkv, S, Ev) array
    window : (int, int)
        Inclusive distances to the left and right.
    scale : float, optional
        One over the root of E by default.
    alignment : {"lower_right", "upper_left"}
        Where queries stand.

    Returns
    -------
    (B, Hq, L, Ev) array
        What `attention` gives with the same window, in L times W dot products.

    Raises
    ------
    InvalidArgument
        If a distance is negative, or as `attention` does.

    References
    ----------
    Povey et al., "A Time-Restricted Self-Attention Layer for ASR", 2018,
    :doi:`10.1109/ICASSP.2018.8462497`; Beltagy, Peters and Cohan, "Longformer",
    2020, :doi:`10.48550/arXiv.2004.05150`.

    Examples
    --------
    >>> import numpy as np
    >>> query = key = np.zeros((1, 1, 3, 1))
    >>> value = np.array([[[[0.0], [4.0], [8.0]]]])
    >>> banded_attention(query, key, value, window=(1, 0))[0, 0, :, 0]
    array([0., 2., 6.])
    """
    groups = group_count(query.shape[1], key.shape[1])
    length, keys = query.shape[2], key.shape[2]
    # Nothing is farther apart than the longer side is long.
    left, right = (min(distance, max(length, keys)) for distance in window)
    indices, inside = band(length, keys, (left, right), alignment=alignment)
    near_key, near_value = (_near(repeat_kv(x, groups), indices) for x in (key, value))
    scores = scaled_dot_product(query[..., None, :], near_key, scale=scale)
    weights = softmax(scores, inside[:, None])
    return weighted_sum(weights, near_value)[..., 0, :]


def _near(
    array: Float[np.ndarray, "B Hq S E"], indices: Int[np.ndarray, "L W"]
) -> Float64[np.ndarray, "B Hq L W E"]:
    """Gather what the indices point to; zeros where that does not exist."""
    exists = (indices >= 0) & (indices < array.shape[2])
    nothing = np.zeros((*array.shape[:2], 1, array.shape[3]))
    padded = np.concatenate([nothing, float64(array)], axis=2)
    return padded[:, :, np.where(exists, indices + 1, 0)]


@definition
def zeroed_after(
    weights: Float[np.ndarray, "*batch L S"], mask: Bool[np.ndarray, "..."]
) -> Float64[np.ndarray, "*batch L S"]:
    r"""Fill hidden weights with zero *after* the normalizer: not what a mask means.

    .. math:: w'_{ij} = m_{ij} \, w_{ij}, \qquad
              w^{\text{masked}}_{ij} = w'_{ij} \Big/ \sum_{j'} w'_{ij'}

    The rows sum to less than one, by what the hidden keys have taken; only when
    they are divided by their sum are they the weights of masked attention.

    Parameters
    ----------
    weights : (..., L, S) array
        A softmax over all keys.
    mask : array of bool
        Broadcasts to the weights; True attends.

    Returns
    -------
    (..., L, S) array

    Examples
    --------
    >>> import numpy as np
    >>> zeroed_after(np.array([[0.25, 0.25, 0.5]]), np.array([True, True, False]))
    array([[0.25, 0.25, 0.  ]])
    """
    check_broadcast("mask", mask, weights.shape)
    return np.where(mask, float64(weights), 0.0)


@definition
def reach(mask: Bool[np.ndarray, "N N"], layers: Count) -> Bool[np.ndarray, "N N"]:
    r"""Say which inputs can reach which outputs through several layers.

    .. math:: m^{(0)} = 1, \qquad
              m^{(n)}_{ij} = \bigvee_k m_{ik} \wedge m^{(n-1)}_{kj}

    Parameters
    ----------
    mask : (N, N) array of bool
        What one layer sees.
    layers : int
        Without any, each output is its own input.

    Returns
    -------
    (N, N) array of bool

    Raises
    ------
    InvalidArgument
        If the number of layers is negative.

    References
    ----------
    Luo et al., "Understanding the Effective Receptive Field in Deep
    Convolutional Neural Networks", 2016, :doi:`10.48550/arXiv.1701.04128`.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.tri(5, dtype=bool) & ~np.tri(5, k=-2, dtype=bool)
    >>> reach(one, 3)[4].astype(int)
    array([0, 1, 1, 1, 1])
    """
    return np.linalg.matrix_power(mask, layers)


__all__ = ["banded_attention", "reach", "zeroed_after"]
