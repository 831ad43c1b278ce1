"""A plain recurrent network, and its Jacobian."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float64

from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import definition, float64


class Recurrence(NamedTuple):
    """What a plain recurrent network has learned, for inputs of D and states of H."""

    by_input: Float[np.ndarray, "D H"]
    by_state: Float[np.ndarray, "H H"]
    bias: Float[np.ndarray, "H"]


@definition
def tanh_rnn(
    x: Float[np.ndarray, "N D"],
    weights: Recurrence,
    *,
    state: Float[np.ndarray, "H"] | None = None,
) -> Float64[np.ndarray, "N H"]:
    r"""Read a sequence step by step, keeping one state.

    .. math:: h_i = \tanh (x_i \, U + h_{i-1} \, W + b)

    Parameters
    ----------
    x : (N, D) array
    weights : Recurrence
        U (D, H), W (H, H) and b (H,).
    state : (H,) array, optional
        The state before the first step; zeros by default. To go on with a
        sequence, give the last state.

    Returns
    -------
    (N, H) array
        The states.

    Raises
    ------
    InvalidArgument
        If inputs or state have another width than the weights ask for.

    References
    ----------
    Elman, "Finding Structure in Time", 1990, :doi:`10.1207/s15516709cog1402_1`.

    Examples
    --------
    >>> import numpy as np
    >>> weights = Recurrence(np.eye(1), np.zeros((1, 1)), np.zeros(1))
    >>> tanh_rnn(np.array([[0.0], [np.arctanh(0.5)]]), weights)[:, 0].round(12)
    array([0. , 0.5])
    """
    current = np.zeros(len(weights.bias)) if state is None else float64(state)
    if current.shape != weights.bias.shape:
        msg = f"state: expected shape {weights.bias.shape}, got {current.shape}"
        raise InvalidArgument(msg)
    by_input, by_state, bias = (float64(array) for array in weights)
    states = np.empty((len(x), len(bias)))
    for i, step in enumerate(float64(x)):
        current = np.tanh(step @ by_input + current @ by_state + bias)
        states[i] = current
    return states


@definition
def rnn_jacobian(
    x: Float[np.ndarray, "N D"],
    weights: Recurrence,
    *,
    state: Float[np.ndarray, "H"] | None = None,
) -> Float64[np.ndarray, "N N H D"]:
    r"""Differentiate every state by every input.

    .. math::
        \frac{\partial h_i}{\partial x_i} = D_i U^\top, \qquad
        \frac{\partial h_i}{\partial x_j} = D_i W^\top
        \frac{\partial h_{i-1}}{\partial x_j}, \qquad
        D_i = \operatorname{diag}(1 - h_i^2)

    One factor of W for each step in between is why the influence of a step
    vanishes or explodes with its distance.

    Parameters
    ----------
    x : (N, D) array
    weights : Recurrence
    state : (H,) array, optional
        As in `tanh_rnn`.

    Returns
    -------
    (N, N, H, D) array
        Zero for inputs after the state.

    Raises
    ------
    InvalidArgument
        As `tanh_rnn` does.

    References
    ----------
    Bengio, Simard and Frasconi, "Learning Long-Term Dependencies with Gradient
    Descent is Difficult", 1994, :doi:`10.1109/72.279181`; Pascanu, Mikolov and
    Bengio, "On the difficulty of training recurrent neural networks", 2013,
    :doi:`10.48550/arXiv.1211.5063`.

    Examples
    --------
    >>> import numpy as np
    >>> weights = Recurrence(np.eye(1), 0.5 * np.eye(1), np.zeros(1))
    >>> rnn_jacobian(np.zeros((3, 1)), weights)[..., 0, 0]
    array([[1.  , 0.  , 0.  ],
           [0.5 , 1.  , 0.  ],
           [0.25, 0.5 , 1.  ]])
    """
    slopes = 1.0 - tanh_rnn(x, weights, state=state) ** 2
    by_input, by_state = float64(weights.by_input), float64(weights.by_state)
    jacobian = np.zeros((len(x), len(x), *by_input.T.shape))
    for i, slope in enumerate(slopes):
        if i:
            passed_on = np.einsum("hg,jhd->jgd", by_state, jacobian[i - 1, :i])
            jacobian[i, :i] = slope[:, None] * passed_on
        jacobian[i, i] = slope[:, None] * by_input.T
    return jacobian


__all__ = ["Recurrence", "rnn_jacobian", "tanh_rnn"]
