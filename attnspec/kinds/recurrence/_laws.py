"""What the laws of several recurrences share: fewer steps, later ones, decays."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.claims import Capabilities
from attnspec.judge.compare import agrees, alike
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.kinds.recurrence import _decays_and_states as decays
from attnspec.kinds.recurrence._sequences import LENGTHS, part, wide
from attnspec.numerics import Comparison, within
from attnspec.numerics.tracked import F64

DECAYED = {
    "length": (3, 5, 8),
    # No fewer components than steps, so that every key has a direction of its own.
    "width": (8,),
    "decay": (None, *decays.DECAYS),
    "log_decay": decays.LOG_DECAYS,
    "state": (False,),
}

CONTINUED = {
    "length": LENGTHS[1:],
    "width": (1, 2, 4),
    "value_width": (1, 2, 4),
    "return_state": (True,),
}

GATED = DECAYED | {
    "data": ("integers", "normal"),
    "decay": (None, "varied"),
    "log_decay": ("varied",),
    "gates": (True,),
}


def forgets(_dialect: Dialect, capabilities: Capabilities) -> bool:
    """Return whether a function can be given a decay."""
    return bool(capabilities.claims.intersection(decays.CLAIMED))


def faded(case: Case, where: Array) -> Case:
    """Let a quarter be left at some places, whatever was left there before."""
    name = "decay" if case["log_decay"] is None else "log_decay"
    # Another decay than any that is drawn, and exact.
    quarter = 0.25 if name == "decay" else np.log(0.25)
    given = case[name]
    return case.replace(**{name: np.where(where, quarter, given).astype(given.dtype)})


def at_right_angles(case: Case) -> Case:
    """Let the keys be unit vectors, each another one."""
    key = case["key"]
    # As many directions as steps: a width of 8, and no more than 8 steps.
    units = np.eye(key.shape[-1])[: key.shape[-2]]
    return case.replace(key=np.broadcast_to(units, key.shape).astype(key.dtype))


def by_component(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Yield whether what one component holds fades by its own gate."""
    width = case["key"].shape[-1]
    for place in (0, 1):
        here = np.arange(width) == place
        query = np.broadcast_to(here, case["query"].shape).astype(case["query"].dtype)
        asked = case.replace(query=query)
        note = f"component {place}"
        yield from agrees(asked, bench, note)
        others = faded(asked, ~here)
        yield from alike(asked, others, bench, f"{note}, other gates changed")


def prefix(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The first steps alone have the outputs that they have in a longer sequence."""
    whole = bench.run(case).output
    bound = bench.judged(case).bound
    for count in {1, whole.shape[-2] // 2, whole.shape[-2] - 1} - {0}:
        few = part(case, slice(0, count))
        exact = bench.judged(few)
        expected = wide(whole)[..., :count, :]
        # The exact values that both are held to were evaluated apart, in float64.
        room = bound[..., :count, :] + exact.bound + 2.0**-50 * np.abs(expected)
        found = within(expected, bench.run(few).output, room)
        yield dataclasses.replace(found, note=f"the first {count} steps alone")


def later_changed(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Later steps change no earlier output, however large their values are."""
    steps = case["key"].shape[-2]
    count = max(1, steps // 2)
    late = (np.arange(steps) >= count)[:, None]
    # Far beyond all other values; float16 ends at 65504.
    large = 2.0**5 if case.dtype == "float16" else 2.0**60
    changed = case.replace(
        query=np.where(late, -case["query"], case["query"]),
        key=np.where(late, -case["key"], case["key"]),
        value=np.where(late, large, case["value"]).astype(case["value"].dtype),
    )
    # What may be off is decided by the earlier steps, which are the same in both.
    bound, here = 2.0 * bench.judged(case).bound, np.s_[..., :count, :]
    one, two = bench.run(case).output, bench.run(changed).output
    found = within(wide(one)[here], two[here], bound[here])
    yield dataclasses.replace(found, note=f"steps from {count} on changed")


def hold_to_the_past(kind: Kind, clause: str, **fields: Any) -> None:
    """Enter the laws that no output depends on a later step."""
    several = {"length": LENGTHS[1:]}
    kind.law(
        f"{kind.name}-prefix",
        clause,
        also=("recurrence.past",),
        nulls=("whole_sequence",),
        fields={**several, **fields},
    )(prefix)
    kind.law(
        f"{kind.name}-past",
        "recurrence.past",
        nulls=("whole_sequence",),
        fields=several,
    )(later_changed)


def continued(
    case: Case, bench: Bench, passed_on: Callable[[Case, F64], F64]
) -> Iterator[Comparison]:
    """Yield whether two calls, the state carried over, are one call.

    `passed_on` says how far off the second output may be since the state is.
    """
    cut = (case["key"].shape[-2] + 1) // 2
    whole, head = bench.judged(case), part(case, slice(0, cut))
    first = bench.run(head).others["state"]
    tail = part(case, slice(cut, None)).replace(state=first)
    room = passed_on(tail, bench.judged(head).others["state"][1])
    last = bench.run(tail)
    exact = bench.judged(tail)
    here = np.s_[..., cut:, :]
    bound = whole.bound[here] + exact.bound + room
    found = within(wide(bench.run(case).output)[here], last.output, bound)
    yield dataclasses.replace(found, note=f"in two calls, cut at step {cut}")


__all__ = [
    "CONTINUED",
    "DECAYED",
    "GATED",
    "at_right_angles",
    "by_component",
    "continued",
    "faded",
    "forgets",
    "hold_to_the_past",
    "prefix",
]
