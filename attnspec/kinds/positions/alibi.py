"""Biases that fall with the distance: the kind `alibi`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.kind import Kind, result
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.positions import _usage as usage
from attnspec.numerics import Comparison, NumericModel, within
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import alibi as definition
from attnspec.reference import alibi_slopes
from attnspec.reference.masks import positions, relative_positions


def _build(recipe: Recipe) -> Case:
    heads, queries = recipe["heads"], recipe["queries"]
    keys = queries + recipe["past"]
    return Case(
        operands={"heads": heads, "queries": queries, "keys": keys},
        options={},
        results=result("bias", (heads, queries, keys), None),
        dtype=recipe.dtype,
    )


def _places(case: Case, choices: Dialect) -> Array:
    """Return the positions of the queries."""
    alignment = choices["alignment"]
    return positions(case["queries"], case["keys"], alignment=alignment)  # type: ignore[arg-type]


def _slopes(heads: int, choices: Dialect) -> Array:
    """Return the slopes of the heads, in float64."""
    if choices["slopes"] == "formula":
        return np.asarray(np.exp2(-8.0 * np.arange(1, heads + 1) / heads))
    return alibi_slopes(heads)


def _distances(case: Case, choices: Dialect) -> Array:
    """Return what the slopes are multiplied by."""
    keys = np.arange(case["keys"])
    steps = relative_positions(_places(case, choices), keys)
    forms = {
        "symmetric": -np.abs(steps),
        "signed": steps,
        "keys": keys + 0 * steps,
        "last_key": keys - keys[-1] + 0 * steps,
    }
    return np.asarray(forms[choices["form"]])


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Multiply slopes and distances.

    The slopes may be powers of the first of them, one product after the other; and
    the terms of key and query may be rounded each for itself before they meet.
    """
    heads, keys = case["heads"], np.arange(case["keys"])
    places, fixed = _places(case, choices), choices["form"] == "last_key"
    exact = Tracked.of(_distances(case, choices), model)
    slopes = exact.like(_slopes(heads, choices)[:, None, None])
    # The last of H powers has 4 units of the first slope and a product for each head.
    roundings = 6.0 + 5.0 * heads
    bias = slopes.rounding(roundings).kept() * exact
    # A product for the key, one for what it is counted from, and their difference.
    start = np.maximum(np.abs(places), case["keys"] - 1 if fixed else 0)
    sizes = (slopes * (keys + start[:, None])).rounding(2)
    error = bias.error + sizes.error
    return judged(bias.like(bias.value, error), model)


def _defined(heads: int, queries: int, keys: int) -> Array:
    """Evaluate the definition."""
    steps = relative_positions(positions(queries, keys), np.arange(keys))
    return definition(steps, alibi_slopes(heads))


def _one_sided(case: Case, right: Right) -> Array:
    """Leave the keys behind the diagonal without a bias."""
    shape = case["queries"], case["keys"]
    return right(case) * np.tri(*shape, case["keys"] - case["queries"])


ALIBI = Kind(
    name="alibi",
    sentence="Makes a bias that falls with the distance, at a slope for each head.",
    table=Table(
        fields={
            "heads": (1, 2, 3, 4, 6, 8, 12, 16, 20, 32),
            "queries": (1, 2, 3, 5, 8, 17, 33),
            "past": (0, 1, 2, 3, 16, 67),
        },
    ),
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.ALIBI,
    simplest={"heads": 8, "queries": 8},
    choices={
        "form": ("symmetric", "signed", "keys", "last_key"),
        "slopes": ("interpolated", "formula"),
        "alignment": ("lower_right", "upper_left"),
    },
    probes=({"heads": 3, "queries": 3, "past": 2},),
    nulls={
        "one_sided": _one_sided,
        "other_heads": lambda case, right: np.roll(right(case), 1, axis=0),
        "squared": lambda case, right: right(case) * (1.0 + np.arange(case["keys"])),
    },
)


# The form that counts keys alone leaves the position of the query out.
ALIBI.agreement_law(
    "positions.alibi",
    "The bias is the slope of the head times the distance, with the sign of its form.",
    also=("positions.alibi-signed", "positions.alibi-slopes"),
    nulls=("zeros", "ones", "one_sided", "other_heads"),
)


@ALIBI.law(
    "alibi-slopes",
    "positions.alibi-slopes",
    nulls=("zeros", "other_heads"),
    fields={"heads": (3, 6, 8, 12, 20), "queries": (2, 3, 5), "past": (1, 2, 3)},
)
def check_slopes(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Up to the query's position each step to the right adds the slope of the head."""
    exact = bench.judged(case)
    bias = bench.run(case).output.astype(np.float64)
    before = np.arange(1, case["keys"]) <= _places(case, bench.dialect)[:, None]
    slopes = _slopes(case["heads"], bench.dialect)[:, None, None]
    bound = exact.bound[..., 1:] + exact.bound[..., :-1]
    # Behind the query nothing is asked: forms differ there.
    steps = np.where(before, bias[..., 1:] - bias[..., :-1], slopes)
    expected = np.broadcast_to(slopes, steps.shape)
    # The differences are taken in float64.
    room = 2.0**-50 * np.abs(exact.output[..., 1:])
    yield within(expected, steps, bound + room, what="bias of one step")


@ALIBI.law(
    "alibi-mirror",
    "positions.alibi-signed",
    also=("positions.alibi",),
    nulls=("one_sided",),
    fields={"queries": (3, 5, 8), "past": (0, 1, 2)},
)
def check_mirror(case: Case, bench: Bench) -> Iterator[Comparison]:
    """After the query the bias is what it is before, of the sign of its form."""
    exact = bench.judged(case)
    bias = bench.run(case).output.astype(np.float64)
    rows, left, own, right = _mirrored(_places(case, bench.dialect), case["keys"])
    sign = 1.0 if bench.dialect["form"] == "symmetric" else -1.0
    here = bias[:, rows, own]
    bound = exact.bound[:, rows, left] + exact.bound[:, rows, right]
    bound = bound + 2 * exact.bound[:, rows, own]
    room = 2.0**-49 * np.abs(exact.output).max()
    yield within(
        here + sign * (bias[:, rows, left] - here),
        bias[:, rows, right],
        bound + room,
        what="bias behind the query",
    )


def _mirrored(places: Array, keys: int) -> tuple[Array, Array, Array, Array]:
    """Return rows with pairs of keys as far before the query as behind it."""
    rows, right = np.nonzero(np.arange(keys) > places[:, None])
    own = places[rows]
    left = 2 * own - right  # The own key lies in the middle of both.
    kept = left >= 0
    return rows[kept], left[kept], own[kept], right[kept]


@ALIBI.law(
    "alibi-relative",
    "positions.relative",
    also=("positions.alibi",),
    nulls=("squared",),
    fields={"queries": (3, 5, 8), "past": (0, 1, 3)},
)
def check_relative(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Two neighboring keys differ by the same in every row, at the same distances."""
    exact = bench.judged(case)
    bias = bench.run(case).output.astype(np.float64)
    steps = bias[..., 1:] - bias[..., :-1]
    bound = exact.bound[..., 1:] + exact.bound[..., :-1]
    room = 2.0**-49 * np.abs(exact.output).max()
    yield within(
        steps[:, :-1, :-1],
        steps[:, 1:, 1:],
        bound[:, :-1, :-1] + bound[:, 1:, 1:] + room,
        what="difference of neighbors",
    )


__all__ = ["ALIBI"]
