"""The logistic function of each score in the place of the softmax.

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
def sigmoid(
    scores: Float[np.ndarray, "*rows S"],
    mask: Bool[np.ndarray, "*#rows #S"] | None = None,
    *,
    offset: Finite = 0.0,
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
    from scipy.special import expit  # noqa: PLC0415 - no other definition waits for it

    return expit(selected(scores, mask) + offset)


__all__ = ["sigmoid"]
