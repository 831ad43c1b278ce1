"""From scores to weights: the softmax over visible keys, and its logsumexp.

Hidden scores are selected away, not multiplied by zero: whatever they are, NaN
and infinities included, they have no influence. A score of minus infinity hides
its key. A visible score of NaN or plus infinity turns its whole row into NaN.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64

from attnspec.reference._arrays import definition, float64
from attnspec.reference._score_rows import below_peak, selected


@definition
def softmax(
    scores: Float[np.ndarray, "*rows S"],
    mask: Bool[np.ndarray, "*#rows #S"] | None = None,
) -> Float64[np.ndarray, "*rows S"]:
    r"""Share a weight of one among visible keys, by the exponentials of their scores.

    .. math:: w_j = \frac{e^{s_j}}{\sum_{j' \,\text{visible}} e^{s_{j'}}}
              \;\text{if } j \text{ is visible, else } 0

    The largest visible score is subtracted first, which changes nothing but the
    range of the exponentials.

    Parameters
    ----------
    scores : (..., S) array
    mask : array of bool, optional
        Broadcasts to the shape of `scores`; True attends.

    Returns
    -------
    (..., S) array
        Not negative; every row with a visible key sums to one. A row without
        any is zero.

    See Also
    --------
    logsumexp : The logarithm of the denominator.

    References
    ----------
    Bridle, "Probabilistic Interpretation of Feedforward Classification Network
    Outputs", 1990, :doi:`10.1007/978-3-642-76153-9_28`. The row without visible
    keys is ours; ONNX Attention-24 and PyTorch 2.5 have the same.

    Examples
    --------
    >>> import numpy as np
    >>> softmax(np.array([0.0, np.log(3.0)]))
    array([0.25, 0.75])

    Hidden scores have no influence, and a row without visible keys is zero:

    >>> softmax(np.array([5.0, 5.0, np.nan]), np.array([True, True, False]))
    array([0.5, 0.5, 0. ])
    >>> softmax(np.array([1.0, 2.0]), np.array([False]))
    array([0., 0.])
    """
    shown = selected(scores, mask)
    exponentials = np.exp(below_peak(shown))
    total = np.sum(exponentials, axis=-1, keepdims=True)
    return np.where(total == 0.0, 0.0, exponentials / total)


@definition
def logsumexp(
    scores: Float[np.ndarray, "*rows S"],
    mask: Bool[np.ndarray, "*#rows #S"] | None = None,
) -> Float64[np.ndarray, "*rows"]:
    r"""Take the natural logarithm of the softmax's denominator.

    .. math:: \operatorname{lse} = \log \sum_{j \,\text{visible}} e^{s_j}

    Parameters
    ----------
    scores : (..., S) array
    mask : array of bool, optional
        Broadcasts to the shape of `scores`; True attends.

    Returns
    -------
    (...) array
        Minus infinity for a row without visible keys.

    References
    ----------
    Blanchard, Higham and Higham, "Accurately computing the log-sum-exp and
    softmax functions", 2021, :doi:`10.1093/imanum/draa038`.

    Examples
    --------
    >>> import numpy as np
    >>> logsumexp(np.array([[0.0, 1000.0], [-1000.0, -2000.0]]))
    array([ 1000., -1000.])
    >>> logsumexp(np.empty((2, 0)))
    array([-inf, -inf])
    """
    shown = selected(scores, mask)
    peak = np.max(shown, axis=-1, keepdims=True, initial=-np.inf)
    peak = np.where(np.isneginf(peak), 0.0, peak)
    total = np.sum(np.exp(shown - peak), axis=-1)
    return np.asarray(peak[..., 0] + np.log(total))


@definition
def softmax_with_sink(
    scores: Float[np.ndarray, "*rows S"],
    mask: Bool[np.ndarray, "*#rows #S"] | None,
    sink: Float[np.ndarray, "*#rows"],
) -> Float64[np.ndarray, "*rows S"]:
    r"""Let a sink take its share of the weight: one more score that has no value.

    .. math:: w_j = \frac{e^{s_j}}{e^{\mathit{sink}} + \sum_{j'} e^{s_{j'}}}

    Parameters
    ----------
    scores : (..., S) array
    mask : array of bool or None
        Broadcasts to the shape of `scores`; True attends.
    sink : array
        Broadcasts to the rows. Minus infinity is no sink.

    Returns
    -------
    (..., S) array
        The sum of a row is one less the share of the sink.

    References
    ----------
    Xiao et al., "Efficient Streaming Language Models with Attention Sinks",
    2023, :doi:`10.48550/arXiv.2309.17453`, describes the effect. The learned
    score in the denominator is that of gpt-oss (OpenAI, 2025,
    :doi:`10.48550/arXiv.2508.10925`). A sink of 0 is "softmax off by one".

    Examples
    --------
    >>> import numpy as np
    >>> softmax_with_sink(np.zeros((1, 3)), None, np.zeros(1))
    array([[0.25, 0.25, 0.25]])
    >>> softmax_with_sink(np.zeros((1, 2)), None, np.array([-np.inf]))
    array([[0.5, 0.5]])
    """
    return softmax(_beside(selected(scores, mask), sink))[..., :-1]


@definition
def logsumexp_with_sink(
    scores: Float[np.ndarray, "*rows S"],
    mask: Bool[np.ndarray, "*#rows #S"] | None,
    sink: Float[np.ndarray, "*#rows"],
) -> Float64[np.ndarray, "*rows"]:
    r"""Take the natural logarithm of a denominator in which a sink has joined.

    .. math:: \operatorname{lse} = \log \Bigl( e^{\mathit{sink}} +
              \sum_{j \,\text{visible}} e^{s_j} \Bigr)

    Parameters
    ----------
    scores : (..., S) array
    mask : array of bool or None
        Broadcasts to the shape of `scores`; True attends.
    sink : array
        Broadcasts to the rows. Minus infinity is no sink.

    Returns
    -------
    (...) array
        The sink itself for a row without visible keys.

    Examples
    --------
    >>> import numpy as np
    >>> logsumexp_with_sink(np.empty((1, 0)), None, np.array([3.0]))
    array([3.])
    """
    return logsumexp(_beside(selected(scores, mask), sink))


def _beside(
    scores: Float[np.ndarray, "*rows S"], sink: Float[np.ndarray, "*#rows"]
) -> Float64[np.ndarray, "*rows S+1"]:
    """Append the sink to each row of scores."""
    column = np.broadcast_to(float64(sink), scores.shape[:-1])[..., None]
    return np.concatenate([scores, column], axis=-1)


__all__ = ["logsumexp", "logsumexp_with_sink", "softmax", "softmax_with_sink"]
