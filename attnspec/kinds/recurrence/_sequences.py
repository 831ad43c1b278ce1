"""What the kinds that read a sequence into a state have in common."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers, normals
from attnspec.judge.case import Case, cast
from attnspec.judge.kind import Bench
from attnspec.judge.recipe import Recipe
from attnspec.numerics import Comparison, NumericModel, within
from attnspec.numerics.formats import format_of
from attnspec.numerics.tracked import F64, Tracked

LENGTHS = (1, 2, 3, 5, 8, 17, 33)
SIZES: Mapping[str, tuple[int, ...]] = {
    "batch": (1, 2),
    "heads": (1, 3),
    "length": LENGTHS,
    "width": (1, 2, 4, 8, 16),
    "value_width": (1, 2, 5),
}
"""The fields of the shapes of query, key and value."""
_STEPS = {"query": -2, "key": -2, "value": -2, "decay": -2, "log_decay": -2, "rate": -1}
"""Along which axis the arguments have their steps."""


def shape_of(recipe: Recipe, width: int) -> tuple[int, int, int, int]:
    """Return the shape of vectors of one width, one for each step."""
    return recipe["batch"], recipe["heads"], recipe["length"], width


def vectors(recipe: Recipe, label: str, width: int) -> Array:
    """Return the vectors of a sequence."""
    shape = shape_of(recipe, width)
    kinds: dict[str, Callable[[], Array]] = {
        "ones": lambda: np.ones(shape),
        "integers": lambda: integers(recipe.seed, label, shape, -4, 4) * 1.0,
        "normal": lambda: normals(recipe.seed, label, shape),
    }
    return cast(kinds[recipe["data"]](), recipe)


def state_before(recipe: Recipe) -> Array:
    """Return what was summed up before the first step."""
    shape = (
        *(recipe["batch"], recipe["heads"]),
        *(recipe["width"], recipe["value_width"]),
    )
    return cast(integers(recipe.seed, "state", shape, -4, 4) * 1.0, recipe)


def results_of(recipe: Recipe) -> tuple[tuple[str, tuple[int, ...], Any], ...]:
    """Return the output, and the state if it is wished for, in a format of its own."""
    output = ("output", shape_of(recipe, recipe["value_width"]), recipe.dtype)
    shape = (
        *(recipe["batch"], recipe["heads"]),
        *(recipe["width"], recipe["value_width"]),
    )
    state = ("state", shape, None)
    return (output, state) if recipe["return_state"] else (output,)


def wide(array: Any) -> F64:
    """Return numbers in float64."""
    return np.asarray(array, np.float64)


def gates_of(case: Case) -> F64:
    """Return the factor of each component at each step."""
    shape = case["key"].shape
    if case["log_decay"] is not None:
        return np.broadcast_to(np.exp(wide(case["log_decay"])), shape)
    if case["decay"] is not None:
        return np.broadcast_to(wide(case["decay"]), shape)
    return np.ones(shape)


def scale_of(case: Case, choices: Mapping[str, str]) -> float:
    """Return the factor on the output."""
    if case["scale"] is not None:
        return float(case["scale"])
    width: int = case["key"].shape[-1]
    return 1.0 if choices["scale"] == "one" else width**-0.5


def start_of(case: Case) -> F64:
    """Return the state before the first step."""
    key, value = case["key"], case["value"]
    empty = np.zeros((*key.shape[:-1][:-1], key.shape[-1], value.shape[-1]))
    return empty if case["state"] is None else wide(case["state"])


def _logarithms(gates: F64) -> float:
    """Return how far a sum of the logarithms of all decays may come.

    Whoever adds logarithms and takes the exponential of a difference is off by the
    roundings of such a sum, times its size.
    """
    sizes = np.abs(np.log(np.where(gates > 0.0, gates, 1.0)))
    return float(sizes.sum(-2).max(initial=0.0))


def _roundings(case: Case) -> float:
    """Return how many roundings any form does between an input and an output.

    Each step may multiply by its decay, add what is read, and add to the output; a
    form in chunks does all of them once more. The dot products come in any order.
    """
    steps, width = case["key"].shape[-2:]
    return 6.0 * steps + 3.0 * width + 12.0


def rounded(
    value: F64, size: F64, past: F64, case: Case, model: NumericModel
) -> Tracked:
    """Return a result with its bound: the roundings of its terms, and their sizes.

    `past` is the size of what has been through a decay; logarithms may cost more there.
    """
    exact = Tracked.of(value, model)
    times, steps = _roundings(case), case["key"].shape[-2]
    logs = (2.0 * steps + 4.0) * _logarithms(gates_of(case))
    error = times * size + logs * past
    error = exact.unit / (1.0 - (times + logs) * exact.unit) * error
    room = reach(case)
    error = error + 8.0 * room * exact.tiny
    if model.weights is not None:
        narrow = format_of(model.weights)
        error = error + 3.0 * narrow.unit * size + room * model.tiny(model.weights)
    return dataclasses.replace(exact, error=error)


def reach(case: Case) -> float:
    """Return by how much a number that is lost near zero may have been multiplied."""
    steps, width = case["key"].shape[-2:]
    peaks = [
        1.0 + float(np.abs(wide(case[n])).max()) for n in ("query", "key", "value")
    ]
    scale = 1.0 if case["scale"] is None else 1.0 + abs(float(case["scale"]))
    return steps * width * scale * float(np.prod(peaks))


def part(case: Case, steps: slice) -> Case:
    """Return the call with some of the steps alone."""
    changes: dict[str, Any] = {}
    for name, axis in _STEPS.items():
        if case[name] is not None:
            index = (..., steps) if axis == -1 else (..., steps, slice(None))
            changes[name] = np.ascontiguousarray(case[name][index])
    first, *rest = case.results
    shape = (*first[1][:-2], changes["query"].shape[-2], first[1][-1])
    return case.replace(results=((first[0], shape, first[2]), *rest), **changes)


def prefix(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Yield whether the first steps alone have the outputs that they have in a row."""
    whole = bench.run(case).output
    bound = bench.judged(case).bound
    for count in {1, whole.shape[-2] // 2, whole.shape[-2] - 1} - {0}:
        few = part(case, slice(0, count))
        exact = bench.judged(few)
        expected = wide(whole)[..., :count, :]
        room = bound[..., :count, :] + exact.bound + 2.0**-50 * np.abs(expected)
        found = within(expected, bench.run(few).output, room)
        yield dataclasses.replace(found, note=f"the first {count} steps alone")


def later_changed(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Yield whether large values in later steps leave earlier outputs alone."""
    steps = case["key"].shape[-2]
    count = max(1, steps // 2)
    late = (np.arange(steps) >= count)[:, None]
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
    "LENGTHS",
    "SIZES",
    "continued",
    "gates_of",
    "later_changed",
    "part",
    "prefix",
    "reach",
    "results_of",
    "rounded",
    "scale_of",
    "shape_of",
    "start_of",
    "state_before",
    "vectors",
    "wide",
]
