"""Laws of the kind `attention-gradient`: of what the forward pass saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.compare import agrees, noted, rounding
from attnspec.judge.law import F64, Bench
from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.gradients.problem import forward_case
from attnspec.kinds.training._gradient_cases import results_of
from attnspec.kinds.training._gradient_options import ATTENTION_GRADIENT
from attnspec.kinds.training._gradient_results import given_by, right_for
from attnspec.numerics import Comparison, within
from attnspec.numerics.dtypes import numpy_dtype, working_dtype

_LAW = ATTENTION_GRADIENT.law


@_LAW(
    "attention-gradient-saved",
    "gradients.saved",
    nulls=("zeros", "zeros:dk", "zeros:dv"),
    needs=("saved",),
)
def check_saved(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A backward pass is a function of the output and logsumexp that it is given."""
    exact = _forward(case, bench)
    if exact is None:
        return
    output, lse = exact
    yield from agrees(case.replace(output=output, lse=lse), bench, "o and L given")


@_LAW(
    "attention-gradient-returned",
    "gradients.saved",
    nulls=("zeros", "zeros:dk", "zeros:dv"),
    needs=("return_saved",),
)
def check_returned(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The gradients are a function of the output and logsumexp that are returned."""
    plain = case.without("kept")
    asked = _asking_for_saved(plain)
    given, value = given_by(asked, bench), right_for(asked, bench)
    yield within(value["output"][0], given["output"], value["output"][1])
    lse = np.where(np.isfinite(value["lse"][0]), given["lse"], -np.inf)
    known = plain.replace(
        output=given["output"].astype(case["query"].dtype),
        lse=lse.astype(working_dtype(case.dtype)),
    )
    for name, (gradient, bound) in right_for(known, bench).items():
        found = within(gradient, given[name], bound, what=name)
        yield noted(found, "as a function of what it returned")


def _asking_for_saved(case: Case) -> Case:
    """Return the case whose output and logsumexp are asked for as well."""
    rows = case["query"].shape[:3]
    output = (*rows, case["value"].shape[3])
    saved = ("output", output, case.dtype), ("lse", rows, None)
    return case.replace(return_saved=True, results=(*case.results, *saved))


@_LAW(
    "attention-gradient-difference",
    "gradients.formula",
    nulls=("zeros", "zeros:dk", "zeros:dv"),
    needs=("return_saved",),
    one_in=4,
)
def check_difference(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Between two points near each other the output differs as the gradients say."""
    at = _asking_for_saved(case.without("kept", "d_lse"))
    known = right_for(at, bench)
    before, after = (_moved(at, known, step) for step in (-_STEP, _STEP))
    ends = [right_for(end, bench)["output"] for end in (before, after)]
    outputs = [given_by(end, bench)["output"] for end in (before, after)]
    d_output = at["d_output"].astype(np.float64)
    steps = {n: _apart(before[o], after[o]) for n, o in _OPERANDS.items()}
    rise = np.sum(d_output * (outputs[1] - outputs[0]))
    # What two points differ by beside their slope is known, and no error.
    bent = np.sum(d_output * (ends[1][0] - ends[0][0])) - _along(
        steps, {n: known[n][0] for n in steps}
    )
    sizes = {n: np.abs(step) for n, step in steps.items()}
    limit = _along(sizes, {n: known[n][1] for n in steps})
    limit = limit + np.sum(np.abs(d_output) * (ends[0][1] + ends[1][1]))
    several = sum(step.size for step in steps.values()) + d_output.size
    limit = limit + several * rounding(
        _along(sizes, {n: np.abs(known[n][0]) for n in steps}),
        np.sum(np.abs(d_output) * (np.abs(ends[0][0]) + np.abs(ends[1][0]))),
    )
    found = _along(steps, given_by(at, bench))
    yield within(rise - bent, found, limit, what="gradients")


_OPERANDS = {"dq": "query", "dk": "key", "dv": "value"}

_STEP = 0.125
"""How far operands are moved, each where its gradient points to."""


def _moved(case: Case, known: Mapping[str, tuple[F64, F64]], step: float) -> Case:
    """Return the case at a point beside it, as far as its format has one."""
    moved = {
        name: (case[name] + step * np.sign(known[gradient][0])).astype(case[name].dtype)
        for gradient, name in _OPERANDS.items()
    }
    return case.replace(**moved)


def _apart(before: Array, after: Array) -> F64:
    """Return by how much an operand was moved."""
    return np.asarray(after.astype(np.float64) - before.astype(np.float64))


def _along(steps: Mapping[str, F64], gradients: Mapping[str, F64]) -> F64:
    """Return by how much a function rises along steps, as its gradients say."""
    return np.asarray(sum(np.sum(step * gradients[n]) for n, step in steps.items()))


@_LAW(
    "attention-gradient-split",
    "gradients.split",
    nulls=("ones", "next_row:dk", "next_row:dv"),
    needs=("saved",),
    without=("causal", "window", "alibi_slopes"),
    applies=lambda dialect, _: dialect["empty_row"] == "zero",
)
def check_split(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Of parts of the keys, with one output and logsumexp, the gradients add up."""
    exact, keys = _forward(case, bench), case["key"].shape[2]
    if exact is None or keys < 2:
        return
    known = case.replace(output=exact[0], lse=exact[1])
    parts = [_part(known, slice(0, keys // 2)), _part(known, slice(keys // 2, keys))]
    whole, found = right_for(known, bench), given_by(known, bench)
    bounds = [right_for(part, bench) for part in parts]
    one, two = (given_by(part, bench) for part in parts)
    bound = whole["dq"][1] + bounds[0]["dq"][1] + bounds[1]["dq"][1]
    bound = bound + rounding(one["dq"], two["dq"])
    summed = one["dq"] + two["dq"]
    yield noted(within(summed, found["dq"], bound, what="dq"), "halves of the keys")
    for name in ("dk", "dv"):
        there = np.concatenate([one[name], two[name]], axis=2)
        bound = np.concatenate([each[name][1] for each in bounds], axis=2)
        bound = bound + whole[name][1]
        yield noted(within(there, found[name], bound, what=name), "halves of the keys")


def _part(case: Case, keys: slice) -> Case:
    """Return the case with some of the keys alone, and all that belongs to them."""
    changes = {name: case[name][:, :, keys] for name in ("key", "value")}
    for name in ("mask", "bias"):
        array = case[name]
        if array is not None and array.shape[-1] > 1:
            changes[name] = array[..., keys]
    part = case.replace(**changes)
    return part.replace(results=results_of(part.operands, part.options))


def _forward(case: Case, bench: Bench) -> tuple[Array, Array] | None:
    """Return output and logsumexp as a forward pass rounds them."""
    if case["kept"] is not None:
        return None  # The forward pass that is evaluated drops nothing.
    found = evaluate(forward_case(case), bench.dialect)
    wide = working_dtype(case.dtype)
    lse = np.where(np.isfinite(found.lse), found.lse, -np.inf)
    return found.output.astype(numpy_dtype(case.dtype)), lse.astype(wide)


__all__ = ["ATTENTION_GRADIENT"]
