"""Readers that take what they ask for from the members of a set: N to M."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64

from attnspec.reference._arrays import definition, float64
from attnspec.reference.attention import attention
from attnspec.reference.self_attention import Projections


@definition
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


__all__ = ["read_set"]
