"""The gradients of attention: the laws of the kind `attention-gradient`.

Those of options, and of what was saved, are in modules beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers, normals
from attnspec.judge.case import Case
from attnspec.judge.compare import agrees, noted, rounding
from attnspec.judge.law import F64, Bench
from attnspec.kinds.attention.alibi import alibi_bias
from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.case import OPTIONS
from attnspec.kinds.attention.gradients.problem import forward_case
from attnspec.kinds.training._gradient_results import alike, given_by, right_for
from attnspec.kinds.training._gradient_saved import ATTENTION_GRADIENT
from attnspec.numerics import PRESETS, Comparison, identical, within
from attnspec.reference import attention_weights, attention_with_logsumexp

_LAW = ATTENTION_GRADIENT.law
_EACH = ("zeros", "zeros:dk", "zeros:dv")
_ONES = ("ones", "ones:dk", "ones:dv")


@_LAW("attention-gradient-linear", "gradients.linear", nulls=_ONES)
def check_linear(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The gradients of a sum of cotangents are the sum of the gradients."""
    shape, d_lse = case["d_output"].shape, case["d_lse"]
    dtype = case["d_output"].dtype
    more = np.rint(4.0 * normals(7, "more", shape)).astype(dtype)
    first = np.rint(2.0 * case["d_output"].astype(np.float64)).astype(dtype)
    both = (first.astype(np.float64) + more.astype(np.float64)).astype(dtype)
    if not np.array_equal(both.astype(np.float64), first.astype(np.float64) + more):
        return
    none = None if d_lse is None else np.zeros_like(d_lse)
    cases = (
        case.replace(d_output=first),
        case.replace(d_output=more, d_lse=none),
        case.replace(d_output=both),
    )
    found = [given_by(each, bench) for each in cases]
    exact = [right_for(each, bench) for each in cases]
    for name in found[0]:
        one, two, sums = (f[name] for f in found)
        bound = sum((e[name][1] for e in exact), rounding(one, two, sums))
        yield noted(within(one + two, sums, bound, what=name), "two cotangents")


@_LAW(
    "attention-gradient-zero", "gradients.linear", nulls=("ones", "ones:dk", "ones:dv")
)
def check_zero(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Cotangents of zero give gradients of exactly zero."""
    nothing = case.replace(d_output=np.zeros_like(case["d_output"])).without("d_lse")
    for name, array in given_by(nothing, bench).items():
        size = np.abs(array)
        yield noted(identical(np.zeros_like(size), size, what=name), "no cotangent")


@_LAW(
    "attention-gradient-doubling",
    "gradients.linear",
    nulls=_ONES,
    needs=("deterministic",),
    one_in=2,
)
def check_doubling(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Cotangents twice as large give gradients twice as large, to the bit."""
    more = {n: 2 * case[n] for n in ("d_output", "d_lse") if case[n] is not None}
    double = case.replace(**more)
    one, two = right_for(case, bench), right_for(double, bench)
    first, second = given_by(case, bench), given_by(double, bench)
    to_the_bit = _is_far_from_subnormal(case, bench)
    for name, array in second.items():
        bound = 0.0 if to_the_bit else 2 * one[name][1] + two[name][1]
        limit = np.broadcast_to(bound, array.shape)
        yield noted(within(2 * first[name], array, limit, what=name), "twice as large")


_SMALL_WEIGHT = 2.0**-60
"""With weights this large no gradient of a score is subnormal but in float16."""


def _is_far_from_subnormal(case: Case, bench: Bench) -> bool:
    """Return whether a factor of two commutes with every rounding on the way."""
    fading = any(case[name] is not None for name in ("softcap", "alibi_slopes"))
    if case.dtype == "float16" or fading:
        return False
    options: dict[str, Any] = {n: case[n] for n in OPTIONS if case[n] is not None}
    options["alignment"] = bench.dialect["alignment"]
    added = alibi_bias(forward_case(case), bench.dialect)
    if options.pop("alibi_slopes", None) is not None:
        options["bias"] = added + options.get("bias", 0.0)
    query, key, sink = case["query"], case["key"], case["sink"]
    weights = [attention_weights(query, key, **options)]
    if sink is not None:  # The sink has a weight, and a gradient, of its own.
        _, lse = attention_with_logsumexp(query, key, case["value"], **options)
        with np.errstate(invalid="ignore"):
            weights.append(np.exp(sink.astype(np.float64)[:, None] - lse))
    return not any(((w > 0) & (w < _SMALL_WEIGHT)).any() for w in weights)


@_LAW(
    "attention-gradient-rows",
    "gradients.rows",
    nulls=("next_row", "zeros:dk", "zeros:dv"),
)
def check_rows(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A query whose cotangents are zero has no gradient, and gives none."""
    queries = case["query"].shape[2]
    row = (queries - 1) // 2 if queries % 2 else queries - 1
    here = np.arange(queries) == row
    d_output, d_lse = case["d_output"], case["d_lse"]
    one = case.replace(
        d_output=np.where(here[:, None], d_output, 0).astype(d_output.dtype),
        d_lse=None if d_lse is None else np.where(here, d_lse, 0).astype(d_lse.dtype),
    )
    exact, found = right_for(one, bench), given_by(one, bench)
    for name, array in found.items():
        yield noted(within(exact[name][0], array, exact[name][1], what=name), "one row")
    rest = np.abs(found["dq"][:, :, ~here])
    yield noted(identical(np.zeros_like(rest), rest, what="dq"), "rows without one")


_ALONG_KEYS = ("mask", "bias", "kept")


def _reordered(case: Case, order: Array) -> Case:
    """Return the case with the keys in another order, and all that belongs to them."""
    changes = {n: case[n][:, :, order] for n in ("key", "value")}
    for name in _ALONG_KEYS:
        array = case[name]
        if array is not None and array.shape[-1] > 1:
            changes[name] = array[..., order]
    return case.replace(**changes)


@_LAW(
    "attention-gradient-key-order",
    "gradients.key-order",
    nulls=("next_row:dk", "next_row:dv"),
    without=("causal", "window", "alibi_slopes"),
)
def check_key_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Keys in another order have their gradients in that order."""
    order = np.arange(case["key"].shape[2])[::-1]

    def moved(name: str, array: F64) -> F64:
        if name in ("dk", "dv"):
            return array[:, :, order]
        along = name == "dbias" and array.ndim > 0 and array.shape[-1] > 1
        return array[..., order] if along else array

    yield from alike(case, _reordered(case, order), bench, "keys reversed", moved)


@_LAW(
    "attention-gradient-key-shift",
    "gradients.key-shift",
    nulls=("ones:dk", "scale_off:dk"),
    without=("sink", "softcap", "d_lse"),
)
def check_key_shift(case: Case, bench: Bench) -> Iterator[Comparison]:
    """One vector added to all keys changes no weight: their gradients sum to zero."""
    found, exact = given_by(case, bench)["dk"], right_for(case, bench)["dk"]
    sums = found.sum(axis=2)
    bound = exact[1].sum(axis=2) + np.abs(exact[0].sum(axis=2))
    bound = bound + found.shape[2] * rounding(np.abs(found).sum(axis=2))
    yield noted(within(np.zeros_like(sums), sums, bound, what="dk"), "summed over keys")
    yield from agrees(case, bench)
    one = integers(13, "shift", (case["key"].shape[3],), -2, 2)
    shifted = (case["key"].astype(np.float64) + one).astype(case["key"].dtype)
    yield from alike(case, case.replace(key=shifted), bench, "all keys shifted")


@_LAW(
    "attention-gradient-euler",
    "gradients.euler",
    nulls=("halved", "halved:dk", "scale_off"),
)
def check_euler(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Queries times their gradients sum to keys times theirs, in each key head."""
    found, exact = given_by(case, bench), right_for(case, bench)
    query, key = (np.asarray(case[n], np.float64) for n in ("query", "key"))
    if not (np.isfinite(query).all() and np.isfinite(key).all()):
        return
    shape = (*key.shape[:2], -1)

    def summed(operand: Any, gradient: F64) -> F64:
        return np.asarray((operand * gradient).reshape(shape).sum(axis=-1))

    left, right = summed(query, found["dq"]), summed(key, found["dk"])
    off = summed(query, exact["dq"][0]) - summed(key, exact["dk"][0])
    bound = summed(np.abs(query), exact["dq"][1]) + summed(np.abs(key), exact["dk"][1])
    sizes = summed(np.abs(query), np.abs(found["dq"]))
    sizes = sizes + summed(np.abs(key), np.abs(found["dk"]))
    terms = query.size + key.size
    yield within(left - off, right, bound + terms * rounding(sizes), what="q . dq")


@_LAW(
    "attention-gradient-values",
    "gradients.values",
    nulls=("halved:dv", "zeros:dv"),
    without=("kept",),
)
def check_values(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Values times their gradients sum to the output times its cotangent."""
    if not np.isfinite(np.asarray(case["value"], np.float64)).all():
        return
    forward = evaluate(forward_case(case), bench.dialect, PRESETS["float64"])
    value, d_output = (np.asarray(case[n], np.float64) for n in ("value", "d_output"))
    shape = (*value.shape[:2], -1)

    def summed(operand: Any, array: F64) -> F64:
        return np.asarray((operand * array).reshape(shape).sum(axis=-1))

    found, bound = given_by(case, bench)["dv"], right_for(case, bench)["dv"][1]
    expected, actual = summed(d_output, forward.output), summed(value, found)
    limit = summed(np.abs(value), bound) + summed(np.abs(d_output), forward.bound)
    sizes = summed(np.abs(value), np.abs(found))
    sizes = sizes + summed(np.abs(d_output), np.abs(forward.output))
    limit = limit + (value.size + d_output.size) * rounding(sizes)
    yield within(expected, actual, limit, what="v . dv")


@_LAW(
    "attention-gradient-determinism",
    "gradients.deterministic",
    nulls=("random", "random:dk", "random:dv"),
    needs=("deterministic",),
    one_in=4,
)
def check_determinism(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The same call gives the same bits, ten times."""
    first = given_by(case, bench)
    for _ in range(9):
        for name, again in given_by(case, bench).items():
            yield noted(identical(first[name], again, what=name), "the same call")


@_LAW(
    "attention-gradient-retained",
    "gradients.again",
    nulls=_EACH,
    needs=("retain_graph",),
    one_in=2,
)
def check_retained(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A second backward pass over a graph that is kept gives the same."""
    again = case.asking("retain_graph")
    yield from agrees(again, bench, "the second pass over the graph")


@_LAW("attention-gradient-again", "gradients.again", nulls=_EACH)
def check_again(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A second call gives the same: nothing is added to what was there."""
    given_by(case, bench)
    yield from agrees(case, bench, "the second call")


__all__ = ["ATTENTION_GRADIENT"]
