"""Rotary positions: the kind `rope`, and its laws."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers, normals
from attnspec.judge.case import Case, cast, single
from attnspec.judge.claims import Claim
from attnspec.judge.compare import agrees, alike
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right, late
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.positions import _usage as usage
from attnspec.kinds.positions._places import (
    BASE,
    PAIRINGS,
    PARTIAL,
    PLACES,
    places,
    squared,
    turned,
)
from attnspec.numerics import Comparison, NumericModel, within
from attnspec.numerics.operations import WITH_TABLES
from attnspec.numerics.relaxations import narrower
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import rotary as definition


def _mend(recipe: Recipe) -> Recipe:
    """Let no more entries turn than there are."""
    if (recipe["turned"] or 0) > recipe["width"]:
        return recipe.replace(turned=recipe["width"])
    return recipe


_TABLE = Table(
    fields={
        "batch": (1, 2),
        "heads": (1, 3),
        "length": (1, 2, 3, 5, 8, 17, 33),
        "width": (2, 4, 6, 8, 16, 64, 128),
        "turned": (None, 2, 4, 6),
        "positions": PLACES,
        "each": (False, True),
        "data": ("ones", "integers", "normal"),
        "base": (BASE, 100.0, 500_000.0),
    },
    claims={
        "base": Claim("another base than 10,000", "base"),
        "width": Claim("that only the first entries of a vector turn", "turned"),
        "position_ids": Claim("positions of each sequence of a batch, (B, L)", "each"),
    },
    mend=_mend,
)


def _build(recipe: Recipe) -> Case:
    shape = (recipe["batch"], recipe["heads"], recipe["length"], recipe["width"])
    kinds: dict[str, Callable[[], Array]] = {
        "ones": lambda: np.ones(shape),
        "integers": lambda: integers(recipe.seed, "x", shape, -4, 4) * 1.0,
        "normal": lambda: normals(recipe.seed, "x", shape),
    }
    x = cast(kinds[recipe["data"]](), recipe)
    # A base with its plain value is not given at all.
    base = None if recipe["base"] == BASE else recipe["base"]
    options = {"base": base, "width": recipe["turned"]}
    positions = places(recipe)
    if recipe["each"]:
        # No sequence has the positions of another.
        positions = positions + 3 * np.arange(recipe["batch"])[:, None]
    return single(recipe, {"x": x, "positions": positions}, shape, options)


def _by_row(positions: Array) -> Array:
    """Return positions that broadcast to the rows of all heads."""
    return positions[:, None] if positions.ndim == 2 else positions


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Turn the first entries of each vector, or all of them."""
    x, base = Tracked.of(case["x"], model), case["base"] or BASE
    whole = choices["partial"] == "whole_width" and case["width"] is not None
    answer = turned(
        x,
        _by_row(case["positions"]),
        choices["pairing"],
        width=case["width"],
        span=case["x"].shape[-1] if whole else None,
        base=base,
        tables=model.tables,
    )
    return judged(answer, model)


def _defined(
    x: Array,
    positions: Array,
    *,
    base: float = BASE,
    width: int | None = None,
) -> Array:
    """Evaluate the definition and round its result once."""
    turned_by = definition(x, _by_row(positions), base=base, width=width)
    return turned_by.astype(x.dtype)


def _rest_lost(case: Case, right: Right) -> Array:
    """Let the entries behind the width turn to nothing."""
    width = case["width"] or case["x"].shape[-1]
    kept = np.arange(case["x"].shape[-1]) < width
    return np.where(kept, right(case), 0.0)


def _one_for_all(case: Case, right: Right) -> Array:
    """Give every sequence the positions of the first."""
    first = case["positions"].reshape(-1, case["positions"].shape[-1])[0]
    return right(case.replace(positions=first))


ROPE = Kind(
    name="rope",
    sentence="Turns queries or keys by their positions.",
    table=_TABLE,
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.ROPE,
    choices={"pairing": PAIRINGS, "partial": PARTIAL},
    choice_needs={"partial": ("width",)},
    probes=(
        {"length": 3, "width": 8, "data": "integers"},
        {"length": 5, "width": 4, "data": "normal"},
        {"length": 5, "width": 8, "data": "normal", "turned": 4},
    ),
    nulls={
        "unturned": lambda case, _: np.asarray(case["x"]),
        "late": late,
        "squared": squared,
        "rest_lost": _rest_lost,
        "one_for_all": _one_for_all,
    },
    null_needs={"rest_lost": ("width",), "one_for_all": ("position_ids",)},
    unsaid=("position_ids",),
    simplest={"length": 3, "width": 64, "data": "normal"},
    models=WITH_TABLES,
    relaxations=functools.partial(narrower, tables=True),
)


ROPE.agreement_law(
    "positions.rotary",
    "Each pair of entries is turned by its position times its frequency.",
    also=("positions.rotary-pairs",),
    nulls=("zeros", "unturned", "late", "rest_lost", "one_for_all"),
)


@ROPE.law("rope-norm", "positions.rotary-norm", nulls=("zeros",))
def check_norm(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A turned vector is as long as before."""
    exact = bench.judged(case)
    output = bench.run(case).output.astype(np.float64)
    expected = (exact.output**2).sum(-1)
    # The square of what is off by b is off by b (2 |x| + b).
    room = (exact.bound * (2 * np.abs(exact.output) + exact.bound)).sum(-1)
    actual = (output**2).sum(-1)
    # Both sums, of up to 128 squares, are rounded in float64: 2 * 2**7 * 2**-53.
    yield within(expected, actual, room + 2.0**-45 * expected, what="squared length")


@ROPE.law(
    "rope-relative",
    "positions.rotary-relative",
    also=("positions.relative",),
    nulls=("squared",),
    fields={"length": (2, 3, 5, 8), "data": ("integers", "normal")},
)
def check_relative(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Turned dot products depend on the difference of two positions alone."""
    # Any shift would do: it leaves every difference as it was.
    moved = case.replace(positions=case["positions"] + 7)
    one, two = bench.judged(case), bench.judged(moved)
    first = bench.run(case).output.astype(np.float64)
    second = bench.run(moved).output.astype(np.float64)
    products = np.abs(one.output) @ one.bound.swapaxes(-1, -2)
    again = np.abs(two.output) @ two.bound.swapaxes(-1, -2)
    bound = products + products.swapaxes(-1, -2) + again + again.swapaxes(-1, -2)
    # What is off in both factors at once.
    bound = bound + one.bound @ one.bound.swapaxes(-1, -2)
    bound = bound + two.bound @ two.bound.swapaxes(-1, -2)
    # As for the norm, with as much again for the turn of each factor.
    size = np.abs(one.output) @ np.abs(one.output).swapaxes(-1, -2)
    yield within(
        first @ first.swapaxes(-1, -2),
        second @ second.swapaxes(-1, -2),
        bound + 2.0**-44 * size,
        what="dot product",
    )


@ROPE.law("rope-origin", "positions.rotary", nulls=("zeros",))
def check_origin(case: Case, bench: Bench) -> Iterator[Comparison]:
    """At position zero nothing turns."""
    still = case.replace(positions=np.zeros_like(case["positions"]))
    yield from agrees(still, bench, "position 0")


@ROPE.law(
    "rope-order",
    "positions.rotary",
    nulls=("late",),
    fields={"length": (2, 3, 5, 8, 17)},
)
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What a vector becomes is decided by its own position, wherever it stands."""
    backward = operator.itemgetter(np.s_[..., ::-1, :])
    last = operator.itemgetter(np.s_[..., ::-1])
    other = case.changed(backward, "x").changed(last, "positions")
    yield from alike(case, other, bench, "backward", moved=backward)


__all__ = ["ROPE"]
