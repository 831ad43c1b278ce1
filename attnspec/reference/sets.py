"""Sets of vectors in, vectors out: one each, one for all, or as many as it takes.

Attention is defined on queries, keys and values that come from anywhere. What kind
of problem it solves is settled by where the queries come from: from the set itself
(N to N), from one vector of its own (N to 1), or from another sequence (N to M).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64

from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import float64
from attnspec.reference.attention import attention
from attnspec.reference.self_attention import Projections


def read_set(
    readers: Float[np.ndarray, "L D"],
    members: Float[np.ndarray, "S D"],
    reading: Projections,
    *,
    mask: Bool[np.ndarray, "..."] | None = None,
    causal: bool = False,
) -> Float64[np.ndarray, "L Ev"]:
    r"""Let every reader take what it asks for from the members of a set.

    .. math:: y_i = \sum_j \operatorname{softmax}_j \bigl(
              (x_i W_Q) \cdot (z_j W_K) / \sqrt{E} \bigr) \; z_j W_V

    Parameters
    ----------
    readers : (L, D) array
        The members themselves in self-attention (N to N), the sequence that is
        being written in cross-attention (N to M).
    members : (S, D) array
    reading : Projections
        Matrices of shape (D, E), (D, E) and (D, Ev).
    mask : array of bool, optional
        Broadcasts to (L, S); True attends. ``(S,)`` says which members are real.
    causal : bool
        Hide the members after each reader, the last of both standing together.

    Returns
    -------
    (L, Ev) array
        One vector for each reader.

    Raises
    ------
    InvalidArgument
        As `attention` does.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, section 3.2.3,
    :doi:`10.48550/arXiv.1706.03762`; "induced" attention between two sets is in
    Lee et al., "Set Transformer", 2019, :doi:`10.48550/arXiv.1810.00825`.

    Examples
    --------
    >>> import numpy as np
    >>> from attnspec.reference import Projections
    >>> reading = Projections(query=np.zeros((1, 1)), key=np.eye(1), value=np.eye(1))
    >>> read_set(np.ones((2, 1)), np.array([[1.0], [3.0]]), reading)
    array([[2.],
           [2.]])
    """
    query = float64(readers) @ float64(reading.query)
    key = float64(members) @ float64(reading.key)
    value = float64(members) @ float64(reading.value)
    problem = (array[None, None] for array in (query, key, value))
    return attention(*problem, mask=mask, causal=causal)[0, 0]


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


def padded(
    members: Float[np.ndarray, "S D"], size: int, fill: float = 0.0
) -> tuple[Float64[np.ndarray, "N D"], Bool[np.ndarray, "N"]]:
    r"""Bring a set to a fixed size, and say which of its members are real.

    .. math:: z'_j = z_j \;\text{and}\; m_j = 1 \;\text{if}\; j < S,
              \;\text{else}\; z'_j = \mathit{fill} \;\text{and}\; m_j = 0

    Parameters
    ----------
    members : (S, D) array
    size : int
        The number N of vectors in all.
    fill : float
        What the new vectors hold. With the mask it has no influence.

    Returns
    -------
    members : (N, D) array
    mask : (N,) array of bool
        True for the real ones.

    Raises
    ------
    InvalidArgument
        If the set is larger than the size.

    Examples
    --------
    >>> import numpy as np
    >>> padded(np.ones((1, 1)), 2, fill=7.0)
    (array([[1.],
           [7.]]), array([ True, False]))
    """
    count, width = members.shape
    if size < count:
        msg = f"size: expected {count} or more, got {size}"
        raise InvalidArgument(msg)
    added = np.full((size - count, width), fill)
    return np.concatenate([float64(members), added]), np.arange(size) < count


__all__ = ["padded", "pool", "read_set"]
