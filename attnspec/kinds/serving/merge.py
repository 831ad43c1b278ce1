"""Partial results joined into one: the kind `merge`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.claims import Capabilities
from attnspec.judge.compare import agrees, alike, finite_difference, noted, rounding
from attnspec.judge.law import Bench, Dialect
from attnspec.kinds.serving._joined import LOG_OF_BASE
from attnspec.kinds.serving._merge import (
    MANY_ROWS,
    MERGE,
    PARTS,
    drawn_part,
    filling_of,
    of_both,
)
from attnspec.numerics import Comparison, identical, within

MERGE.agreement_law(
    "split.merge",
    "Each part counts by its share of the exponentials; the logsumexp is of both.",
    nulls=(
        *("zeros", "mean", "first", "exchanged", "other_base", "undivided"),
        *("zeros:lse", "larger:lse", "other_base:lse"),
    ),
)


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
    moved = 0.25 * np.expm1(off)[..., None] * np.abs(of_both(outer, "output")).sum(0)
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
    one, two = ((case[f"output_{p}"], case[f"lse_{p}"]) for p in PARTS)
    third = drawn_part(case["recipe"], "c")
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
    large = filling_of(case["recipe"], "large")
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
    output, lse = drawn_part(case["recipe"], "c")
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
    more = float(np.log(2.0)) / LOG_OF_BASE[bench.dialect["base"]]
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
    outputs, lses = of_both(case, "output"), of_both(case, "lse")
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
    fields={"rows": MANY_ROWS},
)
def check_rows(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Each row and head is merged by itself: no other changes what it becomes."""
    # Not the first place in memory, which is the first in every order of the axes.
    here = (0, case["lse_a"].shape[1] - 1)
    changed = {n: v.copy() for n, v in case.operands.items()}
    for part, lse in zip(PARTS, (7.0, 3.0), strict=True):
        changed[f"output_{part}"][here] = 5.0
        changed[f"lse_{part}"][here] = lse
    there = np.ones(case["lse_a"].shape, np.bool_)
    there[here] = False
    one, two = bench.run(case), bench.run(case.replace(**changed))
    yield identical(one.output[there], two.output[there])
    yield identical(one.others["lse"][there], two.others["lse"][there], what="lse")


MERGE.law(
    "merge-in-place",
    "split.place",
    nulls=("first", "first:lse", "mean"),
    needs=("in_place",),
    fields={"in_place": (True,), "empty": ("none", "second", "some")},
    sentence="In the place of the first part stands what else is returned.",
)(agrees)


MERGE.law(
    "merge-rows-kept",
    "split.place",
    nulls=("first", "first:lse"),
    needs=("in_place", "rows"),
    fields={
        "rows": MANY_ROWS,
        "in_place": (True,),
        "chosen": (True,),
        "empty": ("none", "second", "some"),
    },
    sentence="Rows that are not to be merged keep every bit, and so does all else.",
)(agrees)


__all__ = ["MERGE"]
