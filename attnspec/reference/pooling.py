"""One vector for a whole set: N to 1."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64

from attnspec.reference._arrays import definition
from attnspec.reference.attention import attention


@definition
def pool(
    query: Float[np.ndarray, "E"],
    key: Float[np.ndarray, "S E"],
    value: Float[np.ndarray, "S Ev"],
    *,
    mask: Bool[np.ndarray, "S"] | None = None,
) -> Float64[np.ndarray, "Ev"]:
    r"""Sum up a whole set in one vector, asked for by one query.

    .. math:: y = \sum_j \operatorname{softmax}_j (q \cdot k_j / \sqrt{E}) \; v_j

    A query of zeros takes the mean; a long one takes the value whose key lies
    furthest in its direction.

    Parameters
    ----------
    query : (E,) array
        Belongs to the model, not to the set.
    key, value : (S, E) and (S, Ev) arrays
    mask : (S,) array of bool, optional
        True attends: which members are real.

    Returns
    -------
    (Ev,) array
        Zero for a set without members.

    Raises
    ------
    InvalidArgument
        As `attention` does.

    References
    ----------
    Lin et al., "A Structured Self-attentive Sentence Embedding", 2017,
    :doi:`10.48550/arXiv.1703.03130`; Lee et al., "Set Transformer", 2019, section
    3.2, :doi:`10.48550/arXiv.1810.00825`, pools by attention with learned queries.

    Examples
    --------
    >>> import numpy as np
    >>> value = np.array([[0.0], [3.0], [6.0]])
    >>> pool(np.zeros(2), np.ones((3, 2)), value).round(12)
    array([3.])
    """
    problem = (array[None, None] for array in (query[None], key, value))
    return attention(*problem, mask=mask)[0, 0, 0]


__all__ = ["pool"]
