"""Decay: what linear attention and the delta rule forget, step by step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.claims import Capabilities
from attnspec.judge.compare import agrees, alike
from attnspec.judge.kind import Bench
from attnspec.kinds.attention.dialect import Dialect
from attnspec.kinds.recurrence import _decays as decays
from attnspec.kinds.recurrence.delta_rule import DELTA_RULE
from attnspec.kinds.recurrence.linear_attention import LINEAR_ATTENTION
from attnspec.numerics import Comparison

_FIELDS = {
    "length": (3, 5, 8),
    "width": (8,),
    "decay": (None, *decays.DECAYS),
    "log_decay": decays.LOG_DECAYS,
    "state": (False,),
}
_GATED = _FIELDS | {
    "data": ("integers", "normal"),
    "decay": (None, "varied"),
    "log_decay": ("varied",),
    "gates": (True,),
}


def _forgets(_dialect: Dialect, capabilities: Capabilities) -> bool:
    """Return whether a function can be given a decay."""
    return bool(capabilities.claims.intersection(decays.CLAIMED))


def _faded(case: Case, where: Array) -> Case:
    """Let a quarter be left at some places, whatever was left there before."""
    name = "decay" if case["log_decay"] is None else "log_decay"
    quarter = 0.25 if name == "decay" else np.log(0.25)
    given = case[name]
    return case.replace(**{name: np.where(where, quarter, given).astype(given.dtype)})


def _at_right_angles(case: Case) -> Case:
    """Let the keys be unit vectors, each another one."""
    key = case["key"]
    units = np.eye(key.shape[-1])[: key.shape[-2]]
    return case.replace(key=np.broadcast_to(units, key.shape).astype(key.dtype))


def _by_component(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Yield whether what one component holds fades by its own gate."""
    width = case["key"].shape[-1]
    for place in (0, 1):
        here = np.arange(width) == place
        query = np.broadcast_to(here, case["query"].shape).astype(case["query"].dtype)
        asked = case.replace(query=query)
        note = f"component {place}"
        yield from agrees(asked, bench, note)
        others = _faded(asked, ~here)
        yield from alike(asked, others, bench, f"{note}, other gates changed")


@LINEAR_ATTENTION.law(
    "linear-attention-decay",
    "recurrence.decay",
    nulls=("zeros", "decay_forgotten", "decay_late"),
    fields=_FIELDS,
    applies=_forgets,
)
def check_decay(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What one step read is multiplied by the decays after it, and by no other."""
    if not decays.given(case):
        return
    steps = case["value"].shape[-2]
    place, order = (steps - 1) // 2, np.arange(steps)[:, None]
    value = np.where(order == place, case["value"], 0).astype(case["value"].dtype)
    single = case.replace(value=value)
    yield from agrees(single, bench, "one step with a value")
    yield from alike(single, _faded(single, order <= place), bench, "earlier decays")


@DELTA_RULE.law(
    "delta-rule-decay",
    "recurrence.decay",
    nulls=("zeros", "decay_forgotten", "decay_late"),
    fields=_FIELDS,
    applies=_forgets,
)
def check_delta_decay(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Keys at right angles correct nothing: what is left of a value are the decays."""
    if decays.given(case):
        yield from agrees(_at_right_angles(case), bench, "keys at right angles")


@LINEAR_ATTENTION.law(
    "linear-attention-gates",
    "recurrence.gates",
    nulls=("one_gate",),
    needs=("gates",),
    fields=_GATED,
    applies=_forgets,
)
def check_gates(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Each component of the state fades by its own gate, and by no other."""
    if decays.given(case):
        yield from _by_component(case, bench)


@DELTA_RULE.law(
    "delta-rule-gates",
    "recurrence.gates",
    nulls=("one_gate",),
    needs=("gates",),
    fields=_GATED,
    applies=_forgets,
)
def check_delta_gates(case: Case, bench: Bench) -> Iterator[Comparison]:
    """With keys at right angles each component fades by its own gate, by no other."""
    if decays.given(case):
        yield from _by_component(_at_right_angles(case), bench)


__all__ = ["check_decay", "check_delta_decay", "check_delta_gates", "check_gates"]
