"""Laws of the kind `attention-gradient`: what options add, and what was saved."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.compare import agrees, noted, rounding
from attnspec.judge.law import Bench
from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.bounds.problem import prepare, visible_keys
from attnspec.kinds.attention.gradients.problem import forward_case
from attnspec.kinds.attention.scope import hides_keys
from attnspec.kinds.training._gradient_cases import results_of
from attnspec.kinds.training._gradient_kind import ATTENTION_GRADIENT
from attnspec.kinds.training._gradient_results import alike, given_by, right_for
from attnspec.numerics import Comparison, identical, within
from attnspec.numerics.dtypes import numpy_dtype
from attnspec.reference import repeat_kv

_LAW = ATTENTION_GRADIENT.law


@_LAW(
    "attention-gradient-bias", "gradients.bias", nulls=("zeros:dbias",), needs=("bias",)
)
def check_bias(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The gradient of a bias sums those of the scores along its broadcast axes."""
    value, bound = right_for(case, bench)["dbias"]
    yield within(value, given_by(case, bench)["dbias"], bound, what="dbias")


@_LAW(
    "attention-gradient-sink", "gradients.sink", nulls=("zeros:dsink",), needs=("sink",)
)
def check_sink(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A sink has the gradient of a key that has no value."""
    value, bound = right_for(case, bench)["dsink"]
    yield within(value, given_by(case, bench)["dsink"], bound, what="dsink")


@_LAW(
    "attention-gradient-lse",
    "gradients.lse",
    nulls=("zeros", "zeros:dk", "d_lse_dropped"),
    needs=("d_lse",),
    applies=lambda dialect, _: dialect["lse_gradient"] == "flows",
)
def check_lse(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The cotangent of the logsumexp alone moves queries and keys, and no value."""
    alone = case.replace(d_output=np.zeros_like(case["d_output"]))
    yield from agrees(alone, bench, "a cotangent of the output of zero")


@_LAW(
    "attention-gradient-dropout",
    "gradients.dropout",
    nulls=("nothing_dropped", "nothing_dropped:dv"),
    needs=("kept",),
)
def check_dropout(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A multiplier of one drops nothing, and one of zero drops all."""
    yield from agrees(case, bench)
    ones = case.replace(kept=np.ones_like(case["kept"]))
    yield from alike(ones, case.without("kept"), bench, "kept is 1")


def _seen(case: Case, bench: Bench) -> Array:
    """Return (B, Hkv, G, L, S): which keys each query sees."""
    problem = prepare(forward_case(case), bench.dialect, slice(None))
    shape = (*problem.query.shape[:4], problem.keys)
    seen = visible_keys(problem)
    return np.broadcast_to(True if seen is None else seen, shape)


@_LAW(
    "attention-gradient-unseen",
    "gradients.hidden",
    nulls=("ones:dk", "ones:dv", "unmasked:dk"),
    any_of=("mask", "bias", "causal", "window"),
    applies=lambda dialect, capabilities: (
        dialect["empty_row"] == "zero" and hides_keys(dialect, capabilities)
    ),
)
def check_unseen(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A key that no query sees, and its value, have gradients of exactly zero."""
    seen = _seen(case, bench)
    unseen = ~seen.any(axis=(2, 3))
    if not unseen.any():
        return
    found = given_by(case, bench)
    for name in ("dk", "dv"):
        there = np.abs(found[name][unseen])
        yield noted(identical(np.zeros_like(there), there, what=name), "unseen keys")
    yield from agrees(case, bench)


@_LAW(
    "attention-gradient-empty-rows",
    "gradients.empty-rows",
    nulls=("ones", "zeros:dv"),
    families=("empty-rows",),
    needs=("mask",),
)
def check_empty_rows(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A query that sees no key has a gradient of zero, and is in no other's way."""
    empty = ~_seen(case, bench).any(axis=-1)
    rows = empty.reshape(case["query"].shape[:3])
    if not rows.any():
        return
    yield from agrees(case, bench)
    there = np.abs(given_by(case, bench)["dq"][rows])
    yield noted(identical(np.zeros_like(there), there, what="dq"), "empty rows")


@_LAW(
    "attention-gradient-groups",
    "gradients.groups",
    nulls=("first_of_group:dk", "first_of_group:dv"),
    needs=("grouped_query",),
    families=("grouped-heads", "model-groups"),
)
def check_groups(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Query heads that share a key head add up in its gradient."""
    heads, shared = case["query"].shape[1], case["key"].shape[1]
    if heads == shared:
        return
    wide = {n: repeat_kv(case[n], heads // shared) for n in ("key", "value")}
    expanded = case.replace(**wide)
    expanded = expanded.replace(results=results_of(expanded.operands, expanded.options))
    one, two = right_for(case, bench), right_for(expanded, bench)
    first, second = given_by(case, bench), given_by(expanded, bench)
    for name in ("dk", "dv"):
        shape = case[{"dk": "key", "dv": "value"}[name]].shape
        several = (*shape[:2], heads // shared, *shape[2:])
        there = second[name].reshape(several).sum(axis=2)
        bound = two[name][1].reshape(several).sum(axis=2) + one[name][1]
        bound = bound + heads * rounding(np.abs(second[name]).reshape(several).sum(2))
        yield noted(within(there, first[name], bound, what=name), "heads repeated")


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


def _forward(case: Case, bench: Bench) -> tuple[Array, Array] | None:
    """Return output and logsumexp as a forward pass rounds them."""
    if case["kept"] is not None:
        return None  # The forward pass that is evaluated drops nothing.
    found = evaluate(forward_case(case), bench.dialect)
    wide = np.float64 if case.dtype == "float64" else np.float32
    lse = np.where(np.isfinite(found.lse), found.lse, -np.inf)
    return found.output.astype(numpy_dtype(case.dtype)), lse.astype(wide)


__all__ = ["ATTENTION_GRADIENT"]
