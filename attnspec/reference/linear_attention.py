"""Linear attention: no normalizer over the keys, so that a state can sum them up.

One function in three forms. They differ in what has to be computed one after
another, never in the result.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from attnspec._typing import Size
from attnspec.reference._arrays import definition, float64
from attnspec.reference._states import gates_of, state_of


@definition
def survivals(
    decay: Float[np.ndarray, "*batch N E"],
) -> Float64[np.ndarray, "*batch N1 N1 E"]:
    r"""Say how much of each step is left after each number of steps.

    .. math:: P_{rp} = \prod_{p \le m < r} g_m \;\text{if}\; p \le r,
              \;\text{else}\; 0

    Row r is after r steps. Column 0 is the state before the first step, column
    p + 1 is step p.

    Parameters
    ----------
    decay : (..., N, E) array
        The factors g. Zero forgets everything.

    Returns
    -------
    (..., N + 1, N + 1, E) array

    References
    ----------
    Sun et al., "Retentive Network", 2023, equation 5, of which this is the matrix
    D with one row and column more, :doi:`10.48550/arXiv.2307.08621`.

    Examples
    --------
    >>> import numpy as np
    >>> survivals(np.array([[0.5], [0.25]]))[..., 0]
    array([[1.   , 0.   , 0.   ],
           [0.5  , 1.   , 0.   ],
           [0.125, 0.25 , 1.   ]])
    """
    steps, places = np.arange(decay.shape[-2]), np.arange(decay.shape[-2] + 1)
    after, before = steps >= places[:, None], steps < places[:, None, None]
    factors = np.where((after & before)[..., None], decay[..., None, None, :, :], 1.0)
    read = places <= places[:, None]
    return np.where(read[..., None], float64(factors).prod(axis=-2), 0.0)


@definition
def linear_attention(
    query: Float[np.ndarray, "*batch N E"],
    key: Float[np.ndarray, "*batch N E"],
    value: Float[np.ndarray, "*batch N Ev"],
    /,
    *,
    decay: Float[np.ndarray, "*batch N _"] | None = None,
    state: Float[np.ndarray, "*batch E Ev"] | None = None,
) -> tuple[Float64[np.ndarray, "*batch N Ev"], Float64[np.ndarray, "*batch E Ev"]]:
    r"""Weigh every value up to its own by a dot product, all steps at once.

    .. math:: o_i = \sum_{j \le i} \Bigl( \sum_e q_{ie} \, k_{je}
              \prod_{j < m \le i} g_{me} \Bigr) v_j
              + \Bigl( q_i \odot \prod_{m \le i} g_m \Bigr) S_{-1}

    There is no scale and no normalizer: weights may be negative, and do not sum
    to one.

    Parameters
    ----------
    query, key, value : (..., N, E), (..., N, E) and (..., N, Ev) arrays
        Queries and keys after any feature map.
    decay : (..., N, 1) or (..., N, E) array, optional
        A factor for each step, or a gate for each of its components. 1 by default.
    state : (..., E, Ev) array, optional
        What was summed up before; zeros by default.

    Returns
    -------
    output : (..., N, Ev) array
    state : (..., E, Ev) array
        Goes into the next call.

    Raises
    ------
    InvalidArgument
        If decay or state have another shape.

    References
    ----------
    Katharopoulos et al., "Transformers are RNNs", 2020,
    :doi:`10.48550/arXiv.2006.16236`; with one decay Sun et al., "Retentive
    Network", 2023, :doi:`10.48550/arXiv.2307.08621`; gated Yang et al., "Gated
    Linear Attention Transformers with Hardware-Efficient Training", 2024,
    :doi:`10.48550/arXiv.2312.06635`.

    Examples
    --------
    >>> import numpy as np
    >>> ones, value = np.ones((3, 1)), np.array([[1.0], [2.0], [4.0]])
    >>> output, state = linear_attention(ones, ones, value)
    >>> output[:, 0], state
    (array([1., 3., 7.]), array([[7.]]))
    >>> linear_attention(ones, ones, value, decay=0.5 * ones)[0][:, 0]
    array([1.  , 2.5 , 5.25])
    """
    left = survivals(gates_of(key, decay))
    past = state_of(key, value, state)
    asked = float64(query)[..., None, :] * left[..., 1:, :, :]
    scores = np.einsum("...ipe,...pe->...ip", asked[..., 1:, :], float64(key))
    output = scores @ float64(value) + asked[..., 0, :] @ past
    kept = left[..., -1, 1:, :] * float64(key)
    new = np.einsum("...pe,...pv->...ev", kept, float64(value))
    return output, left[..., -1, 0, :, None] * past + new


@definition
def linear_attention_recurrent(
    query: Float[np.ndarray, "*batch N E"],
    key: Float[np.ndarray, "*batch N E"],
    value: Float[np.ndarray, "*batch N Ev"],
    /,
    *,
    decay: Float[np.ndarray, "*batch N _"] | None = None,
    state: Float[np.ndarray, "*batch E Ev"] | None = None,
) -> tuple[Float64[np.ndarray, "*batch N Ev"], Float64[np.ndarray, "*batch E Ev"]]:
    r"""Keep one matrix, and read each step into it before it is asked.

    .. math:: S_i = \operatorname{diag}(g_i) \, S_{i-1} + k_i v_i^\top, \qquad
              o_i = q_i S_i

    Parameters
    ----------
    query, key, value, decay, state
        As in `linear_attention`.

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
    Katharopoulos et al., 2020, section 3.4, :doi:`10.48550/arXiv.2006.16236`.

    Examples
    --------
    >>> import numpy as np
    >>> ones, value = np.ones((3, 1)), np.array([[1.0], [2.0], [4.0]])
    >>> linear_attention_recurrent(ones, ones, value)[0][:, 0]
    array([1., 3., 7.])
    """
    gates, current = gates_of(key, decay), state_of(key, value, state)
    output = np.zeros(value.shape)
    for i in range(key.shape[-2]):
        read = float64(key)[..., i, :, None] * float64(value)[..., i, None, :]
        current = gates[..., i, :, None] * current + read
        output[..., i, :] = np.einsum("...e,...ev->...v", query[..., i, :], current)
    return output, current


@definition
def linear_attention_chunked(
    query: Float[np.ndarray, "*batch N E"],
    key: Float[np.ndarray, "*batch N E"],
    value: Float[np.ndarray, "*batch N Ev"],
    /,
    *,
    chunk: Size,
    decay: Float[np.ndarray, "*batch N _"] | None = None,
    state: Float[np.ndarray, "*batch E Ev"] | None = None,
) -> tuple[Float64[np.ndarray, "*batch N Ev"], Float64[np.ndarray, "*batch E Ev"]]:
    r"""Read chunk after chunk, and all steps of a chunk at once.

    .. math:: (o_{[c]}, S_c) =
              \operatorname{linear}(q_{[c]}, k_{[c]}, v_{[c]}; g_{[c]}, S_{c-1})

    Parameters
    ----------
    query, key, value, decay, state
        As in `linear_attention`.
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
    Hua et al., "Transformer Quality in Linear Time", 2022,
    :doi:`10.48550/arXiv.2202.10447`; Yang et al., 2024, section 2.2,
    :doi:`10.48550/arXiv.2312.06635`.

    Examples
    --------
    >>> import numpy as np
    >>> ones, value = np.ones((3, 1)), np.array([[1.0], [2.0], [4.0]])
    >>> linear_attention_chunked(ones, ones, value, chunk=2)[0][:, 0]
    array([1., 3., 7.])
    """
    gates, current = gates_of(key, decay), state_of(key, value, state)
    output = np.zeros(value.shape)
    for start in range(0, key.shape[-2], chunk):
        part = (..., slice(start, start + chunk), slice(None))
        output[part], current = linear_attention(
            query[part], key[part], value[part], decay=gates[part], state=current
        )
    return output, current


__all__ = [
    "linear_attention",
    "linear_attention_chunked",
    "linear_attention_recurrent",
    "survivals",
]
