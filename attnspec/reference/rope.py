"""Rotary positions: queries and keys are turned by an angle for their place.

The dot product of two turned vectors depends on the difference of their angles
alone: what is absolute in each is relative in the score.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from jaxtyping import Float, Float64, Int, Real

from attnspec._typing import Even, Finite, Positive
from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import definition, float64
from attnspec.reference.sinusoidal import frequencies

Pairing = Literal["interleaved", "half_split"]
"""Which entries turn together: neighbors, or one from each half."""


@definition
def rotary_pairs(width: Even, *, pairing: Pairing) -> Int[np.ndarray, "2 N"]:
    r"""Say which entries of a vector turn together.

    .. math::
        (2n,\; 2n + 1) \;\text{(interleaved)}, \qquad
        (n,\; n + \mathit{width} / 2) \;\text{(half split)}

    Parameters
    ----------
    width : int
        Even.
    pairing : {"interleaved", "half_split"}

    Returns
    -------
    (2, width / 2) array of int
        The first and the second entry of each pair.

    Raises
    ------
    InvalidArgument
        If the width is odd or negative, or the pairing neither of the two.

    References
    ----------
    Su et al., 2021, :doi:`10.48550/arXiv.2104.09864`, interleaves. GPT-NeoX,
    Hugging Face Transformers and ONNX RotaryEmbedding-23 split in halves unless
    they are told otherwise.

    Examples
    --------
    >>> rotary_pairs(6, pairing="interleaved")
    array([[0, 2, 4],
           [1, 3, 5]])
    >>> rotary_pairs(6, pairing="half_split")
    array([[0, 1, 2],
           [3, 4, 5]])
    """
    order: Literal["F", "C"] = "F" if pairing == "interleaved" else "C"
    return np.arange(width).reshape(2, width // 2, order=order)


@definition
def rotary(
    x: Float[np.ndarray, "*batch L E"],
    positions: Real[np.ndarray, "*#batch L"],
    *,
    pairing: Pairing = "interleaved",
    width: Even | None = None,
    base: Positive = 10_000.0,
) -> Float64[np.ndarray, "*batch L E"]:
    r"""Turn each pair of entries by an angle that grows with the position.

    .. math::
        \begin{pmatrix} y_a \\ y_b \end{pmatrix} =
        \begin{pmatrix} \cos \theta_n p & -\sin \theta_n p \\
                        \sin \theta_n p & \phantom{-}\cos \theta_n p \end{pmatrix}
        \begin{pmatrix} x_a \\ x_b \end{pmatrix}
        \quad \text{for the } n\text{-th pair } (a, b)

    Parameters
    ----------
    x : (..., L, E) array
        Queries or keys, never values.
    positions : (..., L) array of numbers
        Fractions turn by fractions: to divide all positions by a number is
        position interpolation.
    pairing : {"interleaved", "half_split"}
    width : int, optional
        How many of the first entries turn; all E by default. Pairs and
        frequencies are those of this width. The entries after it stay.
    base : float
        Positive and finite.

    Returns
    -------
    (..., L, E) array
        As long as the vectors of `x`. At position 0 it is `x`.

    Raises
    ------
    InvalidArgument
        If the width is odd, negative or above E, the base is not positive and
        finite, or the pairing is neither of the two.

    See Also
    --------
    rotary_matrix : The same as a matrix.
    rotary_proportional : Pairs and frequencies of all E where only some pairs turn.

    Notes
    -----
    DeepSeek reads pairs of neighbors and writes halves: with
    ``order = rotary_pairs(E, pairing="interleaved").ravel()`` this is
    ``rotary(x[..., order], positions, pairing="half_split")``. Queries and keys have
    the same order of entries, so no score can tell it from interleaved pairs.

    References
    ----------
    Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding",
    2021, equation 34, :doi:`10.48550/arXiv.2104.09864`.

    Examples
    --------
    >>> import numpy as np
    >>> quarter = np.array([np.pi / 2])
    >>> rotary(np.array([[3.0, 1.0]]), quarter).round(9)
    array([[-1.,  3.]])

    Only the first two entries turn:

    >>> rotary(np.array([[3.0, 1.0, 8.0]]), quarter, width=2).round(9)
    array([[-1.,  3.,  8.]])
    """
    turning = x.shape[-1] if width is None else width
    if turning > x.shape[-1]:
        msg = f"width: expected at most {x.shape[-1]}, got {turning}"
        raise InvalidArgument(msg)
    first, second = rotary_pairs(turning, pairing=pairing)
    angles = positions[..., None] * frequencies(turning, base=base)
    cosine, sine = np.cos(angles), np.sin(angles)
    old, new = float64(x), np.array(x, dtype=np.float64)
    new[..., first] = cosine * old[..., first] - sine * old[..., second]
    new[..., second] = sine * old[..., first] + cosine * old[..., second]
    return new


@definition
def rotary_proportional(
    x: Float[np.ndarray, "*batch L E"],
    positions: Real[np.ndarray, "*#batch L"],
    width: Even,
    *,
    pairing: Pairing = "interleaved",
    base: Positive = 10_000.0,
) -> Float64[np.ndarray, "*batch L E"]:
    r"""Turn the first of all pairs of a vector, at the frequencies of its whole width.

    .. math::
        \theta_n = \begin{cases} \mathit{base}^{-2n / E} & n < \mathit{width} / 2 \\
                                 0 & \text{otherwise} \end{cases}

    Parameters
    ----------
    x : (..., L, E) array
        Queries or keys, never values.
    positions : (..., L) array of numbers
    width : int
        How many entries turn; even.
    pairing : {"interleaved", "half_split"}
        Split in halves, the entries that turn stand at the front of each half.
    base : float
        Positive and finite.

    Returns
    -------
    (..., L, E) array

    Raises
    ------
    InvalidArgument
        If E or the width is odd, the width is negative or above E, the base is not
        positive and finite, or the pairing is neither of the two.

    See Also
    --------
    rotary : With a width, the pairs and frequencies of this width.

    References
    ----------
    Gemma 4 in Hugging Face Transformers 5.23 (``rope_type="proportional"``).

    Examples
    --------
    >>> import numpy as np
    >>> quarter = np.array([np.pi / 2])
    >>> x = np.array([[3.0, 5.0, 1.0, 7.0]])
    >>> rotary_proportional(x, quarter, 2, pairing="half_split").round(9)
    array([[-1.,  5.,  3.,  7.]])

    The same width with pairs of its own:

    >>> rotary(x, quarter, pairing="half_split", width=2).round(9)
    array([[-5.,  3.,  1.,  7.]])
    """
    rotary_pairs(width, pairing=pairing)  # An odd width is refused.
    if width > x.shape[-1]:
        msg = f"width: expected at most {x.shape[-1]}, got {width}"
        raise InvalidArgument(msg)
    turned = rotary(x, positions, pairing=pairing, base=base)
    still = rotary_pairs(x.shape[-1], pairing=pairing)[:, width // 2 :]
    turned[..., still] = x[..., still]
    return turned


@definition
def rotary_matrix(
    position: Finite,
    width: Even,
    *,
    pairing: Pairing = "interleaved",
    base: Positive = 10_000.0,
) -> Float64[np.ndarray, "{width} {width}"]:
    r"""Write the turn at a position as a matrix that acts on columns.

    .. math:: R_p = \operatorname{diag}(R(\theta_0 p), R(\theta_1 p), \dots),
              \qquad R_p^\top R_{p'} = R_{p' - p}

    Parameters
    ----------
    position : float
    width : int
        Even.
    pairing : {"interleaved", "half_split"}
        Half split has the same entries at other places.
    base : float
        Positive and finite.

    Returns
    -------
    (width, width) array
        Orthogonal, of determinant one.

    Raises
    ------
    InvalidArgument
        As `rotary` does.

    References
    ----------
    Su et al., "RoFormer", 2021, equation 15, :doi:`10.48550/arXiv.2104.09864`.

    Examples
    --------
    >>> import numpy as np
    >>> rotary_matrix(np.pi / 2, 2).round(9) + 0.0
    array([[ 0., -1.],
           [ 1.,  0.]])
    """
    first, second = rotary_pairs(width, pairing=pairing)
    angles = position * frequencies(width, base=base)
    matrix = np.zeros((width, width))
    matrix[first, first] = matrix[second, second] = np.cos(angles)
    matrix[second, first] = np.sin(angles)
    matrix[first, second] = -np.sin(angles)
    return matrix


__all__ = [
    "Pairing",
    "rotary",
    "rotary_matrix",
    "rotary_pairs",
    "rotary_proportional",
]
