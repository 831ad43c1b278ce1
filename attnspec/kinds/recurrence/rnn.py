"""Recurrence: the kind `rnn`, and its laws."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers, normals
from attnspec.judge.case import Case, cast, single
from attnspec.judge.claims import Claim
from attnspec.judge.compare import same_at
from attnspec.judge.family import PLAIN, Family
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right, forgetting, late
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.recurrence import _sequences as sequences
from attnspec.kinds.recurrence import _usage as usage
from attnspec.kinds.recurrence._sequences import wide
from attnspec.numerics import Comparison, NumericModel, within
from attnspec.numerics.tracked import F64, Judged, Tracked, judged
from attnspec.reference import Recurrence, tanh_rnn

_TABLE = Table(
    fields={
        "length": sequences.LENGTHS,
        "inputs": (1, 2, 5),
        "states": (1, 2, 3, 8),
        "gain": (0.5, 1.0, 0.0, 1.25),
        "data": ("ones", "integers", "normal"),
        "state": (False, True),
    },
    claims={"state": Claim("a state to start from", "state")},
    families=(
        PLAIN,
        Family(
            "chunks",
            "states of real widths, and lengths around chunks of 64",
            pinned=tuple(
                {"length": length, "states": width, "inputs": 5, "gain": 0.5}
                for length, width in ((63, 64), (64, 128), (65, 256), (129, 64))
            ),
        ),
    ),
)


def _build(recipe: Recipe) -> Case:
    """Make a case; the columns of the recurrent matrix sum to the gain at most."""
    steps, width, states = (recipe[name] for name in ("length", "inputs", "states"))
    seed = recipe.seed
    kinds = {
        "ones": np.ones((steps, width)),
        "integers": integers(seed, "x", (steps, width), -2, 2) * 1.0,
        "normal": normals(seed, "x", (steps, width)),
    }
    # Moved a little, so that no column is zero, which nothing can be divided by.
    by_state = normals(seed, "by_state", (states, states)) + 2.0**-10
    by_state = recipe["gain"] * by_state / np.abs(by_state).sum(0)
    start = normals(seed, "state", (states,)) / 4.0
    operands = {
        "x": kinds[recipe["data"]],
        # Small, so that tanh does not answer 1 or -1 alone.
        "by_input": normals(seed, "by_input", (width, states)) / 2.0,
        "by_state": by_state,
        "bias": normals(seed, "bias", (states,)) / 4.0,
    }
    given = {name: cast(array, recipe) for name, array in operands.items()}
    options = {"state": cast(start, recipe) if recipe["state"] else None}
    return single(recipe, given, (steps, states), options, "states")


def _joined(*parts: Tracked) -> Tracked:
    """Write vectors one behind another."""
    values = np.concatenate([part.value for part in parts])
    errors = np.concatenate([part.error for part in parts])
    return dataclasses.replace(parts[0], value=values, error=errors)


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:  # noqa: ARG001 - there is nothing to choose
    """Take one step after another; the state may be kept as it is given back."""
    x = Tracked.of(case["x"], model)
    weights = x.like(
        np.vstack([wide(case[n]) for n in ("by_input", "by_state", "bias")])
    )
    states = case["bias"].shape[0]
    start = np.zeros(states) if case["state"] is None else case["state"]
    current, one, found = x.like(start), x.like(np.ones(1)), []
    for i in range(x.value.shape[0]):
        current = (_joined(x[i], current, one) @ weights).tanh()
        found.append(current)
        current = current.stored(model.output)
    values = np.stack([state.value for state in found])
    errors = np.stack([state.error for state in found])
    return judged(dataclasses.replace(x, value=values, error=errors), model)


def _defined(
    x: Array,
    by_input: Array,
    by_state: Array,
    bias: Array,
    *,
    state: Array | None = None,
) -> Array:
    """Evaluate the definition and round its result once."""
    weights = Recurrence(wide(by_input), wide(by_state), wide(bias))
    start = None if state is None else wide(state)
    return np.asarray(tanh_rnn(wide(x), weights, state=start).astype(x.dtype))


def _both_ways(case: Case, right: Right) -> Array:
    """Read the sequence backward as well."""
    backward = case.replace(x=case["x"][::-1])
    return (right(case) + right(backward)[::-1]) / 2.0


def _sorted(case: Case, right: Right) -> Array:
    """Read the inputs in an order of their own."""
    order = np.argsort(wide(case["x"]).sum(-1), kind="stable")
    return right(case.replace(x=case["x"][order]))


RNN = Kind(
    name="rnn",
    sentence="Reads a sequence step by step, keeping one state.",
    table=_TABLE,
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.RNN,
    simplest={"length": 5, "inputs": 5, "states": 3, "data": "normal"},
    nulls={
        "late": late,
        "both_ways": _both_ways,
        "sorted": _sorted,
        # States are added up, so that nothing fades.
        "piled_up": lambda case, right: np.cumsum(right(case), axis=0),
        "state_forgotten": forgetting("state"),
    },
    null_needs={"state_forgotten": ("state",)},
)

_SEVERAL = sequences.LENGTHS[1:]


RNN.agreement_law(
    "recurrence.past",
    "Each state is the tanh of what its own step and the state before give.",
    nulls=("zeros", "late", "state_forgotten"),
)


@RNN.law(
    "rnn-past",
    "recurrence.past",
    nulls=("both_ways",),
    fields={"length": _SEVERAL, "gain": (0.5, 1.0, 1.25)},
)
def check_past(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Later inputs change no earlier state, however large they are."""
    count = len(case["x"]) // 2
    x = case["x"].copy()
    x[count:] = 2.0**5 if case.dtype == "float16" else 2.0**60
    # What may be off is decided by the earlier inputs, which are the same in both.
    bound = 2.0 * bench.judged(case).bound[:count]
    one, two = bench.run(case).output, bench.run(case.replace(x=x)).output
    yield within(one[:count].astype(np.float64), two[:count], bound)


@RNN.law(
    "rnn-order",
    "recurrence.order",
    nulls=("sorted",),
    fields={
        "length": (2, 3, 5, 8),
        "data": ("normal", "integers"),
        "gain": (0.5, 1.0, 1.25),
    },
)
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Inputs in another order lead to another state, by as much as they should."""
    # By how much the last states should differ is part of what is right.
    turned = case.replace(x=case["x"][::-1])
    last = np.s_[-1:]
    yield from same_at(case, turned, bench, "backward", last)


def _norm(matrix: Array) -> float:
    """Return by how much a matrix makes a vector longer."""
    return float(np.linalg.norm(wide(matrix), ord=2))


@RNN.law(
    "rnn-gradient",
    "recurrence.gradient",
    nulls=("piled_up",),
    fields={"length": (3, 5, 8, 17, 33), "gain": (0.5, 1.0, 1.25)},
)
def check_gradient(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A change of an input reaches a state with one factor ‖W‖ for each step between.

    The mean value theorem makes of the bound on the derivative one on differences.
    """
    x = case["x"].copy()
    x[0] += 1
    moved = case.replace(x=x)
    one, two = bench.judged(case), bench.judged(moved)
    change = wide(bench.run(moved).output) - wide(bench.run(case).output)
    step = np.linalg.norm(wide(x[0]) - wide(case["x"][0]))
    # The slope of tanh is at most 1, so that a step passes on what its matrix does.
    factors = _norm(case["by_state"]) ** np.arange(len(x))
    errors: F64 = np.linalg.norm(one.bound + two.bound, axis=1)
    # Norms in float64 are much closer to the truth than by 2**-40.
    bound = _norm(case["by_input"]) * factors * step * (1.0 + 2.0**-40) + errors
    sizes = np.linalg.norm(change, axis=1)
    yield within(np.zeros(len(x)), sizes, bound, what="size of the change")


@RNN.law(
    "rnn-state",
    "recurrence.state",
    also=("recurrence.chain",),
    nulls=("state_forgotten",),
    needs=("state",),
    fields={"length": _SEVERAL, "gain": (0.5, 1.0, 1.25)},
)
def check_state(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A state needs the one before it, and of the past nothing else."""
    states = bench.run(case).output
    exact = bench.judged(case)
    for i in {1, len(states) - 1}:
        rest = case.replace(x=case["x"][i:], state=states[i - 1])
        rest = rest.returning((len(states) - i, *states.shape[1:]))
        # A state that is off by its bound leads to states that are off by theirs.
        bound = exact.bound[i:] + bench.judged(rest).bound
        yield within(exact.output[i:], bench.run(rest).output, bound)


__all__ = ["RNN"]
