"""Which inputs have influence on which outputs, and how much.

Whether there is any influence is asked with a NaN in one place: it passes through
everything that is computed from that place and through nothing else, since the
definitions select hidden values away. How much there is, is the Jacobian.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float64, Shaped

from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import definition, float64
from attnspec.reference.scores import default_scale
from attnspec.reference.softmax import softmax


@definition
def dependence(
    function: Callable[[Any], Any], sequence: Shaped[np.ndarray, "S *width"]
) -> Bool[np.ndarray, "L S"]:
    r"""Find which steps of the output are computed from which steps of the input.

    .. math:: m_{ij} \iff y_i \text{ is NaN where } x_j \text{ is NaN}

    The support of the Jacobian lies within it, and fills it wherever no
    derivative happens to be zero.

    Parameters
    ----------
    function : callable
        From an array (S, ...) to an array (L, ...); arithmetic alone, since a
        comparison does not hand a NaN on.
    sequence : (S, ...) array
        Where it is asked.

    Returns
    -------
    (L, S) array of bool

    Raises
    ------
    InvalidArgument
        If there is a NaN without our doing.

    Examples
    --------
    >>> import numpy as np
    >>> dependence(np.cumsum, np.zeros(3)).astype(int)
    array([[1, 0, 0],
           [1, 1, 0],
           [1, 1, 1]])
    """
    free = ~_nan_steps(function(float64(sequence)))
    if not free.all():
        msg = "sequence: expected an output without NaN, got one with NaN"
        raise InvalidArgument(msg)
    columns = [_poisoned(function, sequence, j) for j in range(len(sequence))]
    return np.stack([*columns, free], 1)[:, :-1]


def _poisoned(
    function: Callable[[Any], Any], sequence: Shaped[np.ndarray, "S *width"], j: int
) -> Bool[np.ndarray, "L"]:
    """Tell which steps of the output are NaN when one of the input is."""
    changed = float64(sequence).copy()
    changed[j] = np.nan
    return _nan_steps(function(changed))


def _nan_steps(output: Any) -> Bool[np.ndarray, "L"]:
    """Tell in which steps of an output there is a NaN."""
    numbers = np.asarray(output)
    if numbers.ndim == 0 or numbers.dtype.kind not in "biuf":
        msg = f"function: expected a result with steps, got {output!r}"
        raise InvalidArgument(msg)
    return np.isnan(numbers).any(axis=tuple(range(1, numbers.ndim)))


@definition
def attention_jacobian(
    query: Float[np.ndarray, "N E"],
    key: Float[np.ndarray, "N E"],
    value: Float[np.ndarray, "N Ev"],
    *,
    mask: Bool[np.ndarray, "N N"] | None = None,
) -> tuple[
    Float64[np.ndarray, "N N Ev E"],
    Float64[np.ndarray, "N N Ev E"],
    Float64[np.ndarray, "N N"],
]:
    r"""Differentiate one head of attention by its queries, keys and values.

    .. math::
        \frac{\partial o_i}{\partial q_i} &= \mathit{scale} \sum_j w_{ij}
            (v_j - o_i) \, k_j^\top \\
        \frac{\partial o_i}{\partial k_j} &= \mathit{scale} \; w_{ij}
            (v_j - o_i) \, q_i^\top, \qquad
        \frac{\partial o_i}{\partial v_j} = w_{ij} \, I

    Parameters
    ----------
    query, key, value : (N, E), (N, E) and (N, Ev) arrays
    mask : (N, N) array of bool, optional
        True attends.

    Returns
    -------
    by_query, by_key : (N, N, Ev, E) arrays
        The derivative of output i by query or key j; by queries it is zero off
        the diagonal.
    by_value : (N, N) array
        The factor of the identity: the weights.

    References
    ----------
    Dao et al., "FlashAttention", 2022, appendix B.2,
    :doi:`10.48550/arXiv.2205.14135`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[0.0], [4.0]])
    >>> by_query, by_key, by_value = attention_jacobian(0.0 * x, x, x)
    >>> by_query[0, 0], by_value[0]
    (array([[4.]]), array([0.5, 0.5]))
    """
    scale = default_scale(query.shape[1])
    weights = softmax(
        scale * np.einsum("ie,je->ij", float64(query), float64(key)), mask
    )
    output = np.einsum("ij,jv->iv", weights, float64(value))
    spread = weights[..., None] * (float64(value) - output[:, None])
    by_key = scale * np.einsum("ijv,ie->ijve", spread, float64(query))
    at_query = scale * np.einsum("ijv,je->ive", spread, float64(key))
    by_query = np.eye(len(query))[..., None, None] * at_query[:, None]
    return by_query, by_key, weights


@definition
def influence_norms(
    jacobian: Float[np.ndarray, "L S Dout Din"],
) -> Float64[np.ndarray, "L S"]:
    r"""Measure the influence of each input step on each output step.

    .. math:: \lVert \partial y_i / \partial x_j \rVert_2

    Parameters
    ----------
    jacobian : (L, S, Dout, Din) array

    Returns
    -------
    (L, S) array
        The largest factor by which a small change is passed on.

    Raises
    ------
    InvalidArgument
        If a number of the Jacobian is NaN or infinite.

    Examples
    --------
    >>> import numpy as np
    >>> influence_norms(np.array([[[[3.0, 0.0], [0.0, -4.0]]]]))
    array([[4.]])
    """
    matrices = float64(jacobian)
    if not np.isfinite(matrices).all():
        msg = "jacobian: expected finite numbers, got NaN or infinity"
        raise InvalidArgument(msg)
    return np.linalg.svd(matrices, compute_uv=False).max(axis=-1, initial=0.0)


__all__ = ["attention_jacobian", "dependence", "influence_norms"]
