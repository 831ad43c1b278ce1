"""Other ways from scores to weights than the softmax, and what they give up.

All take scores and a mask as `softmax` does and can stand in its place. Hidden
scores are selected away, a score of minus infinity hides its key, and a row
without visible keys is zero, as there.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64
from scipy.special import expit

from attnspec.reference._arrays import float64, ieee


def sigmoid(
    scores: Float[np.ndarray, "*rows S"],
    mask: Bool[np.ndarray, "*#rows #S"] | None = None,
    *,
    offset: float = 0.0,
) -> Float64[np.ndarray, "*rows S"]:
    r"""Judge each visible key alone, by the logistic function of its score.

    .. math:: w_j = \frac{1}{1 + e^{-(s_j + b)}}
              \;\text{if } j \text{ is visible, else } 0

    Parameters
    ----------
    scores : (..., S) array
    mask : array of bool, optional
        Broadcasts to the shape of `scores`; True attends.
    offset : float
        The b of the formula. The paper advises minus the logarithm of the
        length, so that equal scores of zero sum to about one.

    Returns
    -------
    (..., S) array
        From zero to one each; a row sums to anything from zero to S.

    References
    ----------
    Ramapuram et al., "Theory, Analysis, and Best Practices for Sigmoid
    Self-Attention", 2024, :doi:`10.48550/arXiv.2409.04431`.

    Examples
    --------
    >>> import numpy as np
    >>> sigmoid(np.array([0.0, 800.0, 0.0]), np.array([True, True, False]))
    array([0.5, 1. , 0. ])
    """
    return expit(_selected(scores, mask) + offset)


@ieee
def relu_by_length(
    scores: Float[np.ndarray, "*rows S"],
    mask: Bool[np.ndarray, "*#rows #S"] | None = None,
    *,
    power: float = 1.0,
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
    positive = np.maximum(_selected(scores, mask), 0.0)
    return positive / float(scores.shape[-1]) ** power


@ieee
def relu_by_visible(
    scores: Float[np.ndarray, "*rows S"],
    mask: Bool[np.ndarray, "*#rows #S"] | None = None,
    *,
    power: float = 1.0,
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
    selected = _selected(scores, mask)
    visible = np.sum(~np.isneginf(selected), axis=-1, keepdims=True)
    return np.maximum(selected, 0.0) / np.maximum(visible, 1.0) ** power


@ieee
def sparsemax(
    scores: Float[np.ndarray, "*rows S"],
    mask: Bool[np.ndarray, "*#rows #S"] | None = None,
) -> Float64[np.ndarray, "*rows S"]:
    r"""Project the visible scores onto the simplex: low ones get no weight at all.

    .. math::
        w_j = \max(s_j - \tau, 0)
        \;\text{with } \tau \text{ such that } \sum_j w_j = 1, \qquad
        \tau = \max_n \frac{s_{(1)} + \dots + s_{(n)} - 1}{n}

    Parameters
    ----------
    scores : (..., S) array
    mask : array of bool, optional
        Broadcasts to the shape of `scores`; True attends.

    Returns
    -------
    (..., S) array
        The point of the simplex that is nearest to the scores. A key that is one
        or more below the best has a weight of exactly zero.

    References
    ----------
    Martins and Astudillo, "From Softmax to Sparsemax: A Sparse Model of
    Attention and Multi-Label Classification", 2016, algorithm 1,
    :doi:`10.48550/arXiv.1602.02068`. Theirs takes the mean over the support;
    ours the largest of the means, which is the same number.

    Examples
    --------
    >>> import numpy as np
    >>> sparsemax(np.array([1.0, 0.5, -0.5]))
    array([0.75, 0.25, 0.  ])
    >>> sparsemax(np.array([[7.0, 6.0], [3.0, 3.0]]))
    array([[1. , 0. ],
           [0.5, 0.5]])
    """
    selected = _selected(scores, mask)
    below = _below_peak(selected)
    ordered, counts = _descending(below)
    means = (np.cumsum(ordered, axis=-1) - 1.0) / counts
    threshold = np.max(means, axis=-1, keepdims=True, initial=-np.inf)
    return np.where(np.isneginf(selected), 0.0, np.maximum(below - threshold, 0.0))


@ieee
def entmax15(
    scores: Float[np.ndarray, "*rows S"],
    mask: Bool[np.ndarray, "*#rows #S"] | None = None,
) -> Float64[np.ndarray, "*rows S"]:
    r"""Go half the way from the softmax to the sparsemax: 1.5-entmax.

    .. math::
        w_j = \max(s_j / 2 - \tau, 0)^2
        \;\text{with } \tau \text{ such that } \sum_j w_j = 1

    With m the mean and d the sum of squared distances from m of the n largest
    halved scores, the threshold for these n is
    :math:`\tau_n = m - \sqrt{(1 - d) / n}`; it is the right one for the largest n
    whose last score is not below it.

    Parameters
    ----------
    scores : (..., S) array
    mask : array of bool, optional
        Broadcasts to the shape of `scores`; True attends.

    Returns
    -------
    (..., S) array
        Not negative; every row with a visible key sums to one. A key that is two
        or more below the best has a weight of exactly zero.

    References
    ----------
    Peters, Niculae and Martins, "Sparse Sequence-to-Sequence Models", 2019,
    section 3, :doi:`10.18653/v1/P19-1146`: their exact algorithm for 1.5.

    Examples
    --------
    >>> import numpy as np
    >>> entmax15(np.array([[5.0, 3.0], [1.0, 1.0]])).round(9)
    array([[1. , 0. ],
           [0.5, 0.5]])
    """
    selected = _selected(scores, mask)
    below = _below_peak(selected) / 2.0
    ordered, counts = _descending(below)
    mean = np.cumsum(ordered, axis=-1) / counts
    distance = np.cumsum(ordered**2, axis=-1) - counts * mean**2
    candidates = mean - np.sqrt((1.0 - distance) / counts)
    # The candidates rise as long as they count, so the last is the largest.
    counting = np.where(candidates <= ordered, candidates, -np.inf)
    threshold = np.max(counting, axis=-1, keepdims=True, initial=-np.inf)
    return np.where(np.isneginf(selected), 0.0, np.maximum(below - threshold, 0.0) ** 2)


def _selected(
    scores: Float[np.ndarray, "*rows S"],
    mask: Bool[np.ndarray, "*#rows #S"] | None,
) -> Float64[np.ndarray, "*rows S"]:
    """Replace hidden scores by minus infinity, whatever they were."""
    return float64(scores) if mask is None else np.where(mask, float64(scores), -np.inf)


def _below_peak(
    selected: Float64[np.ndarray, "*rows S"],
) -> Float64[np.ndarray, "*rows S"]:
    """Subtract the largest score of each row, which changes no weight."""
    peak = np.max(selected, axis=-1, keepdims=True, initial=-np.inf)
    return selected - np.where(np.isneginf(peak), 0.0, peak)


def _descending(
    scores: Float64[np.ndarray, "*rows S"],
) -> tuple[Float64[np.ndarray, "*rows S"], Float64[np.ndarray, "S"]]:
    """Order each row from the largest down, and number the places from 1."""
    return np.sort(scores, axis=-1)[..., ::-1], np.arange(1.0, scores.shape[-1] + 1.0)


__all__ = ["entmax15", "relu_by_length", "relu_by_visible", "sigmoid", "sparsemax"]
