"""Linear attention: the kind `linear-attention`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
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
from attnspec.kinds.recurrence._bounds import rounded
from attnspec.kinds.recurrence._sequences import wide
from attnspec.numerics import Comparison, NumericModel
from attnspec.numerics.tracked import F64, Judged, judged
from attnspec.reference import linear_attention_recurrent

_TABLE = Table(
    fields={
        **sequences.SIZES,
        "data": ("ones", "integers", "normal"),
        **decays.FIELDS,
    },
    claims=decays.CLAIMS,
    mend=decays.mend,
    families=sequences.chunks(sequences.long_sequence()),
)


def _build(recipe: Recipe) -> Case:
    widths = dict.fromkeys(("query", "key"), recipe["width"])
    widths["value"] = recipe["value_width"]
    operands = {n: sequences.vectors(recipe, n, w) for n, w in widths.items()}
    return decays.case_of(recipe, operands)


def _summed(
    query: F64, key: F64, value: F64, gates: F64, state: F64
) -> tuple[tuple[F64, F64], tuple[F64, F64]]:
    """Read step after step; return output and state, and what of both is the past's."""
    output, past = np.zeros(value.shape), np.zeros(value.shape)
    current = kept = state
    for i in range(key.shape[-2]):
        kept = gates[..., i, :, None] * current
        current = kept + key[..., i, :, None] * value[..., i, None, :]
        output[..., i, :] = (query[..., i, None, :] @ current)[..., 0, :]
        past[..., i, :] = (query[..., i, None, :] @ kept)[..., 0, :]
    return (output, past), (current, kept)


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Sum the values; a form may round each term as often as any form does."""
    gates, scale = sequences.gates_of(case), sequences.scale_of(case, choices)
    query, key, value = (wide(case[name]) for name in ("query", "key", "value"))
    query, state = query * scale, sequences.start_of(case)
    values = _summed(query, key, value, gates, state)
    parts = np.abs(query), np.abs(key), np.abs(value)
    sizes = _summed(*parts, gates, np.abs(state))
    output, last = (
        rounded(exact, *size, case, model)
        for (exact, _), size in zip(values, sizes, strict=True)
    )
    return judged(output, model, **({"state": last} if case["return_state"] else {}))


def _defined(
    query: Array,
    key: Array,
    value: Array,
    *,
    decay: Array | None = None,
    log_decay: Array | None = None,
    state: Array | None = None,
    scale: float = 1.0,
    return_state: bool = False,
) -> Any:
    """Evaluate the definition and round its result once."""
    factors = decay if log_decay is None else np.exp(wide(log_decay))
    output, last = linear_attention_recurrent(
        wide(query) * scale, wide(key), wide(value), decay=factors, state=state
    )
    output = output.astype(query.dtype)
    return (output, last) if return_state else output


def _self_unread(case: Case, right: Right) -> Array:
    """Ask the state before it is updated."""
    alone = case.without("state", "decay", "log_decay")
    steps = range(case["key"].shape[-2])
    own = [right(sequences.part(alone, slice(i, i + 1))) for i in steps]
    return right(case) - np.concatenate(own, axis=-2)


def _by_place(case: Case, right: Right) -> Array:
    """Weigh values by their places."""
    places = 1.0 + np.arange(case["value"].shape[-2])[:, None]
    return right(case.replace(value=wide(case["value"]) * places))


LINEAR_ATTENTION = Kind(
    name="linear-attention",
    sentence="Weighs values up to its own by dot products; a state sums up the past.",
    table=_TABLE,
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.LINEAR_ATTENTION,
    options=decays.OPTIONS,
    choices={"scale": ("one", "inverse_root"), **decays.ZERO_SCALE},
    choice_needs={"zero_scale": ("scale",)},
    probes=(
        {"length": 3, "width": 4, "data": "integers"},
        {"length": 3, "width": 4, "data": "integers", "scale": 0.0},
    ),
    simplest={"length": 8, "width": 8, "value_width": 5, "data": "normal"},
    nulls={
        **decays.NULLS,
        "self_unread": _self_unread,
        "by_place": _by_place,
    },
    null_needs=decays.NULL_NEEDS,
)


LINEAR_ATTENTION.agreement_law(
    "recurrence.forms",
    "Recurrent, parallel and chunked forms all give the sum of the past.",
    nulls=("zeros", "late", "decay_forgotten", "state_forgotten"),
)


laws.hold_to_the_past(LINEAR_ATTENTION, "recurrence.forms", data=("integers", "normal"))


def _sent_on(bench: Bench, tail: Case, error: F64) -> F64:
    """Return how far off outputs are where the state that they start from is."""
    # Outputs are linear in the state: its error arrives as a state does.
    sizes = tail.replace(
        query=np.abs(wide(tail["query"])),
        value=np.zeros(tail["value"].shape),
        state=error,
    )
    return np.abs(bench.judged(sizes).output)


@LINEAR_ATTENTION.law(
    "linear-attention-state",
    "recurrence.state",
    nulls=("state_forgotten",),
    needs=("state", "return_state"),
    fields=laws.CONTINUED,
)
def check_state(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Two calls, the state of the first given to the second, are one call."""
    yield from laws.continued(case, bench, lambda t, e: _sent_on(bench, t, e))


@LINEAR_ATTENTION.law(
    "linear-attention-first",
    "recurrence.forms",
    nulls=("zeros", "self_unread"),
    fields={"state": (False,)},
)
def check_first(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A token reads itself: a first output is the first value times a dot product."""
    steps = case["key"].shape[-2]
    # Any step is the first one if it stands alone.
    for i in {0, steps - 1}:
        yield from agrees(sequences.part(case, slice(i, i + 1)), bench, f"step {i}")


@LINEAR_ATTENTION.law(
    "linear-attention-order",
    "recurrence.order",
    nulls=("by_place",),
    fields={
        "length": (3, 5, 8, 17),
        "data": ("integers", "normal"),
        "decay": (None,),
        "log_decay": (None,),
    },
)
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Without decay the state is a sum: it does not know in which order it read."""
    order = np.arange(case["key"].shape[-2])
    # The last step stays, for its output reads all the others.
    order[:-1] = order[:-1][::-1]
    turned = case.changed(lambda a: a[..., order, :], "key", "value")
    last = np.s_[..., -1:, :]
    note = "earlier steps in another order"
    yield from same_at(case, turned, bench, note, last)


@LINEAR_ATTENTION.law(
    "linear-attention-decay",
    "recurrence.decay",
    nulls=("zeros", "decay_forgotten", "decay_late"),
    fields=laws.DECAYED,
    applies=laws.forgets,
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
    yield from alike(
        single, laws.faded(single, order <= place), bench, "earlier decays"
    )


@LINEAR_ATTENTION.law(
    "linear-attention-gates",
    "recurrence.gates",
    nulls=("one_gate",),
    needs=("gates",),
    fields=laws.GATED,
    applies=laws.forgets,
)
def check_gates(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Each component of the state fades by its own gate, and by no other."""
    if decays.given(case):
        yield from laws.by_component(case, bench)


__all__ = ["LINEAR_ATTENTION"]
