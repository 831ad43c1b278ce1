"""The delta rule: linear attention that takes out what a key held before."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from attnspec._typing import Size
from attnspec.reference._arrays import definition, float64
from attnspec.reference._states import gates_of, state_of
from attnspec.reference.linear_attention import linear_attention, survivals


@definition
def delta_rule_recurrent(
    query: Float[np.ndarray, "*batch N E"],
    key: Float[np.ndarray, "*batch N E"],
    value: Float[np.ndarray, "*batch N Ev"],
    rate: Float[np.ndarray, "*batch N"],
    /,
    *,
    decay: Float[np.ndarray, "*batch N _"] | None = None,
    state: Float[np.ndarray, "*batch E Ev"] | None = None,
) -> tuple[Float64[np.ndarray, "*batch N Ev"], Float64[np.ndarray, "*batch E Ev"]]:
    r"""Move what the state answers to a key toward the new value.

    .. math::
        \tilde S_i &= \operatorname{diag}(g_i) \, S_{i-1}, \qquad
        u_i = \beta_i \, (v_i - \tilde S_i^\top k_i) \\
        S_i &= \tilde S_i + k_i u_i^\top, \qquad o_i = q_i S_i

    With a rate of 1 and a key of length 1, the state answers that key with exactly
    the new value.

    Parameters
    ----------
    query, key, value, decay, state
        As in `linear_attention`; the decay comes first.
    rate : (..., N) array
        The share beta by which each answer is moved; 0 reads nothing.

    Returns
    -------
    output : (..., N, Ev) array
    state : (..., E, Ev) array

    Raises
    ------
    InvalidArgument
        If decay or state have another shape.

    References
    ----------
    Widrow and Hoff, "Adaptive Switching Circuits", 1960; Schlag, Irie and
    Schmidhuber, "Linear Transformers Are Secretly Fast Weight Programmers", 2021,
    :doi:`10.48550/arXiv.2102.11174`; gated Yang, Kautz and Hatamizadeh, "Gated
    Delta Networks", 2025, :doi:`10.48550/arXiv.2412.06464`.

    Examples
    --------
    >>> import numpy as np
    >>> ones, value = np.ones((3, 1)), np.array([[1.0], [2.0], [4.0]])
    >>> delta_rule_recurrent(ones, ones, value, np.ones(3))[0][:, 0]
    array([1., 2., 4.])
    """
    gates, current = gates_of(key, decay), state_of(key, value, state)
    output = np.zeros(value.shape)
    for i in range(key.shape[-2]):
        here = float64(key)[..., i, :]
        current = gates[..., i, :, None] * current
        held = np.einsum("...ev,...e->...v", current, here)
        moved = float64(rate)[..., i, None] * (float64(value)[..., i, :] - held)
        current = current + here[..., :, None] * moved[..., None, :]
        output[..., i, :] = np.einsum("...e,...ev->...v", query[..., i, :], current)
    return output, current


@definition
def corrections(
    key: Float[np.ndarray, "*batch N E"],
    value: Float[np.ndarray, "*batch N Ev"],
    rate: Float[np.ndarray, "*batch N"],
    /,
    *,
    decay: Float[np.ndarray, "*batch N _"] | None = None,
    state: Float[np.ndarray, "*batch E Ev"] | None = None,
) -> Float64[np.ndarray, "*batch N Ev"]:
    r"""Solve for what each step adds, all of them from one triangular system.

    .. math::
        (I + A) \, U &= R, \qquad
        A_{ij} = \beta_i \sum_e k_{ie} \, k_{je} \prod_{j < m \le i} g_{me}
                 \;\text{for}\; j < i \\
        R_i &= \beta_i \Bigl( v_i - S_{-1}^\top
               \bigl( k_i \odot \prod_{m \le i} g_m \bigr) \Bigr)

    Parameters
    ----------
    key, value, rate, decay, state
        As in `delta_rule_recurrent`.

    Returns
    -------
    (..., N, Ev) array
        The rows u of `delta_rule_recurrent`, without its states.

    Raises
    ------
    InvalidArgument
        If decay or state have another shape.

    References
    ----------
    Yang et al., "Parallelizing Linear Transformers with the Delta Rule over
    Sequence Length", 2024, section 3, :doi:`10.48550/arXiv.2406.06484`.

    Examples
    --------
    >>> import numpy as np
    >>> ones, value = np.ones((3, 1)), np.array([[1.0], [2.0], [4.0]])
    >>> corrections(ones, value, np.ones(3))[:, 0]
    array([1., 1., 2.])
    """
    left = survivals(gates_of(key, decay))
    asked = (float64(rate)[..., None] * key)[..., None, :] * left[..., 1:, :, :]
    system = np.einsum("...ipe,...pe->...ip", asked[..., 1:, :], float64(key))
    held = asked[..., 0, :] @ state_of(key, value, state)
    solved = float64(rate)[..., None] * value - held
    for i in range(key.shape[-2]):
        known = np.einsum("...p,...pv->...v", system[..., i, :i], solved[..., :i, :])
        solved[..., i, :] -= known
    return solved


@definition
def delta_rule(
    query: Float[np.ndarray, "*batch N E"],
    key: Float[np.ndarray, "*batch N E"],
    value: Float[np.ndarray, "*batch N Ev"],
    rate: Float[np.ndarray, "*batch N"],
    /,
    *,
    decay: Float[np.ndarray, "*batch N _"] | None = None,
    state: Float[np.ndarray, "*batch E Ev"] | None = None,
) -> tuple[Float64[np.ndarray, "*batch N Ev"], Float64[np.ndarray, "*batch E Ev"]]:
    r"""Attend linearly to the corrections in place of the values.

    .. math:: \operatorname{delta}(q, k, v, \beta; g, S) =
              \operatorname{linear}(q, k, u; g, S)

    Parameters
    ----------
    query, key, value, rate, decay, state
        As in `delta_rule_recurrent`.

    Returns
    -------
    output : (..., N, Ev) array
    state : (..., E, Ev) array

    Raises
    ------
    InvalidArgument
        If decay or state have another shape.

    References
    ----------
    Yang et al., 2024, section 3, :doi:`10.48550/arXiv.2406.06484`.

    Examples
    --------
    >>> import numpy as np
    >>> ones, value = np.ones((3, 1)), np.array([[1.0], [2.0], [4.0]])
    >>> delta_rule(ones, ones, value, np.ones(3))[0][:, 0]
    array([1., 2., 4.])
    """
    added = corrections(key, value, rate, decay=decay, state=state)
    return linear_attention(query, key, added, decay=decay, state=state)


@definition
def delta_rule_chunked(
    query: Float[np.ndarray, "*batch N E"],
    key: Float[np.ndarray, "*batch N E"],
    value: Float[np.ndarray, "*batch N Ev"],
    rate: Float[np.ndarray, "*batch N"],
    /,
    *,
    chunk: Size,
    decay: Float[np.ndarray, "*batch N _"] | None = None,
    state: Float[np.ndarray, "*batch E Ev"] | None = None,
) -> tuple[Float64[np.ndarray, "*batch N Ev"], Float64[np.ndarray, "*batch E Ev"]]:
    r"""Read chunk after chunk, with one triangular system for each.

    .. math:: (o_{[c]}, S_c) = \operatorname{delta}
              (q_{[c]}, k_{[c]}, v_{[c]}, \beta_{[c]}; g_{[c]}, S_{c-1})

    Parameters
    ----------
    query, key, value, rate, decay, state
        As in `delta_rule_recurrent`.
    chunk : int
        Steps of a chunk; the last may have fewer.

    Returns
    -------
    output : (..., N, Ev) array
    state : (..., E, Ev) array

    Raises
    ------
    InvalidArgument
        If a chunk has no step, or decay or state have another shape.

    References
    ----------
    Yang et al., 2024, section 3, :doi:`10.48550/arXiv.2406.06484`.

    Examples
    --------
    >>> import numpy as np
    >>> ones, value = np.ones((3, 1)), np.array([[1.0], [2.0], [4.0]])
    >>> delta_rule_chunked(ones, ones, value, np.ones(3), chunk=2)[0][:, 0]
    array([1., 2., 4.])
    """
    gates, current = gates_of(key, decay), state_of(key, value, state)
    output = np.zeros(value.shape)
    for start in range(0, key.shape[-2], chunk):
        part = (..., slice(start, start + chunk), slice(None))
        arrays = query[part], key[part], value[part], rate[part[:2]]
        output[part], current = delta_rule(*arrays, decay=gates[part], state=current)
    return output, current


__all__ = [
    "corrections",
    "delta_rule",
    "delta_rule_chunked",
    "delta_rule_recurrent",
]
