"""Any number of partial results joined into one: the kind `merge-all`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec.judge.case import Case
from attnspec.judge.compare import agrees, noted, rounding
from attnspec.judge.law import Bench
from attnspec.kinds.serving import _merge_all as many
from attnspec.kinds.serving._joined import LOG_OF_BASE
from attnspec.kinds.serving._merge import filling_of
from attnspec.kinds.serving._merge_all import MERGE_ALL
from attnspec.kinds.serving._sequences import parts_alike
from attnspec.numerics import Comparison, identical, within

_LIVE = ("none", "first", "last")
"""Rows in which a part has keys, where there are several."""

MERGE_ALL.agreement_law(
    "split.merge",
    "Each part counts by its share of the exponentials; the logsumexp is of all.",
    nulls=(
        *("zeros", "mean", "first", "other_base", "undivided"),
        *("zeros:lse", "largest:lse", "other_base:lse"),
    ),
)


@MERGE_ALL.law(
    "merge-all-order",
    "split.associative",
    nulls=("first", "first:lse"),
    fields={"parts": many.SEVERAL},
)
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The order of the parts makes no difference."""
    other = case.changed(lambda a: a[:, ::-1], "outputs", "lses")
    yield from parts_alike(case, other, bench, "parts in the other order")


@MERGE_ALL.law(
    "merge-all-stepwise",
    "split.associative",
    nulls=("mean", "largest:lse"),
    fields={
        "parts": many.SEVERAL,
        "empty": _LIVE,
        "filling": ("zeros",),
        "offset": (0.0, 500.0),
    },
)
def check_stepwise(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Some of the parts may be joined first, and the rest with what they make."""
    half = case["lses"].shape[1] // 2 + 1
    first = many.of(case["outputs"][:, :half], case["lses"][:, :half], case.dtype)
    step, exact = bench.run(first), bench.judged(first)
    stored = np.asarray(step.others["lse"]).astype(case["lses"].dtype)
    outputs, lses = (
        np.concatenate([new[:, None], case[name][:, half:]], axis=1)
        for new, name in ((np.asarray(step.output), "outputs"), (stored, "lses"))
    )
    rest = many.of(outputs, lses, case.dtype)
    whole, after = bench.judged(case), bench.judged(rest)
    one, two = bench.run(case), bench.run(rest)
    # An error of a logsumexp moves its share p by at most p (1 - p) of itself.
    off = exact.others["lse"][1]
    size = np.abs(np.asarray(outputs, np.float64)).sum(1)
    moved = 0.25 * np.expm1(off)[..., None] * size + exact.bound
    x, y = (np.asarray(found.output, np.float64) for found in (one, two))
    bound = whole.bound + after.bound + moved + rounding(x, y)
    yield noted(within(x, y, bound), f"{half} of them first")
    x, y = (np.asarray(found.others["lse"], np.float64) for found in (one, two))
    bound = whole.others["lse"][1] + after.others["lse"][1] + off + rounding(x, y)
    yield noted(within(x, y, bound, what="lse"), f"{half} of them first")


@MERGE_ALL.law(
    "merge-all-parts",
    "split.associative",
    nulls=("mean", "largest:lse"),
    fields={
        "parts": many.SEVERAL,
        "empty": _LIVE,
        "filling": ("zeros",),
        "data": ("sink", "normal"),
        "offset": (0.0, 500.0),
    },
)
def check_parts(case: Case, bench: Bench) -> Iterator[Comparison]:
    """However the keys are divided into parts, they make the same whole."""
    for size in (2, 3, case["lses"].shape[1]):
        larger = many.together(case, size, bench.dialect["base"])
        note = f"as parts of {size}"
        yield from parts_alike(case, larger, bench, note)


@MERGE_ALL.law(
    "merge-all-far",
    "split.merge",
    nulls=("mean", "summed"),
    fields={"parts": many.SEVERAL, "empty": ("none",), "offset": (0.0, 500.0)},
)
def check_far(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A part that lies 200 above all others keeps every value."""
    lses = np.array(case["lses"])
    lses[:, 1:] = lses[:, :1] - 200
    far = case.replace(lses=lses)
    found, outputs = bench.run(far), np.asarray(case["outputs"], np.float64)
    # Their share is below 2**-200 N, whatever the base; no sum with 1 shows it.
    bound = 2.0**-190 * np.abs(outputs).sum(1)
    yield within(outputs[:, 0], found.output, bound)
    bound = bench.judged(far).others["lse"][1]
    yield within(lses[:, 0], found.others["lse"], bound, what="lse")


@MERGE_ALL.law(
    "merge-all-none",
    "split.empty",
    one_in=9,
    nulls=("ones", "zeros:lse"),
    needs=("empty", "no_parts"),
    fields={"parts": (0,)},
    applies=lambda dialect, _: (
        "nan" not in (dialect["all_empty"], dialect["empty_lse"])
    ),
)
def check_none(case: Case, bench: Bench) -> Iterator[Comparison]:
    """No parts at all make one that has no keys."""
    yield from agrees(case, bench)


@MERGE_ALL.law(
    "merge-all-neutral",
    "split.empty",
    nulls=("mean", "first"),
    needs=("empty",),
    fields={"empty": ("none",)},
)
def check_neutral(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A part without keys, wherever it stands, changes nothing."""
    large = filling_of(case["recipe"], "large")
    for at in (0, case["lses"].shape[1]):
        more = case.replace(
            outputs=np.insert(case["outputs"], at, large, axis=1),
            lses=np.insert(case["lses"], at, -np.inf, axis=1),
        )
        note = f"a part without keys before part {at}"
        yield from parts_alike(case, more, bench, note)


@MERGE_ALL.law(
    "merge-all-empty",
    "split.empty",
    nulls=("ones", "zeros:lse"),
    needs=("empty",),
    fields={"empty": ("all", "some"), "filling": ("zeros", "large")},
    applies=lambda dialect, _: (
        "nan" not in (dialect["all_empty"], dialect["empty_lse"])
    ),
)
def check_empty(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Parts that have no keys make one that has none."""
    yield from agrees(case, bench)
    none = np.isinf(case["lses"]).all(1)
    output = bench.run(case).output[none]
    yield identical(np.zeros_like(output), output)


@MERGE_ALL.law(
    "merge-all-shift",
    "split.shift",
    nulls=("zeros:lse",),
    fields={"empty": _LIVE, "offset": (0.0,), "spread": (1.0, 0.0, 30.0)},
)
def check_shift(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A number added to all logsumexps is added to theirs, and moves no output."""
    for shift in (100.0, -1000.0):
        other = case.replace(lses=case["lses"] + case["lses"].dtype.type(shift))
        note = f"all more by {shift:g}"
        yield from parts_alike(case, other, bench, note)


@MERGE_ALL.law(
    "merge-all-twins",
    "split.twins",
    nulls=("zeros", "summed", "largest:lse"),
    fields={"empty": ("none",)},
)
def check_twins(case: Case, bench: Bench) -> Iterator[Comparison]:
    """N equal parts have the output of one, and log N more than its logsumexp."""
    count = case["lses"].shape[1]
    twins = case.changed(
        lambda a: np.repeat(a[:, :1], count, axis=1), "outputs", "lses"
    )
    exact, found = bench.judged(twins), bench.run(twins)
    output, lse = (np.asarray(case[n][:, 0], np.float64) for n in ("outputs", "lses"))
    yield within(output, found.output, exact.bound + rounding(output))
    more = float(np.log(count)) / LOG_OF_BASE[bench.dialect["base"]]
    bound = exact.others["lse"][1] + rounding(lse)
    yield within(lse + more, found.others["lse"], bound, what="lse")


@MERGE_ALL.law(
    "merge-all-between",
    "split.between",
    nulls=("zeros", "summed"),
    fields={"empty": ("none",)},
)
def check_between(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Every entry lies between those of the parts, and the logsumexp above all."""
    lses, outputs = many.parts_first(case)
    exact, found = bench.judged(case), bench.run(case)
    output = np.asarray(found.output, np.float64)
    yield within(np.clip(output, outputs.min(0), outputs.max(0)), output, exact.bound)
    lse = np.asarray(found.others["lse"], np.float64)
    least = np.maximum(lse, lses.max(0))
    yield within(least, lse, exact.others["lse"][1], what="lse")


@MERGE_ALL.law(
    "merge-all-rows",
    "split.rows",
    nulls=("next_row", "next_row:lse"),
    fields={"rows": many.SEVERAL_ROWS},
)
def check_rows(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Each row and head is merged by itself: no other changes what it becomes."""
    here = (0, slice(None), case["lses"].shape[2] - 1)
    changed = {name: array.copy() for name, array in case.operands.items()}
    changed["outputs"][here], changed["lses"][here] = 5.0, 3.0
    there = np.ones((len(case["lses"]), case["lses"].shape[2]), np.bool_)
    there[0, -1] = False
    one, two = bench.run(case), bench.run(case.replace(**changed))
    yield identical(one.output[there], two.output[there])
    yield identical(one.others["lse"][there], two.others["lse"][there], what="lse")


@MERGE_ALL.law(
    "merge-all-many-rows",
    "split.rows",
    one_in=9,
    nulls=("zeros", "mean"),
    fields={"rows": (many.MANY_ROWS,)},
)
def check_many_rows(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Rows beyond those that 16 bits count are merged like the others."""
    yield from agrees(case, bench)


__all__ = ["MERGE_ALL"]
