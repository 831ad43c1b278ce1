"""Laws of the kind `attention-gradient`: what options add."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.exceptions import KernelRaised
from attnspec.judge.bits import normals
from attnspec.judge.case import Case
from attnspec.judge.compare import agrees, noted, rounding
from attnspec.judge.law import F64, Bench
from attnspec.kinds.attention.bounds.problem import prepare, visible_keys
from attnspec.kinds.attention.gradients.problem import forward_case
from attnspec.kinds.attention.scope import hides_keys
from attnspec.kinds.training._gradient_cases import results_of
from attnspec.kinds.training._gradient_kind import ATTENTION_GRADIENT
from attnspec.kinds.training._gradient_results import alike, given_by, right_for
from attnspec.numerics import Comparison, identical, within
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
    "attention-gradient-bias-forms",
    "gradients.bias",
    nulls=("ones:dbias",),
    needs=("bias", "head_mask"),
)
def check_bias_forms(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A bias that is broadcast has the gradient of a full one, summed."""
    bias, grid = case["bias"], _grid(case)
    whole = _with_full_bias(case)
    small, large = (right_for(each, bench)["dbias"] for each in (case, whole))
    first, second = (given_by(each, bench)["dbias"] for each in (case, whole))
    shape = (1,) * (4 - bias.ndim) + bias.shape
    axes = tuple(axis for axis in range(4) if shape[axis] != grid[axis])

    def summed(array: F64) -> F64:
        return np.asarray(array.sum(axis=axes).reshape(bias.shape))

    bound = small[1] + summed(large[1]) + second.size * rounding(summed(abs(second)))
    yield noted(within(summed(second), first, bound, what="dbias"), "a bias in full")


@_LAW(
    "attention-gradient-row-sums",
    "gradients.row-sums",
    nulls=("ones:dbias",),
    needs=("bias", "head_mask"),
    without=("sink",),
)
def check_row_sums(case: Case, bench: Bench) -> Iterator[Comparison]:
    """One number added to all scores of a query moves its logsumexp alone."""
    whole = _with_full_bias(case)
    value, bound = right_for(whole, bench)["dbias"]
    found = given_by(whole, bench)["dbias"].sum(axis=-1)
    expected = _of_logsumexp(whole, bench)
    limit = bound.sum(axis=-1) + np.abs(value.sum(axis=-1) - expected)
    limit = limit + value.shape[-1] * rounding(np.abs(value).sum(axis=-1))
    yield noted(within(expected, found, limit, what="dbias"), "summed over keys")


@_LAW(
    "attention-gradient-sink-sums",
    "gradients.row-sums",
    nulls=("ones:dbias", "zeros:dsink"),
    needs=("bias", "head_mask", "sink"),
)
def check_sink_sums(case: Case, bench: Bench) -> Iterator[Comparison]:
    """One number added to all scores and the sink moves the logsumexp alone."""
    whole = _with_full_bias(case)
    exact, found = right_for(whole, bench), given_by(whole, bench)
    expected = _of_logsumexp(whole, bench).sum(axis=(0, 2))

    def summed(dbias: F64, dsink: F64) -> F64:
        return np.asarray(dbias.sum(axis=(0, 2, 3)) + dsink)

    of_scores, of_sink = exact["dbias"], exact["dsink"]
    off = np.abs(summed(of_scores[0], of_sink[0]) - expected)
    sizes = summed(np.abs(of_scores[0]), np.abs(of_sink[0]))
    limit = summed(of_scores[1], of_sink[1]) + off
    limit = limit + of_scores[0].size * rounding(sizes)
    total = summed(found["dbias"], found["dsink"])
    yield noted(within(expected, total, limit, what="dsink"), "scores and sink")


@_LAW(
    "attention-gradient-refused-bias",
    "gradients.refused",
    nulls=("zeros:dbias",),
    needs=("refuses_bias",),
    without=("mask", "causal"),
)
def check_refused_bias(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A bias whose gradient is not there is refused, and never given a zero."""
    bias = normals(11, "bias", _grid(case)[2:])
    asked = _results_again(case.replace(bias=bias.astype(case["query"].dtype)))
    value, bound = right_for(asked, bench)["dbias"]
    try:
        found = given_by(asked, bench)["dbias"]
    except KernelRaised:
        found = value
    yield within(value, found, bound, what="dbias")


def _grid(case: Case) -> tuple[int, ...]:
    """Return (B, Hq, L, S)."""
    return (*case["query"].shape[:3], case["key"].shape[2])


def _with_full_bias(case: Case) -> Case:
    """Return the case whose bias has an entry for each score."""
    full = np.broadcast_to(case["bias"], _grid(case))
    return _results_again(case.replace(bias=full))


def _of_logsumexp(case: Case, bench: Bench) -> Array:
    """Return (B, Hq, L): the cotangents of the logsumexps that count."""
    rows = _grid(case)[:3]
    if case["d_lse"] is None or bench.dialect["lse_gradient"] == "dropped":
        return np.zeros(rows)
    live = _seen(case, bench).any(axis=-1).reshape(rows)
    if case["sink"] is not None:
        live = live | np.isfinite(case["sink"])[:, None]
    return np.where(live, case["d_lse"].astype(np.float64), 0.0)


def _results_again(case: Case) -> Case:
    """Return a case that asks for the gradients of what it has now."""
    return case.replace(results=results_of(case.operands, case.options))


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
    last = case["kept"].copy()
    last[:, :, -1] = 0
    yield from agrees(case.replace(kept=last), bench, "the last query drops all")


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
    "attention-gradient-empty-keys",
    "gradients.empty-rows",
    nulls=("ones",),
    families=("plain",),
    fields={"lengths": ((3, 0), (1, 0), (2, 0), (9, 0)), "layouts": ((),)},
    needs=("empty_keys", "unequal_lengths", "more_queries"),
    without=("bias",),  # Of no score, a library may have None for its gradient.
)
def check_empty_keys(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Without any key the gradients of queries are zero, and there are no others."""
    yield from agrees(case, bench, "S = 0")


@_LAW(
    "attention-gradient-empty-queries",
    "gradients.empty-rows",
    nulls=("ones:dk", "ones:dv"),
    families=("plain",),
    fields={"lengths": ((0, 3), (0, 1), (0, 2), (0, 9)), "layouts": ((),)},
    needs=("empty_queries", "unequal_lengths"),
    without=("bias",),  # Of no score, a library may have None for its gradient.
)
def check_empty_queries(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Without any query the gradients of keys and values are zero."""
    yield from agrees(case, bench, "L = 0")


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
    expanded = _results_again(case.replace(**wide))
    one, two = right_for(case, bench), right_for(expanded, bench)
    first, second = given_by(case, bench), given_by(expanded, bench)
    for name in ("dk", "dv"):
        shape = case[{"dk": "key", "dv": "value"}[name]].shape
        several = (*shape[:2], heads // shared, *shape[2:])
        there = second[name].reshape(several).sum(axis=2)
        bound = two[name][1].reshape(several).sum(axis=2) + one[name][1]
        bound = bound + heads * rounding(np.abs(second[name]).reshape(several).sum(2))
        yield noted(within(there, first[name], bound, what=name), "heads repeated")


__all__ = ["ATTENTION_GRADIENT"]
