"""The delta rule: the kind `delta-rule`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers, normals, uniforms
from attnspec.judge.case import Case, cast
from attnspec.judge.compare import agrees, alike, same_at
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.recurrence import _decays_and_states as decays
from attnspec.kinds.recurrence import _laws as laws
from attnspec.kinds.recurrence import _sequences as sequences
from attnspec.kinds.recurrence import _usage as usage
from attnspec.kinds.recurrence._delta_rule import bounded
from attnspec.kinds.recurrence._sequences import wide
from attnspec.numerics import Comparison, NumericModel
from attnspec.numerics.tracked import F64, Judged, judged
from attnspec.reference import delta_rule_recurrent

_TABLE = Table(
    fields={
        **sequences.SIZES,
        "keys": ("basis", "signs", "normal", "short"),
        "rate": ("one", "half", "varied", "some_zero", "slow"),
        "data": ("integers", "normal"),
        **decays.FIELDS,
    },
    claims=decays.CLAIMS,
    mend=decays.mend,
    # One direction that each step moves a little further: a narrow state stands still.
    families=sequences.chunks(sequences.long_sequence(keys="basis", rate="slow")),
)


def _keys(recipe: Recipe) -> Array:
    """Return keys of length one, as far as the format holds them, or of one half."""
    width = recipe["width"]
    shape = sequences.shape_of(recipe, width)
    chosen = integers(recipe.seed, "key", shape[:-1], 0, width - 1)
    # Moved a little, so that no vector is zero, which has no direction.
    raw = normals(recipe.seed, "key", shape) + 2.0**-20
    unit = raw / np.sqrt((raw * raw).sum(-1, keepdims=True))
    kinds = {
        "basis": (chosen[..., None] == np.arange(width)) * 1.0,
        "signs": np.where(raw < 0, -1.0, 1.0) * width**-0.5,
        "normal": unit,
        "short": unit / 2.0,
    }
    return cast(kinds[recipe["keys"]], recipe)


def _rates(recipe: Recipe) -> Array:
    """Return the share by which each answer is moved."""
    shape = sequences.shape_of(recipe, 1)[:-1]
    varied = 1.0 - uniforms(recipe.seed, "rate", shape)
    # One step in three is skipped.
    skipped = integers(recipe.seed, "skipped", shape, 0, 2) == 0
    kinds = {
        "one": np.ones(shape),
        "half": np.full(shape, 0.5),
        "varied": varied,
        "some_zero": np.where(skipped, 0.0, varied),
        "slow": np.full(shape, 2.0**-9),
    }
    return cast(kinds[recipe["rate"]], recipe)


def _build(recipe: Recipe) -> Case:
    operands = {
        "query": sequences.vectors(recipe, "query", recipe["width"]),
        "key": _keys(recipe),
        "value": sequences.vectors(recipe, "value", recipe["value_width"]),
        "rate": _rates(recipe),
    }
    return decays.case_of(recipe, operands)


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Take out what each key held; any form may round as the majorant allows."""
    output, last = bounded(case, sequences.scale_of(case, choices), model)
    return judged(output, model, **({"state": last} if case["return_state"] else {}))


def _defined(
    query: Array,
    key: Array,
    value: Array,
    rate: Array,
    *,
    decay: Array | None = None,
    log_decay: Array | None = None,
    state: Array | None = None,
    scale: float = 1.0,
    return_state: bool = False,
) -> Any:
    """Evaluate the definition and round its result once."""
    factors = decay if log_decay is None else np.exp(wide(log_decay))
    operands = wide(query) * scale, wide(key), wide(value), wide(rate)
    output, last = delta_rule_recurrent(*operands, decay=factors, state=state)
    output = output.astype(query.dtype)
    return (output, last) if return_state else output


def _only_added(case: Case, right: Right) -> Array:
    """Take nothing out of the state before a value is added."""
    query, key, value = (wide(case[name]) for name in ("query", "key", "value"))
    added = wide(case["rate"])[..., None] * value
    # Below the diagonal: a key meets only what earlier steps have written.
    return right(case) + np.tril(query @ key.swapaxes(-1, -2), -1) @ added


DELTA_RULE = Kind(
    name="delta-rule",
    sentence="Moves what a state answers to a key toward a new value.",
    table=_TABLE,
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.DELTA_RULE,
    options=decays.OPTIONS,
    choices={"scale": ("one", "inverse_root"), **decays.ZERO_SCALE},
    choice_needs={"zero_scale": ("scale",)},
    probes=({"length": 3, "width": 4}, {"length": 3, "width": 4, "scale": 0.0}),
    simplest={"length": 8, "width": 8, "value_width": 5, "data": "normal"},
    nulls={
        **decays.NULLS,
        "only_added": _only_added,
        "rate_of_one": lambda case, right: right(case.changed(np.ones_like, "rate")),
    },
    null_needs=decays.NULL_NEEDS,
)


DELTA_RULE.agreement_law(
    "recurrence.delta-forms",
    "Recurrent, parallel and chunked forms give linear attention to corrections.",
    nulls=("zeros", "late", "rate_of_one", "only_added", "state_forgotten"),
)


laws.hold_to_the_past(DELTA_RULE, "recurrence.delta-forms")


def _asking_last(case: Case, place: int) -> Case:
    """Let the last key be a unit vector, and the last query ask at a place."""
    width = case["key"].shape[-1]
    units = np.eye(width).astype(case["key"].dtype)
    key, query, rate = (case[n].copy() for n in ("key", "query", "rate"))
    key[..., -1, :], rate[..., -1] = units[0], 1
    query[..., -2:, :] = units[place]
    return case.replace(key=key, query=query, rate=rate)


@DELTA_RULE.law(
    "delta-rule-answer",
    "recurrence.delta",
    nulls=("zeros", "only_added"),
    fields={
        "length": (2, 3, 5, 8, 17),
        "width": (1, 2, 4),
        "decay": (None,),
        "log_decay": (None,),
    },
)
def check_answer(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The state answers the last key with its value; other keys as it did before."""
    yield from agrees(_asking_last(case, 0), bench, "the last key")
    if case["key"].shape[-1] > 1:
        asked = _asking_last(case, 1)
        before, last = np.s_[..., -2, :], np.s_[..., -1, :]
        note = "a key at right angles"
        yield from same_at(asked, asked, bench, note, before, last)


@DELTA_RULE.law(
    "delta-rule-still",
    "recurrence.delta",
    nulls=("rate_of_one",),
    fields={"length": (3, 5, 8, 17)},
)
def check_still(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A step of rate zero reads nothing, whatever its key and value are."""
    place = case["rate"].shape[-1] // 2
    rate, value, key = (case[n].copy() for n in ("rate", "value", "key"))
    rate[..., place] = 0
    skipped = case.replace(rate=rate)
    # Loud, and against what was read first.
    value[..., place, :], key[..., place, :] = 64, -key[..., 0, :]
    changed = skipped.replace(value=value, key=key)
    yield from agrees(skipped, bench, f"step {place} skipped")
    yield from alike(skipped, changed, bench, f"step {place} changed")


def _sent_on(tail: Case, scale: float, error: F64) -> F64:
    """Return how far off outputs are where the state that they start from is.

    No step makes a column of the state longer, so its error stays as short.
    """
    sizes = np.sqrt((wide(tail["query"]) ** 2).sum(-1, keepdims=True))
    lengths = np.sqrt((error**2).sum(-2, keepdims=True))
    # Cauchy and Schwarz; twice, so that the later steps may round it.
    return np.asarray(2.0 * abs(scale) * sizes * lengths)


@DELTA_RULE.law(
    "delta-rule-state",
    "recurrence.state",
    nulls=("state_forgotten",),
    needs=("state", "return_state"),
    fields=laws.CONTINUED,
)
def check_state(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Two calls, the state of the first given to the second, are one call."""
    scale = sequences.scale_of(case, bench.dialect)
    yield from laws.continued(case, bench, lambda t, e: _sent_on(t, scale, e))


@DELTA_RULE.law(
    "delta-rule-decay",
    "recurrence.decay",
    nulls=("zeros", "decay_forgotten", "decay_late"),
    fields=laws.DECAYED,
    applies=laws.forgets,
)
def check_decay(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Keys at right angles correct nothing: what is left of a value are the decays."""
    if decays.given(case):
        yield from agrees(laws.at_right_angles(case), bench, "keys at right angles")


@DELTA_RULE.law(
    "delta-rule-gates",
    "recurrence.gates",
    nulls=("one_gate",),
    needs=("gates",),
    fields=laws.GATED,
    applies=laws.forgets,
)
def check_gates(case: Case, bench: Bench) -> Iterator[Comparison]:
    """With keys at right angles each component fades by its own gate, by no other."""
    if decays.given(case):
        yield from laws.by_component(laws.at_right_angles(case), bench)


__all__ = ["DELTA_RULE"]
