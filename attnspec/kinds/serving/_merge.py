"""What a merge of two partial results is: cases, the exact result, and its bound.

A function may subtract the larger logsumexp first, or the merged one, rounded as it
is given back, and may bring both to base two before that. So the allowance grows
with the logsumexps and not only with their distance: it is an offset of both that
costs accuracy.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.judge.bits import bits, integers, normals
from attnspec.judge.case import Case, cast
from attnspec.judge.claims import Capabilities, Claim
from attnspec.judge.kind import Kind
from attnspec.judge.law import F64, Dialect
from attnspec.judge.nulls import Right
from attnspec.judge.questions import Call, Question
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.serving import _usage as usage
from attnspec.kinds.serving._in_place import CLAIMS, in_place, kept
from attnspec.kinds.serving._in_place import FIELDS as IN_PLACE
from attnspec.kinds.serving._joined import finished, joined
from attnspec.numerics import NumericModel, identical
from attnspec.numerics.formats import format_of
from attnspec.numerics.tracked import Judged
from attnspec.reference import merge as definition

PARTS = ("a", "b")
MANY_ROWS = (2, 3, 5, 8, 33)


def _mend(recipe: Recipe) -> Recipe:
    """Without an empty part nothing marks or fills one."""
    if recipe["empty"] == "none":
        return recipe.replace(filling="zeros", mark="minus_infinity")
    return recipe


_TABLE = Table(
    fields={
        "rows": (1, *MANY_ROWS),
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
        **IN_PLACE,
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
        **CLAIMS,
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


def drawn_part(recipe: Recipe, part: str) -> tuple[Array, Array]:
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


def filling_of(recipe: Recipe, filling: str) -> float:
    # Large enough to be seen, and small enough to be added to itself.
    large = format_of(recipe.dtype).maximum / 16
    return {"zeros": 0.0, "large": large, "nan": np.nan}[filling]


def _build(recipe: Recipe) -> Case:
    operands: dict[str, Array] = {}
    for part in PARTS:
        output, lse = drawn_part(recipe, part)
        empty = _is_empty(recipe, part)
        output[empty] = filling_of(recipe, recipe["filling"])
        lse[empty] = np.inf if recipe["mark"] == "plus_infinity" else -np.inf
        operands |= {f"output_{part}": output, f"lse_{part}": lse}
    output, lse = operands["output_a"], operands["lse_a"]
    results = ("output", output.shape, recipe.dtype), ("lse", lse.shape, None)
    return in_place(Case(operands, {}, results, recipe.dtype), recipe)


def of_both(case: Case, name: str) -> F64:
    """Return what both parts have of a name, the parts first."""
    return np.stack([np.asarray(case[f"{name}_{p}"], np.float64) for p in PARTS])


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Weigh each part by its share of the exponentials of both logsumexps."""
    lses = of_both(case, "lse")
    exact = joined(lses, of_both(case, "output"), choices["base"], model)
    return kept(case, finished(exact, lses, *_of_nothing(case, choices)))


def _of_nothing(case: Case, choices: Dialect) -> tuple[F64, F64]:
    """Return what a function gives for parts that are empty, both of them."""
    output = {
        "zeros": np.zeros(case["output_a"].shape),
        "first": np.asarray(case["output_a"], np.float64),
        "nan": np.full(case["output_a"].shape, np.nan),
    }
    mark = {"minus_infinity": -np.inf, "nan": np.nan}[choices["empty_lse"]]
    return output[choices["all_empty"]], np.full(case["lse_a"].shape, mark)


def _defined(
    output_a: Array,
    lse_a: Array,
    output_b: Array,
    lse_b: Array,
    *,
    rows: Array | None = None,
    in_place: bool = False,
) -> tuple[Array, Array] | None:
    """Evaluate the definition and round its results once."""
    one, two = (np.where(np.isposinf(lse), -np.inf, lse) for lse in (lse_a, lse_b))
    output, lse = definition(output_a, one, output_b, two)
    if not in_place:
        return output.astype(output_a.dtype), lse.astype(lse_a.dtype)
    chosen = slice(None) if rows is None else rows
    output_a[chosen], lse_a[chosen] = output[chosen], lse[chosen]
    return None


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
    return of_both(case, "output").mean(0)


def _summed(case: Case, _right: Right) -> Array:
    """Add the parts, whatever keys they have."""
    return of_both(case, "output").sum(0)


def _first(case: Case, right: Right) -> Array:
    """Return the first part."""
    return np.asarray(case[f"{right.result or 'output'}_a"])


def _larger(case: Case, _right: Right) -> Array:
    """Return the larger logsumexp."""
    return of_both(case, "lse").max(0)


def _exchanged(case: Case, right: Right) -> Array:
    """Give each part the weight of the other."""
    return right(case.replace(lse_a=case["lse_b"], lse_b=case["lse_a"]))


def _other_base(case: Case, right: Right) -> Array:
    """Read the logsumexps to the other base."""
    other = {"e": "2", "2": "e"}[right.dialect["base"]]
    return right.under(base=other)(case)


def _undivided(case: Case, _right: Right) -> Array:
    """Weigh each part by its exponential below the larger one, and never divide."""
    lses = of_both(case, "lse")
    weights = np.exp(lses - lses.max(0))[..., None]
    return (weights * of_both(case, "output")).sum(0)


def _next_row(case: Case, right: Right) -> Array:
    """Answer each row with the one before it."""
    return np.roll(right(case), 1, axis=0)


MERGE = Kind(
    name="merge",
    sentence="Joins attention over two disjoint sets of keys by their logsumexps.",
    table=_TABLE,
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.MERGE,
    simplest={"rows": 3, "heads": 2, "width": 8, "data": "normal"},
    given=("empty",),
    unsaid=("empty_nan", "plus_infinity"),
    strided=("in_place", "rows"),
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


__all__ = [
    "MANY_ROWS",
    "MERGE",
    "PARTS",
    "drawn_part",
    "filling_of",
    "of_both",
]
