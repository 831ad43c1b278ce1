"""Laws of the kind `attention-gradient`: of what the forward pass saved."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.compare import agrees, noted, rounding
from attnspec.judge.law import Bench
from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.gradients.problem import forward_case
from attnspec.kinds.training._gradient_cases import results_of
from attnspec.kinds.training._gradient_options import ATTENTION_GRADIENT
from attnspec.kinds.training._gradient_results import given_by, right_for
from attnspec.numerics import Comparison, within
from attnspec.numerics.dtypes import numpy_dtype

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
    rows = case["query"].shape[:3]
    output = (*rows, case["value"].shape[3])
    saved = ("output", output, case.dtype), ("lse", rows, None)
    asked = plain.replace(return_saved=True, results=(*plain.results, *saved))
    given, value = given_by(asked, bench), right_for(asked, bench)
    yield within(value["output"][0], given["output"], value["output"][1])
    lse = np.where(np.isfinite(value["lse"][0]), given["lse"], -np.inf)
    known = plain.replace(
        output=given["output"].astype(case["query"].dtype),
        lse=lse.astype(np.float64 if case.dtype == "float64" else np.float32),
    )
    for name, (gradient, bound) in right_for(known, bench).items():
        found = within(gradient, given[name], bound, what=name)
        yield noted(found, "as a function of what it returned")


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
    wide = np.float64 if case.dtype == "float64" else np.float32
    lse = np.where(np.isfinite(found.lse), found.lse, -np.inf)
    return found.output.astype(numpy_dtype(case.dtype)), lse.astype(wide)


__all__ = ["ATTENTION_GRADIENT"]
