"""A program that is type-checked and not run: recurrence and what is linear."""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np
import numpy.typing as npt

from attnspec.reference import (
    Recurrence,
    chain_length,
    corrections,
    delta_rule,
    delta_rule_chunked,
    delta_rule_recurrent,
    elu_plus_one,
    influence,
    linear_attention,
    linear_attention_chunked,
    linear_attention_recurrent,
    normalized_linear_attention,
    rnn_jacobian,
    survivals,
    tanh_rnn,
)

Array = npt.NDArray[Any]

Pair = tuple[Array, Array]

x, square = np.zeros((6, 4)), np.zeros((4, 4), dtype=np.float32)
query, value, rate = np.zeros((2, 6, 4)), np.zeros((2, 6, 3)), np.ones((2, 6))
state, gates = np.zeros((2, 4, 3)), np.ones((2, 6, 1))

# A network whose state is passed on.
network = Recurrence(square, square, np.zeros(4))
assert_type(network.by_state, Array)
assert_type(tanh_rnn(x, network, state=np.zeros(4)), Array)
assert_type(rnn_jacobian(x, network), Array)
assert_type(chain_length(np.tri(6, dtype=np.bool_)), int)

# Linear attention and the delta rule: an output and the state that is left.
assert_type(elu_plus_one(query), Array)
assert_type(survivals(gates), Array)
assert_type(normalized_linear_attention(query, query, value), Array)
assert_type(linear_attention(query, query, value, decay=gates), Pair)
assert_type(linear_attention_recurrent(query, query, value, state=state), Pair)
assert_type(linear_attention_chunked(query, query, value, chunk=2), Pair)
assert_type(corrections(query, value, rate, decay=gates), Array)
assert_type(delta_rule(query, query, value, rate, state=state), Pair)
assert_type(delta_rule_recurrent(query, query, value, rate), Pair)
assert_type(delta_rule_chunked(query, query, value, rate, chunk=2), Pair)


def doubled(sequence: Array) -> Array:
    """Stand for any function of a sequence."""
    return 2.0 * sequence


# What arrives where, for any function.
assert_type(influence.dependence(doubled, x), Array)
jacobian = influence.attention_jacobian(x, x, x, mask=None)
assert_type(jacobian, tuple[Array, Array, Array])
assert_type(influence.influence_norms(jacobian[0]), Array)

# What must not pass.
tanh_rnn(x, square)  # type: ignore[arg-type]
Recurrence(square, square)  # type: ignore[call-arg]
linear_attention(query=query, key=query, value=value)  # type: ignore[call-arg]
linear_attention_chunked(query, query, value)  # type: ignore[call-arg]
delta_rule(query, query, value)  # type: ignore[call-arg]
delta_rule(query, query, value, 0.5)  # type: ignore[arg-type]
influence.dependence(x, x)  # type: ignore[arg-type]
