"""The nearest point of the simplex in the place of the softmax.

As in `softmax`, hidden scores are selected away, a score of minus infinity hides its
key, and a row without visible keys is zero.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64

from attnspec.reference._arrays import definition
from attnspec.reference._score_rows import below_peak, descending, selected


@definition
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
    shown = selected(scores, mask)
    below = below_peak(shown)
    ordered, counts = descending(below)
    means = (np.cumsum(ordered, axis=-1) - 1.0) / counts
    threshold = np.max(means, axis=-1, keepdims=True, initial=-np.inf)
    return np.where(np.isneginf(shown), 0.0, np.maximum(below - threshold, 0.0))


__all__ = ["sparsemax"]
