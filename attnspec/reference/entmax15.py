"""Squares of half the scores, less a threshold, in the place of the softmax.

As in `softmax`, hidden scores are selected away, a score of minus infinity hides its
key, and a row without visible keys is zero.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64

from attnspec.reference._arrays import definition
from attnspec.reference._score_rows import below_peak, descending, selected


@definition
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
    shown = selected(scores, mask)
    below = below_peak(shown) / 2.0
    ordered, counts = descending(below)
    mean = np.cumsum(ordered, axis=-1) / counts
    distance = np.cumsum(ordered**2, axis=-1) - counts * mean**2
    candidates = mean - np.sqrt((1.0 - distance) / counts)
    # The candidates rise as long as they count, so the last is the largest.
    counting = np.where(candidates <= ordered, candidates, -np.inf)
    threshold = np.max(counting, axis=-1, keepdims=True, initial=-np.inf)
    return np.where(np.isneginf(shown), 0.0, np.maximum(below - threshold, 0.0) ** 2)


__all__ = ["entmax15"]
