"""Delta rules that are wrong, and unusual forms that are right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.numerics.dtypes import numpy_dtype
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues._rounding import through
from attnspec.rogues.recurrence._forms import (
    Steps,
    chunked,
    given,
    one_gate,
    optioned,
    parallel,
    returned,
)

# Of value widths 1, 2 and 5 the last needs two tiles.
_TILE = 4


def _recurrent(
    steps: Steps,
    *,
    first: str = "decay",
    unread: bool = False,
    keep: float = 1.0,
) -> tuple[Array, Array]:
    """Correct the state step after step; a rogue asks it at another time."""
    output, current = np.zeros_like(steps.value), steps.state
    for i in range(steps.length):
        key, gate = steps.key[..., i, None, :], steps.gates[..., i, :, None]
        faded = gate * current
        held = key @ (faded if first == "decay" else current)
        missing = steps.value[..., i, None, :] - steps.work.type(keep) * held
        missing = steps.rate[..., i, None, None] * missing
        current = faded + key.swapaxes(-1, -2) * missing
        asked = faded if unread else current
        output[..., i, :] = (steps.query[..., i, None, :] @ asked)[..., 0, :]
    return output, current


def _system(steps: Steps) -> tuple[Array, Array]:
    """Return the triangular matrix, and what is left of the state at each step."""
    n = steps.length
    system = np.zeros((*steps.key.shape[:-1], n), steps.work)
    left, alive = steps.key.copy(), np.ones_like(steps.key)
    product = np.ones_like(steps.key[..., 0, :])
    for i in range(n):
        left[..., :i, :] *= steps.gates[..., i, None, :]
        product = product * steps.gates[..., i, :]
        alive[..., i, :] = product
        dots = left[..., :i, :] @ steps.key[..., i, :, None]
        system[..., i, :i] = steps.rate[..., i, None] * dots[..., 0]
    return system, alive


def _inverse(system: Array) -> Array:
    """Invert a unit lower triangular matrix row by row, as systems do."""
    inverse = np.broadcast_to(
        np.eye(system.shape[-1], dtype=system.dtype), system.shape
    )
    inverse = inverse.copy()
    for i in range(1, system.shape[-1]):
        known = system[..., i, None, :i] @ inverse[..., :i, :]
        inverse[..., i, :] -= known[..., 0, :]
    return inverse


def _at_once(
    steps: Steps, change: Callable[[Array], Array] = lambda system: system
) -> tuple[Array, Array]:
    """Find all corrections from one triangular system, then attend linearly."""
    system, alive = _system(steps)
    held = (alive * steps.key) @ steps.state
    right = steps.rate[..., None] * (steps.value - held)
    return parallel(steps.replace(value=_inverse(change(system)) @ right))


def _rate_on_keys(steps: Steps) -> tuple[Array, Array]:
    """Multiply values by the rate, but not what is taken out."""
    return _recurrent(
        steps.replace(
            value=steps.rate[..., None] * steps.value, rate=np.ones_like(steps.rate)
        )
    )


def _later_key(steps: Steps) -> tuple[Array, Array]:
    """Let the whole system act, above its diagonal too."""
    key = steps.key @ steps.key.swapaxes(-1, -2)
    both = np.linalg.inv(
        np.eye(steps.length) + np.tril(key, -1) / 2 + np.triu(key, 1) / 64
    )
    right = steps.rate[..., None] * steps.value
    return parallel(steps.replace(value=(both @ right).astype(steps.work)))


def _state_unasked(steps: Steps) -> tuple[Array, Array]:
    """Correct what this chunk has read alone, not what the state holds."""
    system, _ = _system(steps)
    right = steps.rate[..., None] * steps.value
    return parallel(steps.replace(value=_inverse(system) @ right))


def _half_lived(steps: Steps) -> tuple[Array, Array]:
    """Give back the state of the step before the last one."""
    output, last = _recurrent(steps)
    few = steps.part(0, steps.length - 1)
    return output, _recurrent(few)[1] if steps.length > 2 else last


def _mean_over_rows(steps: Steps) -> tuple[Array, Array]:
    """Divide by the number of steps."""
    output, last = _recurrent(steps)
    return output * steps.work.type(2.0 / (1 + steps.length)), last


_rogue, _control = makers("delta-rule", "delta", made=optioned)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "state-in-bfloat16",
        "precision",
        "The state is kept in bfloat16 from step to step.",
        chunked(
            1, _recurrent, lambda state, _: through(state, numpy_dtype("bfloat16"))
        ),
        "agreement",
        dtypes=("bfloat16",),
    ),
    _rogue(
        "only-added",
        "formula",
        "Nothing is taken out of the state before a value is added.",
        lambda s: _recurrent(s, keep=0.0),
        "answer",
    ),
    _rogue(
        "taken-for-each-tile",
        "width",
        "What a key held is taken out once for each tile of four values.",
        lambda s: _recurrent(s, keep=float(-(-s.value.shape[-1] // _TILE))),
        "answer",
        mimics="fla#1033",
    ),
    _rogue(
        "decay-last",
        "recurrence",
        "The state is asked what it holds before it fades.",
        lambda s: _recurrent(s, first="answer"),
        "agreement",
    ),
    _rogue(
        "unread",
        "formula",
        "The state is asked before the token itself is read.",
        lambda s: _recurrent(s, unread=True),
        "agreement",
    ),
    _rogue(
        "rate-on-values",
        "formula",
        "The rate is on the new value, and not on what is taken out.",
        _rate_on_keys,
        "still",
    ),
    _rogue(
        "one-rate",
        "dropped-option",
        "Every step has the rate of the first.",
        lambda s: _recurrent(s.replace(rate=s.rate[..., :1] + 0 * s.rate)),
        "still",
    ),
    _rogue(
        "short-series",
        "formula",
        "The inverse of the system is the first terms of its series.",
        lambda s: _at_once(s, lambda system: system - system @ system),
        "agreement",
    ),
    _rogue(
        "state-unasked",
        "recurrence",
        "A chunk corrects what it has read itself, not what the state holds.",
        chunked(8, _state_unasked),
        "agreement",
    ),
    _rogue(
        *("later-keys", "mask", "Corrections know of later keys."),
        _later_key,
        "past",
    ),
    _rogue(
        "length-scaled",
        "formula",
        "The output is divided by the length of the sequence.",
        _mean_over_rows,
        "prefix",
    ),
    _rogue(
        "stale-state",
        "recurrence",
        "The state is given back without the last step.",
        _half_lived,
        "state",
    ),
    _rogue(
        *("normed", "formula", "Keys are brought to length one, asked or not."),
        lambda s: _recurrent(
            s.replace(key=s.key / np.linalg.norm(s.key, axis=-1, keepdims=True))
        ),
        "agreement",
    ),
    _rogue(
        *("decay-dropped", "dropped-option", "The decay is ignored."),
        lambda s: _recurrent(s.replace(gates=np.ones_like(s.gates))),
        "decay",
    ),
    _rogue(
        *("one-gate", "dropped-option", "All components fade as the first one does."),
        lambda s: _recurrent(one_gate(s)),
        "gates",
    ),
)
"""Delta rules that are wrong."""


def _plain(query: Array, key: Array, value: Array, rate: Array) -> Array:
    """Correct and scale by the root of the width, with no option at all."""
    output, last = chunked(5, _at_once)(
        given(query, key, value, None, None, None, rate)
    )
    output = output * output.dtype.type(query.shape[-1] ** -0.5)
    return np.asarray(returned(output, last, query, return_state=False))


def _root_for_zero(
    query: Array, key: Array, value: Array, rate: Array, *, scale: float = 0.0
) -> Array:
    """Take a scale of zero for one over the root of the width."""
    factor = scale or query.shape[-1] ** -0.5
    found = optioned(_at_once)(query, key, value, rate, scale=factor)
    return np.asarray(found)


CONTROLS: tuple[Control, ...] = (
    _control(
        "recurrent", "One step after another.", optioned(_recurrent), dtypes=FORMATS
    ),
    _control("at-once", "One triangular system.", optioned(_at_once), dtypes=FORMATS),
    _control(
        "chunks-of-3",
        "One system for every three steps.",
        optioned(chunked(3, _at_once)),
        dtypes=FORMATS,
    ),
    _control(
        "chunks-of-16",
        "One system for every sixteen steps.",
        optioned(chunked(16, _at_once)),
    ),
    _control(
        "plain",
        "It has no option, and divides by the root of the width.",
        _plain,
        dialect={"scale": "inverse_root"},
        dtypes=FORMATS,
    ),
    _control(
        "zero-is-default",
        "A scale of zero is that of the width, as ONNX LinearAttention has it.",
        _root_for_zero,
        dialect={"scale": "inverse_root", "zero_scale": "default"},
        dtypes=FORMATS,
    ),
)
"""Delta rules that are right."""

__all__ = ["CONTROLS", "ROGUES"]
