"""The positive part of each score in the place of the softmax.

As in `softmax`, hidden scores are selected away, a score of minus infinity hides its
key, and a row without visible keys is zero.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64

from attnspec._typing import Finite
from attnspec.reference._arrays import definition
from attnspec.reference._score_rows import selected


@definition
def relu_by_length(
    scores: Float[np.ndarray, "*rows S"],
    mask: Bool[np.ndarray, "*#rows #S"] | None = None,
    *,
    power: Finite = 1.0,
) -> Float64[np.ndarray, "*rows S"]:
    r"""Weigh each visible key by its positive score over the number of all keys.

    .. math:: w_j = \max(s_j, 0) / S^a
              \;\text{if } j \text{ is visible, else } 0

    Parameters
    ----------
    scores : (..., S) array
    mask : array of bool, optional
        Broadcasts to the shape of `scores`; True attends.
    power : float
        The a of the formula.

    Returns
    -------
    (..., S) array
        Not negative. Hidden keys count in the divisor: padding changes the
        weights.

    See Also
    --------
    relu_by_visible : Divides by the number of visible keys.

    References
    ----------
    Wortsman et al., "Replacing softmax with ReLU in Vision Transformers", 2023,
    :doi:`10.48550/arXiv.2309.08586`, where a of about 1 is best. Without a mask
    the divisor is undisputed; with one it has to be said.

    Examples
    --------
    >>> import numpy as np
    >>> relu_by_length(np.array([2.0, -1.0, 4.0, 9.0]), np.arange(4) < 3)
    array([0.5, 0. , 1. , 0. ])
    """
    positive = np.maximum(selected(scores, mask), 0.0)
    return positive / np.float64(scores.shape[-1]) ** power


@definition
def relu_by_visible(
    scores: Float[np.ndarray, "*rows S"],
    mask: Bool[np.ndarray, "*#rows #S"] | None = None,
    *,
    power: Finite = 1.0,
) -> Float64[np.ndarray, "*rows S"]:
    r"""Weigh each visible key by its positive score over the number of visible keys.

    .. math:: w_j = \max(s_j, 0) / n^a
              \;\text{if } j \text{ is visible, else } 0,
              \quad n = \#\{j \,\text{visible}\}

    Parameters
    ----------
    scores : (..., S) array
    mask : array of bool, optional
        Broadcasts to the shape of `scores`; True attends.
    power : float
        The a of the formula.

    Returns
    -------
    (..., S) array
        Not negative. Padding changes nothing.

    See Also
    --------
    relu_by_length : Divides by the number of all keys.

    References
    ----------
    Wortsman et al., 2023, :doi:`10.48550/arXiv.2309.08586`; the count of the
    visible is what its divisor means where rows differ in it.

    Examples
    --------
    >>> import numpy as np
    >>> relu_by_visible(np.array([3.0, -1.0, 6.0, 9.0]), np.arange(4) < 3)
    array([1., 0., 2., 0.])
    """
    shown = selected(scores, mask)
    visible = np.sum(~np.isneginf(shown), axis=-1, keepdims=True)
    return np.maximum(shown, 0.0) / np.maximum(visible, 1.0) ** power


__all__ = ["relu_by_length", "relu_by_visible"]
