"""Partial results joined into one: the kind `merge`, and its laws.

A function may subtract the larger logsumexp first, or the merged one, rounded as it
is given back, and may bring both to base two before that. So the allowance grows
with the logsumexps and not only with their distance: it is an offset of both that
costs accuracy.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.judge.bits import bits, integers, normals
from attnspec.judge.case import Case, cast
from attnspec.judge.claims import Capabilities
from attnspec.judge.compare import agrees, alike, finite_difference, noted, rounding
from attnspec.judge.kind import Call, Kind, Question
from attnspec.judge.law import F64, Bench, Dialect
from attnspec.judge.nulls import Right
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Claim, Table
from attnspec.numerics import Comparison, NumericModel, identical, within
from attnspec.numerics.formats import format_of
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import merge as definition

_PARTS = ("a", "b")
_MANY_ROWS = (2, 3, 5, 8, 33)
_LOG_OF_BASE = {"e": 1.0, "2": float(np.log(2.0))}


def _mend(recipe: Recipe) -> Recipe:
    """Without an empty part nothing marks or fills one."""
    if recipe["empty"] == "none":
        return recipe.replace(filling="zeros", mark="minus_infinity")
    return recipe


_TABLE = Table(
    fields={
        "rows": (1, *_MANY_ROWS),
        "heads": (1, 2, 3, 8),
        "width": (1, 4, 8, 64, 128),
        "data": ("integers", "normal", "offset", "unlike"),
        # How far the logsumexps of two parts are from each other, and from 0. From
        # 88 on a quotient of weights is beyond float32, and from 745 on beyond
        # float64; 50,000 in float32 is known to 1/512.
        "spread": (1.0, 0.0, 30.0, 100.0, 10_000.0),
        "offset": (0.0, 500.0, -500.0, 50_000.0, -50_000.0),
        "empty": ("none", "second", "first", "both", "some"),
        "filling": ("zeros", "large", "nan"),
        "mark": ("minus_infinity", "plus_infinity"),
    },
    claims={
        "empty": Claim("parts without keys", "empty"),
        "empty_nan": Claim(
            "a part without keys whose output is NaN",
            used=lambda recipe: recipe["filling"] == "nan",
            dropped=lambda recipe: recipe.replace(filling="large"),
        ),
        "plus_infinity": Claim(
            "a logsumexp of plus infinity, too, marks a part without keys", "mark"
        ),
    },
    mend=_mend,
)


def _lse_format(dtype: str) -> str:
    return "float64" if dtype == "float64" else "float32"


def _outputs(recipe: Recipe, part: str) -> Array:
    shape = (recipe["rows"], recipe["heads"], recipe["width"])
    noise = normals(recipe.seed, f"output_{part}", shape)
    kinds: dict[str, Callable[[], Array]] = {
        "integers": lambda: integers(recipe.seed, f"output_{part}", shape, -4, 4) * 1.0,
        "normal": lambda: noise,
        "offset": lambda: 30.0 + noise,
        # The weights of a mean count most where what it is of differs most.
        "unlike": lambda: noise * (100.0 if part == "a" else 1.0),
    }
    return cast(kinds[recipe["data"]](), recipe)


def _part(recipe: Recipe, part: str) -> tuple[Array, Array]:
    """Return output and logsumexp of a part with keys."""
    shape = (recipe["rows"], recipe["heads"])
    lse = recipe["offset"] + normals(recipe.seed, "lse", shape)
    if part != "a":
        lse = lse + recipe["spread"] * normals(recipe.seed, f"lse_{part}", shape)
    return _outputs(recipe, part), lse.astype(_lse_format(recipe.dtype))


def _is_empty(recipe: Recipe, part: str) -> npt.NDArray[np.bool_]:
    """Return in which rows and heads a part has no keys."""
    shape = (recipe["rows"], recipe["heads"])
    some = bits(recipe.seed, f"empty_{part}", shape) % np.uint64(3) == 0
    always = {"a": ("first", "both"), "b": ("second", "both")}[part]
    whole = np.full(shape, recipe["empty"] in always)
    return some if recipe["empty"] == "some" else whole


def _filled(recipe: Recipe, filling: str) -> float:
    # Large enough to be seen, and small enough to be added to itself.
    large = format_of(recipe.dtype).maximum / 16
    return {"zeros": 0.0, "large": large, "nan": np.nan}[filling]


def _build(recipe: Recipe) -> Case:
    operands: dict[str, Array] = {}
    for part in _PARTS:
        output, lse = _part(recipe, part)
        empty = _is_empty(recipe, part)
        output[empty] = _filled(recipe, recipe["filling"])
        lse[empty] = np.inf if recipe["mark"] == "plus_infinity" else -np.inf
        operands |= {f"output_{part}": output, f"lse_{part}": lse}
    output, lse = operands["output_a"], operands["lse_a"]
    return Case(
        operands=operands,
        options={},
        results=(("output", output.shape, recipe.dtype), ("lse", lse.shape, None)),
        dtype=recipe.dtype,
    )


def _both(case: Case, name: str) -> F64:
    """Return what both parts have of a name, the parts first."""
    return np.stack([np.asarray(case[f"{name}_{p}"], np.float64) for p in _PARTS])


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Weigh each part by its share of the exponentials of both logsumexps."""
    lses = _both(case, "lse")
    live = np.isfinite(lses)
    some = live[0] | live[1]
    # To base two and back: the logarithm of two, its reciprocal, the product.
    base = _LOG_OF_BASE[choices["base"]]
    scores = (Tracked.of(np.where(live, lses, 0.0), model) * base).rounding(2.0)
    peak = _peak(scores, live)
    exponentials = (scores - peak).exp().where(live, 0.0)
    total = exponentials.sum(0).where(some, 1.0)
    # In the place of the quotient a reciprocal and a product, or a logarithm (4 units).
    weights = (exponentials / total).rounding(8.0).where(live, 0.0)
    outputs = np.where(live[..., None], _both(case, "output"), 0.0)
    output = (weights.reshape(*live.shape, 1) * weights.like(outputs)).sum(0)
    output = _moved(output, outputs, live[0] & live[1])
    lse = (total.log() + peak).rounding(2.0) / base
    return _finished(judged(output, model, lse=lse), some, case, choices)


def _peak(scores: Tracked, live: npt.NDArray[np.bool_]) -> Tracked:
    """Return the larger of two scores, or 0 where there is none."""
    value = np.where(live, scores.value, -np.inf).max(0)
    error = np.where(live, scores.error, 0.0).max(0)
    value = np.where(np.isneginf(value), 0.0, value)
    return dataclasses.replace(scores, value=value, error=error)


def _moved(output: Tracked, outputs: F64, both: npt.NDArray[np.bool_]) -> Tracked:
    """Allow for a - w (a - b), which rounds what is as large as the larger output.

    The share w = 1 / (1 + exp(-d)) of the second part is known to 8 units of itself,
    beside what an error of d does, which the weights have already; the two
    differences and the product are one rounding each.
    """
    sizes = np.abs(outputs).sum(0)
    gamma = 12.0 * output.unit / (1.0 - 12.0 * output.unit)
    error = output.error + np.where(both[..., None], gamma * sizes, 0.0)
    return dataclasses.replace(output, error=error)


def _of_nothing(case: Case, choices: Dialect) -> tuple[F64, F64]:
    """Return what a function gives for parts that are empty, both of them."""
    output = {
        "zeros": np.zeros(case["output_a"].shape),
        "first": np.asarray(case["output_a"], np.float64),
        "nan": np.full(case["output_a"].shape, np.nan),
    }
    mark = {"minus_infinity": -np.inf, "nan": np.nan}[choices["empty_lse"]]
    return output[choices["all_empty"]], np.full(case["lse_a"].shape, mark)


def _finished(
    exact: Judged, some: npt.NDArray[np.bool_], case: Case, choices: Dialect
) -> Judged:
    """Give rows in which both parts are empty what a function gives them."""
    output, mark = _of_nothing(case, choices)
    (lse, bound), known = exact.others["lse"], some[..., None]
    return Judged(
        output=np.where(known, exact.output, output),
        bound=np.where(known, exact.bound, 0.0),
        others={"lse": (np.where(some, lse, mark), np.where(some, bound, 0.0))},
    )


def _defined(
    output_a: Array, lse_a: Array, output_b: Array, lse_b: Array
) -> tuple[Array, Array]:
    """Evaluate the definition and round its results once."""
    one, two = (np.where(np.isposinf(lse), -np.inf, lse) for lse in (lse_a, lse_b))
    output, lse = definition(output_a, one, output_b, two)
    return output.astype(output_a.dtype), lse.astype(lse_a.dtype)


def _asking(name: str) -> Question:
    """Return the question which choice a function makes where both parts are empty."""

    def ask(call: Call, capabilities: Capabilities, dtype: str) -> str | None:
        if "empty" not in capabilities:
            return None
        recipe = MERGE.recipe(dtype, rows=2, heads=2, width=4, empty="both")
        case = MERGE.case(recipe)
        one, two = (np.full_like(case["output_a"], number) for number in (1.0, 2.0))
        case = case.replace(output_a=one, output_b=two)
        found = call(case)
        given = {"all_empty": found.output, "empty_lse": found.others["lse"]}
        for value in MERGE.choices[name]:
            output, lse = _of_nothing(case, {**MERGE.default(), name: value})
            expected = {"all_empty": output, "empty_lse": lse}
            if identical(expected[name], given[name]).holds:
                return value
        return None

    return ask


def _mean(case: Case, _right: Right) -> Array:
    """Weigh both parts alike."""
    return _both(case, "output").mean(0)


def _summed(case: Case, _right: Right) -> Array:
    """Add the parts, whatever keys they have."""
    return _both(case, "output").sum(0)


def _first(case: Case, right: Right) -> Array:
    """Return the first part."""
    return np.asarray(case[f"{right.result or 'output'}_a"])


def _larger(case: Case, _right: Right) -> Array:
    """Return the larger logsumexp."""
    return _both(case, "lse").max(0)


def _exchanged(case: Case, right: Right) -> Array:
    """Give each part the weight of the other."""
    return right(case.replace(lse_a=case["lse_b"], lse_b=case["lse_a"]))


def _other_base(case: Case, right: Right) -> Array:
    """Read the logsumexps to the other base."""
    other = {"e": "2", "2": "e"}[right.dialect["base"]]
    return right.under(base=other)(case)


def _undivided(case: Case, _right: Right) -> Array:
    """Weigh each part by its exponential below the larger one, and never divide."""
    lses = _both(case, "lse")
    weights = np.exp(lses - lses.max(0))[..., None]
    return (weights * _both(case, "output")).sum(0)


def _next_row(case: Case, right: Right) -> Array:
    """Answer each row with the one before it."""
    return np.roll(right(case), 1, axis=0)


MERGE = Kind(
    name="merge",
    sentence="Joins attention over two disjoint sets of keys by their logsumexps.",
    operands=("output_a", "lse_a", "output_b", "lse_b"),
    table=_TABLE,
    build=_build,
    judge=_judge,
    definition=_defined,
    given=("empty",),
    unsaid=("empty_nan", "plus_infinity"),
    choices={
        "base": ("e", "2"),
        "all_empty": ("zeros", "first", "nan"),
        "empty_lse": ("minus_infinity", "nan"),
    },
    choice_needs={"all_empty": ("empty",), "empty_lse": ("empty",)},
    probes=({"rows": 3, "heads": 2, "width": 4},),
    questions={name: _asking(name) for name in ("all_empty", "empty_lse")},
    nulls={
        "mean": _mean,
        "summed": _summed,
        "first": _first,
        "larger": _larger,
        "exchanged": _exchanged,
        "other_base": _other_base,
        "undivided": _undivided,
        "next_row": _next_row,
    },
)


@MERGE.law(
    "merge-agreement",
    "split.merge",
    nulls=(
        *("zeros", "mean", "first", "exchanged", "other_base", "undivided"),
        *("zeros:lse", "larger:lse", "other_base:lse"),
    ),
)
def check_agreement(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Each part counts by its share of the exponentials; the logsumexp is of both."""
    yield from agrees(case, bench)


def _alike(case: Case, other: Case, bench: Bench, note: str) -> Iterator[Comparison]:
    """Yield whether both results of two calls differ as the exact ones do."""
    yield from alike(case, other, bench, note)
    one, two = (bench.judged(c).others["lse"] for c in (case, other))
    first, second = (
        np.asarray(bench.run(c).others["lse"], np.float64) for c in (case, other)
    )
    expected = first + finite_difference(two[0], one[0])
    bound = one[1] + two[1] + rounding(first, second)
    yield noted(within(expected, second, bound, what="lse"), note)


_LIVE = ("none", "first", "second")
"""Rows in which one part has keys at least."""


@MERGE.law(
    "merge-order",
    "split.associative",
    nulls=("first", "first:lse"),
    fields={"empty": _LIVE},
)
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Which of two parts comes first makes no difference."""
    names = {f"{n}_{p}": f"{n}_{q}" for n in ("output", "lse") for p, q in ("ab", "ba")}
    other = case.replace(**{name: case[of] for name, of in names.items()})
    yield from _alike(case, other, bench, "parts exchanged")


def _onward(case: Case, bench: Bench, place: str, third: tuple[Array, Array]) -> Any:
    """Merge what comes of a call with a third part; return results with bounds.

    An error d of a logsumexp moves its share p by at most p (1 - p) (e^d - 1), and
    the merged one by at most d. One of an output counts no more than whole.
    """
    step, exact = bench.run(case), bench.judged(case)
    lse = np.asarray(step.others["lse"]).astype(case["lse_a"].dtype)
    pairs = {place: (step.output, lse), {"a": "b", "b": "a"}[place]: third}
    names = {f"output_{p}": pair[0] for p, pair in pairs.items()}
    outer = case.replace(**names, **{f"lse_{p}": pair[1] for p, pair in pairs.items()})
    last, after = bench.run(outer), bench.judged(outer)
    off = exact.others["lse"][1]
    moved = 0.25 * np.expm1(off)[..., None] * np.abs(_both(outer, "output")).sum(0)
    return (
        (last.output.astype(np.float64), after.bound + exact.bound + moved),
        (np.asarray(last.others["lse"], np.float64), after.others["lse"][1] + off),
    )


@MERGE.law(
    "merge-associative",
    "split.associative",
    nulls=("mean", "larger:lse"),
    fields={
        "empty": _LIVE,
        "filling": ("zeros",),
        "offset": (0.0, 500.0, -500.0),
    },
)
def check_associative(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Three parts make one whole, whichever two are merged first."""
    one, two = ((case[f"output_{p}"], case[f"lse_{p}"]) for p in _PARTS)
    third = _part(case["recipe"], "c")
    later = case.replace(
        output_a=two[0], lse_a=two[1], output_b=third[0], lse_b=third[1]
    )
    early, late = _onward(case, bench, "a", third), _onward(later, bench, "b", one)
    for (x, off), (y, other), what in zip(early, late, ("output", "lse"), strict=True):
        bound = off + other + rounding(x, y)
        yield noted(within(x, y, bound, what=what), "two orders of three parts")


def _with_keys(case: Case) -> str:
    """Return which part has keys."""
    return "a" if np.isfinite(case["lse_a"]).all() else "b"


@MERGE.law(
    "merge-neutral",
    "split.empty",
    also=("split.associative",),
    nulls=("zeros", "mean", "zeros:lse"),
    needs=("empty",),
    fields={"empty": ("second", "first")},
)
def check_neutral(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Merged with an empty part, an output keeps every value."""
    part = _with_keys(case)
    found = bench.run(case)
    # Its weight is one divided by one, in every way of computing it.
    yield identical(case[f"output_{part}"], found.output)
    # Logarithms may be brought to another base and back.
    bound = bench.judged(case).others["lse"][1]
    yield within(case[f"lse_{part}"], found.others["lse"], bound, what="lse")


@MERGE.law(
    "merge-unread",
    "split.empty",
    nulls=("summed",),
    needs=("empty",),
    fields={"empty": ("second", "first")},
)
def check_unread(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The output of an empty part has no influence, however large it is."""
    empty = "b" if _with_keys(case) == "a" else "a"
    name = f"output_{empty}"
    plain = bench.run(case.replace(**{name: np.zeros_like(case[name])}))
    large = _filled(case["recipe"], "large")
    loud = bench.run(case.replace(**{name: np.full_like(case[name], large)}))
    yield identical(plain.output, loud.output)
    yield identical(plain.others["lse"], loud.others["lse"], what="lse")


def _stays_empty(choices: Dialect, _capabilities: Capabilities) -> bool:
    """Return whether two empty parts are a part that can be merged on."""
    return choices["all_empty"] != "nan" and choices["empty_lse"] != "nan"


@MERGE.law(
    "merge-empty",
    "split.empty",
    nulls=("ones", "zeros:lse"),
    needs=("empty",),
    fields={"empty": ("both",), "filling": ("zeros", "large")},
    applies=_stays_empty,
)
def check_empty(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Two empty parts make an empty part, which changes nothing it is merged with."""
    yield from agrees(case, bench)
    nothing = bench.run(case)
    output, lse = _part(case["recipe"], "c")
    stored = np.asarray(nothing.others["lse"]).astype(lse.dtype)
    onward = case.replace(
        output_a=np.asarray(nothing.output), lse_a=stored, output_b=output, lse_b=lse
    )
    after = bench.run(onward)
    yield noted(identical(output, after.output), "merged on")
    bound = bench.judged(onward).others["lse"][1]
    yield noted(within(lse, after.others["lse"], bound, what="lse"), "merged on")


@MERGE.law(
    "merge-shift",
    "split.shift",
    nulls=("zeros:lse",),
    fields={"empty": _LIVE, "offset": (0.0,), "spread": (1.0, 0.0, 30.0)},
)
def check_shift(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A number added to both logsumexps is added to theirs, and moves no output."""
    # The exponential of either is beyond float32, and of the larger beyond float64.
    for shift in (100.0, -1000.0):
        other = case.replace(
            lse_a=case["lse_a"] + case["lse_a"].dtype.type(shift),
            lse_b=case["lse_b"] + case["lse_b"].dtype.type(shift),
        )
        yield from _alike(case, other, bench, f"both more by {shift:g}")


@MERGE.law(
    "merge-twins",
    "split.twins",
    nulls=("zeros", "summed", "larger:lse"),
    fields={"empty": ("none",)},
)
def check_twins(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Two equal parts have the output of one, and log 2 more than its logsumexp."""
    twins = case.replace(output_b=case["output_a"], lse_b=case["lse_a"])
    exact, found = bench.judged(twins), bench.run(twins)
    output, lse = (np.asarray(case[n], np.float64) for n in ("output_a", "lse_a"))
    yield within(output, found.output, exact.bound + rounding(output))
    more = float(np.log(2.0)) / _LOG_OF_BASE[bench.dialect["base"]]
    bound = exact.others["lse"][1] + rounding(lse)
    yield within(lse + more, found.others["lse"], bound, what="lse")


@MERGE.law(
    "merge-between",
    "split.between",
    nulls=("zeros", "summed"),
    fields={"empty": _LIVE, "filling": ("zeros", "large")},
)
def check_between(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Every entry lies between those of the parts, and the logsumexp above both."""
    outputs, lses = _both(case, "output"), _both(case, "lse")
    live = np.isfinite(lses)
    low = np.where(live[..., None], outputs, np.inf).min(0)
    high = np.where(live[..., None], outputs, -np.inf).max(0)
    exact, found = bench.judged(case), bench.run(case)
    output = np.asarray(found.output, np.float64)
    yield within(np.clip(output, low, high), output, exact.bound)
    lse = np.asarray(found.others["lse"], np.float64)
    least = np.where(live, lses, -np.inf).max(0)
    yield within(np.maximum(lse, least), lse, exact.others["lse"][1], what="lse")


@MERGE.law(
    "merge-rows",
    "split.rows",
    nulls=("next_row", "next_row:lse"),
    fields={"rows": _MANY_ROWS},
)
def check_rows(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Each row and head is merged by itself: no other changes what it becomes."""
    # Not the first place in memory, which is the first in every order of the axes.
    here = (0, case["lse_a"].shape[1] - 1)
    changed = {n: v.copy() for n, v in case.operands.items()}
    for part, lse in zip(_PARTS, (7.0, 3.0), strict=True):
        changed[f"output_{part}"][here] = 5.0
        changed[f"lse_{part}"][here] = lse
    there = np.ones(case["lse_a"].shape, np.bool_)
    there[here] = False
    one, two = bench.run(case), bench.run(case.replace(**changed))
    yield identical(one.output[there], two.output[there])
    yield identical(one.others["lse"][there], two.others["lse"][there], what="lse")


__all__ = [
    "MERGE",
    "check_agreement",
    "check_associative",
    "check_between",
    "check_empty",
    "check_neutral",
    "check_order",
    "check_rows",
    "check_shift",
    "check_twins",
    "check_unread",
]
