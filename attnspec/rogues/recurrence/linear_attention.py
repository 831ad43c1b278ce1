"""Linear attention that is wrong, and unusual forms that are right."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.numerics.dtypes import numpy_dtype
from attnspec.rogues._gallery import FORMATS, Control, Rogue, kind_rogue, makers
from attnspec.rogues._rounding import through
from attnspec.rogues.recurrence._forms import (
    Steps,
    chunked,
    given,
    one_gate,
    optioned,
    parallel,
    recurrent,
    returned,
)

# As systems take it; of lengths 17 and 33 one step is left over.
_CHUNK = 16


def _falsy_scale(
    query: Array, key: Array, value: Array, *, scale: float | None = None
) -> Any:
    """Take a scale of zero for none."""
    return optioned(parallel)(query, key, value, scale=scale or 1.0)


def _by_logarithms(steps: Steps) -> tuple[Array, Array]:
    """Take differences of summed logarithms; right while no decay is zero."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        logs = np.cumsum(np.log(steps.gates), axis=-2, dtype=steps.work)
        left = np.exp(logs[..., :, None, :] - logs[..., None, :, :])
    # Above the diagonal the exponential may have overflowed; it is never read.
    below = np.tri(steps.length, dtype=bool)[..., None]
    left = np.where(below, left, 0).astype(steps.work)
    weights = (steps.query[..., None, :] * left * steps.key[..., None, :, :]).sum(-1)
    before = (steps.query * np.exp(logs)) @ steps.state
    last = left[..., -1, :, :] * steps.key
    state = np.exp(logs[..., -1, :, None]) * steps.state
    return weights @ steps.value + before, state + last.swapaxes(-1, -2) @ steps.value


def _by_quotients(steps: Steps) -> tuple[Array, Array]:
    """Divide cumulated products, which underflow."""
    products = np.cumprod(steps.gates, axis=-2, dtype=steps.work)
    with np.errstate(all="ignore"):
        key = steps.key / products
        weights = np.tril((steps.query * products) @ key.swapaxes(-1, -2))
        output = weights @ steps.value + (steps.query * products) @ steps.state
        new = (key.swapaxes(-1, -2) @ steps.value) + steps.state
        return output, products[..., -1, :, None] * new


def _tail_dropped(steps: Steps) -> tuple[Array, Array]:
    """Read whole chunks into the state, and lose what is left over."""
    output, _ = parallel(steps)
    whole = steps.length // 4 * 4
    last = chunked(4)(steps.part(0, whole))[1] if whole else steps.state
    return output, last


def _undecayed(steps: Steps) -> tuple[Array, Array]:
    """Hand a state on that the chunk should have let fade."""
    output, last = parallel(steps)
    lost = np.prod(steps.gates, axis=-2)[..., None] * steps.state
    return output, last - lost + steps.state


def _not_causal(steps: Steps) -> tuple[Array, Array]:
    """Sum the whole sequence before any step asks."""
    _, last = recurrent(steps)
    return steps.query @ last, last


def _last_of_chunk_lost(steps: Steps) -> tuple[Array, Array]:
    """Read chunks of 64, and leave the last step of whole ones out of the state."""
    if steps.length <= 64:
        return parallel(steps)
    first, _ = parallel(steps.part(0, 64))
    _, state = parallel(steps.part(0, 63))
    rest, last = _last_of_chunk_lost(steps.part(64, steps.length).replace(state=state))
    return np.concatenate([first, rest], axis=-2), last


def _widths_exchanged(steps: Steps) -> tuple[Array, Array]:
    """Give back the state of values by keys where both are as wide."""
    output, last = recurrent(steps)
    square = last.shape[-1] == last.shape[-2]
    return output, last.swapaxes(-1, -2) if square else last


def _recency(steps: Steps) -> tuple[Array, Array]:
    """Let everything fade a little, asked or not."""
    # 15/16: exact, and near one.
    faded = steps.gates * steps.work.type(0.9375)
    return recurrent(steps.replace(gates=faded))


def _base_two(
    query: Array, key: Array, value: Array, *, log_decay: Array | None = None
) -> Any:
    """Take the logarithm of the decay for one to the base of two."""
    decay = None if log_decay is None else np.exp2(log_decay.astype(np.float32))
    steps = given(query, key, value, decay, None, None)
    return returned(*parallel(steps), query, return_state=False)


_rogue, _control = makers("linear-attention", "linear", made=optioned)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "unread",
        "formula",
        "The state is asked before the token itself is read.",
        lambda s: recurrent(s, unread=True),
        "first",
    ),
    _rogue(
        "read-first",
        "recurrence",
        "What was just read is faded by its own decay.",
        lambda s: recurrent(s, read_first=True),
        "decay",
    ),
    _rogue(
        "late-gates",
        "recurrence",
        "Each step has the decay of the step before it.",
        lambda steps: recurrent(steps.replace(gates=np.roll(steps.gates, 1, axis=-2))),
        "agreement",
    ),
    _rogue(
        "one-gate",
        "dropped-option",
        "All components fade as the first one does.",
        lambda s: recurrent(one_gate(s)),
        "gates",
    ),
    _rogue(
        "restarted-chunks",
        "recurrence",
        "Every chunk of 16 starts from nothing.",
        chunked(_CHUNK, between=lambda state, _: 0 * state),
        "agreement",
        mimics="fla#850",
    ),
    _rogue(
        "undecayed-chunks",
        "recurrence",
        "The state does not fade while a chunk of 16 is read.",
        chunked(_CHUNK, _undecayed),
        "agreement",
    ),
    _rogue(
        "state-in-bfloat16",
        "precision",
        "The state is kept in bfloat16 from step to step.",
        chunked(1, recurrent, lambda state, _: through(state, numpy_dtype("bfloat16"))),
        "agreement",
        dtypes=("bfloat16",),
    ),
    _rogue(
        "chunk-of-64-lost",
        "recurrence",
        "The state after the first chunk of 64 is that before its last step.",
        _last_of_chunk_lost,
        "agreement",
    ),
    _rogue(
        "tail-dropped",
        "tail",
        "A last chunk that is not whole does not reach the state.",
        _tail_dropped,
        "state",
        mimics="fla#1143",
    ),
    _rogue(
        "state-transposed",
        "recurrence",
        "A square state is given back with keys and values exchanged.",
        _widths_exchanged,
        "state",
    ),
    _rogue(
        "quotients",
        "precision",
        "Products of decays are quotients of cumulated ones, which underflow.",
        _by_quotients,
        "decay",
    ),
    _rogue(
        "logarithms",
        "precision",
        "A decay of zero has no logarithm, and its differences are no numbers.",
        _by_logarithms,
        "decay",
    ),
    _rogue(
        "not-causal",
        "mask",
        "Every step asks the state after the last one.",
        _not_causal,
        "past",
    ),
    _rogue(
        "length-scaled",
        "formula",
        "The output is divided by the length of the sequence.",
        lambda s: tuple(part / s.work.type(s.length) for part in recurrent(s)),
        "prefix",
    ),
    _rogue(
        "recency",
        "order",
        "Everything fades a little, whether a decay is given or not.",
        _recency,
        "order",
    ),
    kind_rogue(
        *("linear-attention", "linear-falsy-scale", "dropped-option"),
        "A scale of zero counts as none.",
        _falsy_scale,
        caught_by="linear-attention-agreement",
    ),
    kind_rogue(
        *("linear-attention", "linear-scaled-by-zero", "dropped-option"),
        "It declares a scale of zero to be the default, and multiplies by it.",
        optioned(parallel),
        caught_by="linear-attention-agreement",
        dialect={"zero_scale": "default"},
    ),
    kind_rogue(
        *("linear-attention", "linear-base-two", "formula"),
        "The logarithm of the decay is taken for one to the base of two.",
        _base_two,
        caught_by="linear-attention-decay",
    ),
)
"""Linear attentions that are wrong."""


def _scaled_by_width(
    *operands: Array,
    log_decay: Array | None = None,
    state: Array | None = None,
    return_state: bool = False,
) -> Any:
    """Multiply by the root of the width, and add logarithms, as systems do."""
    query, key, value = operands
    steps = given(query, key, value, None, log_decay, state)
    output, last = _by_logarithms(steps)
    output = output * steps.work.type(query.shape[-1] ** -0.5)
    return returned(output, last, query, return_state=return_state)


def _root_for_zero(
    query: Array, key: Array, value: Array, *, scale: float = 0.0
) -> Any:
    """Take a scale of zero for one over the root of the width."""
    factor = scale or query.shape[-1] ** -0.5
    return optioned(parallel)(query, key, value, scale=factor)


def _plain(query: Array, key: Array, value: Array) -> Array:
    """Multiply queries, keys and values, and nothing else."""
    steps = given(query, key, value, None, None, None)
    weights = np.tril(steps.query @ steps.key.swapaxes(-1, -2))
    return (weights @ steps.value).astype(query.dtype)


CONTROLS: tuple[Control, ...] = (
    _control(
        "recurrent", "One step after another.", optioned(recurrent), dtypes=FORMATS
    ),
    _control("parallel", "All weights at once.", optioned(parallel), dtypes=FORMATS),
    _control(
        "chunks-of-3", "Three steps at once.", optioned(chunked(3)), dtypes=FORMATS
    ),
    _control("chunks-of-16", "Sixteen steps at once.", optioned(chunked(_CHUNK))),
    _control("plain", "It has no option at all.", _plain, dtypes=FORMATS),
    _control(
        "scaled",
        "It divides by the root of the width, and takes logarithms of decays.",
        _scaled_by_width,
        dialect={"scale": "inverse_root"},
        dtypes=FORMATS,
    ),
    _control(
        "zero-is-default",
        "A scale of zero is the root of the width, as ONNX LinearAttention has it.",
        _root_for_zero,
        dialect={"scale": "inverse_root", "zero_scale": "default"},
        dtypes=FORMATS,
    ),
)
"""Linear attentions that are right."""

__all__ = ["CONTROLS", "ROGUES"]
