"""A sequence in the format that it is worked on, and the right forms of reading it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from attnspec._typing import Array
from attnspec.numerics.dtypes import working_dtype


@dataclasses.dataclass(frozen=True, eq=False)
class Steps:
    """The operands of a recurrence, with decay and state written out."""

    query: Array
    key: Array
    value: Array
    gates: Array
    state: Array
    rate: Array

    @property
    def length(self) -> int:
        """The number of steps."""
        return self.key.shape[-2]

    @property
    def work(self) -> np.dtype[Any]:
        """The working format."""
        return self.key.dtype

    def replace(self, **changes: Array) -> Self:
        """Return the same sequence with some operands changed."""
        return dataclasses.replace(self, **changes)

    def part(self, start: int, stop: int) -> Self:
        """Return the steps from start to stop."""
        names = ("query", "key", "value", "gates")
        taken = {name: getattr(self, name)[..., start:stop, :] for name in names}
        return self.replace(rate=self.rate[..., start:stop], **taken)


def given(
    query: Array,
    key: Array,
    value: Array,
    decay: Array | None,
    log_decay: Array | None,
    state: Array | None,
    rate: Array | None = None,
) -> Steps:
    """Write out what was given in the working format."""
    work = working_dtype(query.dtype)
    factors = np.ones(1, work) if decay is None else decay.astype(work)
    if log_decay is not None:
        factors = np.exp(log_decay.astype(work))
    empty = np.zeros((*key.shape[:-2], key.shape[-1], value.shape[-1]), work)
    return Steps(
        query.astype(work),
        key.astype(work),
        value.astype(work),
        np.broadcast_to(factors, key.shape),
        empty if state is None else state.astype(work),
        np.ones(key.shape[:-1], work) if rate is None else rate.astype(work),
    )


def one_gate(steps: Steps) -> Steps:
    """Let all components fade as the first one does."""
    gates = np.broadcast_to(steps.gates[..., :1], steps.gates.shape)
    return steps.replace(gates=gates)


def returned(output: Array, last: Array, query: Array, *, return_state: bool) -> Any:
    """Return the output in the format of the queries, and the state if asked."""
    # What a format cannot hold becomes infinite, as in a kernel.
    with np.errstate(over="ignore", invalid="ignore"):
        answer = output.astype(query.dtype)
    return (answer, last) if return_state else answer


Form = Callable[[Steps], tuple[Array, Array]]
"""From a sequence to its output and the state after it."""


def optioned(form: Form) -> Callable[..., Any]:
    """Return a form with every option, and with a rate if there is one."""

    def kernel(
        *operands: Array,
        decay: Array | None = None,
        log_decay: Array | None = None,
        state: Array | None = None,
        scale: float = 1.0,
        return_state: bool = False,
    ) -> Any:
        query, key, value, *rate = operands
        steps = given(query, key, value, decay, log_decay, state, *rate)
        output, last = form(steps)
        output = output * output.dtype.type(scale)
        return returned(output, last, query, return_state=return_state)

    return kernel


def recurrent(
    steps: Steps, *, unread: bool = False, read_first: bool = False
) -> tuple[Array, Array]:
    """Read step after step; a rogue asks too early, or forgets too late."""
    output, current = np.zeros_like(steps.value), steps.state
    for i in range(steps.length):
        gate = steps.gates[..., i, :, None]
        read = steps.key[..., i, :, None] * steps.value[..., i, None, :]
        asked = gate * current
        current = gate * (current + read) if read_first else asked + read
        answer = asked if unread else current
        output[..., i, :] = (steps.query[..., i, None, :] @ answer)[..., 0, :]
    return output, current


def parallel(steps: Steps, *, strict: bool = False) -> tuple[Array, Array]:
    """Find all weights at once; each product of decays by itself."""
    n = steps.length
    # Row i, column j + 1: what is left of step j after step i; column 0: of the state.
    left = np.zeros((*steps.key.shape[:-1], n + 1, steps.key.shape[-1]), steps.work)
    alive = np.zeros((*steps.key.shape[:-2], n + 1, steps.key.shape[-1]), steps.work)
    alive[..., 0, :] = 1
    for i in range(n):
        alive = alive * steps.gates[..., i, None, :]
        alive[..., i + 1, :] = 0 if strict else 1
        left[..., i, :, :] = alive
        alive[..., i + 1, :] = 1
    asked = steps.query[..., None, :] * left
    weights = (asked[..., 1:, :] * steps.key[..., None, :, :]).sum(-1)
    output = weights @ steps.value + asked[..., 0, :] @ steps.state
    kept = (alive[..., 1:, :] * steps.key).swapaxes(-1, -2)
    return output, alive[..., 0, :, None] * steps.state + kept @ steps.value


def chunked(
    size: int,
    form: Form = parallel,
    between: Callable[[Array, Steps], Array] = lambda state, _steps: state,
) -> Form:
    """Return the form that reads chunk after chunk, and hands a state on."""

    def chunks(steps: Steps) -> tuple[Array, Array]:
        outputs, current = [], steps.state
        for start in range(0, steps.length, size):
            here = steps.part(start, start + size)
            output, last = form(here.replace(state=current))
            outputs.append(output)
            current = between(last, here)
        return np.concatenate(outputs, axis=-2), last

    return chunks


__all__ = [
    "Form",
    "Steps",
    "chunked",
    "given",
    "one_gate",
    "optioned",
    "parallel",
    "recurrent",
    "returned",
]
