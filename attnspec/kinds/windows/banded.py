"""Truncated attention: the kind `banded`, and its laws."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.claims import Claim
from attnspec.judge.compare import agrees, alike
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.windows import _usage as usage
from attnspec.kinds.windows import _windowed_attention as windowed
from attnspec.numerics import Comparison, NumericModel, identical
from attnspec.numerics.tracked import Judged
from attnspec.reference import banded_attention, reach
from attnspec.reference.masks import window as window_mask

_NARROW = ((1, 1), (1, 0), (0, 1), (2, 0), (0, 2), (3, 1), (2, 2))
_LONG = (3, 5, 8, 17)

_TABLE = Table(
    fields={
        "batch": (1, 2),
        "heads": (1, 3),
        "length": (1, 2, 3, 5, 8, 17, 33),
        "width": (1, 2, 3, 8, 16),
        # The last one is wider than the longest sequence on both sides.
        "window": ((0, 0), *_NARROW, (5, 0), (0, 7), (40, 40)),
        "data": windowed.DATA,
        "scale": (None, 0.5, 2.0, 0.0, -1.0),
    },
    claims={
        "scale": Claim("another scale than one over the root of the width", "scale"),
        "keys_after": Claim(
            "keys after the query's own",
            used=lambda recipe: recipe["window"][1] > 0,
            dropped=lambda recipe: recipe.replace(window=(recipe["window"][0], 0)),
        ),
        "unequal_sides": Claim(
            "a window that reaches further on one side than on the other",
            used=lambda recipe: len(set(recipe["window"])) > 1,
            dropped=lambda recipe: recipe.replace(window=2 * (min(recipe["window"]),)),
        ),
    },
)


def _build(recipe: Recipe) -> Case:
    shape = (recipe["batch"], recipe["heads"], recipe["length"], recipe["width"])
    return windowed.build(recipe, shape, "window", scale=None)


def _band(case: Case) -> windowed.Mask:
    """Return the band of a case."""
    at = np.arange(case["query"].shape[-2])
    return window_mask(at, at, *case["window"])


def _judge(case: Case, _choices: Dialect, model: NumericModel) -> Judged:
    return windowed.softmax_over(case, _band(case), model)


def _defined(
    query: Array,
    key: Array,
    value: Array,
    window: tuple[int, int],
    *,
    scale: float | None = None,
) -> Array:
    """Evaluate the definition and round its result once."""
    found = banded_attention(query, key, value, window=window, scale=scale)
    return found.astype(query.dtype)


def _wider(case: Case, right: Right) -> Array:
    """Take the first distance that is hidden for the last that is seen."""
    return right(case.replace(window=tuple(side + 1 for side in case["window"])))


def _chunked(case: Case, _right: Right) -> Array:
    """Let each query see the chunk that it stands in."""
    length, size = case["query"].shape[-2], 1 + sum(case["window"])
    chunk = np.arange(length) // size
    return windowed.answer_over(case, chunk[:, None] == chunk)


BANDED = Kind(
    name="banded",
    sentence="Attends within a window around each position.",
    table=_TABLE,
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.BANDED,
    given=("keys_after", "unequal_sides"),
    simplest={"length": 8, "width": 8, "window": (2, 0), "data": "normal"},
    nulls={
        # Wider than the longest sequence: every key is shown to every query.
        "unbanded": lambda case, right: right(case.replace(window=(40, 40))),
        "wider": _wider,
        "zeroed": lambda case, _: windowed.zeroed(case, _band(case)),
        "chunked": _chunked,
    },
)


BANDED.agreement_law(
    "bands.support",
    "Each query averages the values within its window.",
    also=("bands.before", "bands.sum"),
    nulls=("zeros", "unbanded", "wider", "zeroed"),
)


@BANDED.law(
    "banded-weights",
    "bands.support",
    nulls=("unbanded", "wider", "chunked"),
    fields={"length": _LONG},
)
def check_weights(case: Case, bench: Bench) -> Iterator[Comparison]:
    """With equal scores the keys of a window weigh the same, and others exactly 0."""
    seen = windowed.one_hot(case)
    weights = bench.run(seen).output
    nothing = np.zeros(weights.shape)
    outside = np.where(_band(case), nothing, weights)
    yield identical(nothing, outside, what="weight outside of the band")
    yield from agrees(seen, bench, "equal scores, one-hot values")


@BANDED.law(
    "banded-influence",
    "bands.support",
    nulls=("unbanded", "wider"),
    fields={"length": _LONG, "window": _NARROW},
)
def check_influence(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What lies outside of a window has no influence, however large it is."""
    length = case["query"].shape[-2]
    left, right = case["window"]
    at = np.arange(length)
    # Half of the sequence, and one position alone, far from most queries.
    for cut in {length // 2, length - 1}:
        for far, blind in ((at >= cut, at + right < cut), (at < cut, at - left >= cut)):
            if blind.any():
                drowned = windowed.drown(case, far)
                yield from windowed.rows_within(
                    drowned, bench, np.s_[..., blind, :], "huge outside of the window"
                )


@BANDED.law("banded-sum", "bands.sum", nulls=("zeros", "zeroed"))
def check_sum(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Values that are all one give one: the weights of a window sum to one."""
    ones = case.replace(value=np.ones_like(case["value"]))
    yield from agrees(ones, bench, "values of one")


@BANDED.law(
    "banded-before",
    "bands.before",
    nulls=("zeroed", "unbanded"),
    fields={"length": _LONG, "window": _NARROW, "data": ("integers", "normal")},
)
def check_before(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The scores of hidden keys take no share, however high they are."""
    row = case["query"].shape[-2] // 2
    hidden = ~_band(case)[row]
    if hidden.any():
        # No key has a higher score with a query than a multiple of itself.
        like = 4.0 * case["query"][..., row : row + 1, :].astype(np.float64)
        key = np.where(hidden[:, None], like, case["key"]).astype(case["key"].dtype)
        note = f"row {row} with high scores outside of its window"
        other, rows = case.replace(key=key), np.s_[..., row, :]
        yield from windowed.rows_alike(case, other, bench, rows, note)


def _later(array: Array, step: int) -> Array:
    """Shift a sequence; before it stands what it had not held."""
    return np.concatenate([-array[..., :step, :], array[..., :-step, :]], -2)


@BANDED.law(
    "banded-translation",
    "bands.translation",
    nulls=("unbanded", "chunked"),
    fields={"length": (5, 8, 17, 33), "window": _NARROW, "data": windowed.DATA[1:]},
)
def check_translation(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Away from the borders the output of a shifted sequence is the output, shifted."""
    length = case["query"].shape[-2]
    left, right = case["window"]
    for step in (1, 3):
        # Rows whose window lies inside, before the shift and after it.
        inside = np.s_[..., left : length - right - step, :]
        shifted = windowed.moved(case, functools.partial(_later, step=step))
        if left < length - right - step:
            note = f"shifted by {step}"
            yield from windowed.rows_alike(
                case, shifted, bench, inside, note, step=step
            )


@BANDED.law(
    "banded-layers",
    "bands.layers",
    nulls=("unbanded", "wider", "chunked"),
    fields={"length": (5, 8, 17), "window": _NARROW, "batch": (1,)},
)
def check_layers(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Several layers see what one layer sees whose window is as many times as wide."""
    left, right = case["window"]
    layer = windowed.one_hot(case)
    for layers in (2, 3):
        layer = layer.replace(value=bench.run(layer).output)
        wide = windowed.one_hot(case).replace(window=(layers * left, layers * right))
        # No weight is negative, so nothing cancels: what was seen is above zero.
        expected = np.broadcast_to(reach(_band(case), layers), layer["value"].shape)
        stacked = bench.run(layer).output
        yield identical(expected, stacked > 0, what=f"sight of {layers} layers")
        yield identical(
            np.broadcast_to(_band(wide), expected.shape),
            bench.run(wide).output > 0,
            what=f"sight of a window {layers} times as wide",
        )


@BANDED.law(
    "banded-extremes",
    "bands.support",
    nulls=("unbanded", "wider", "zeroed"),
    fields={"length": _LONG},
)
def check_extremes(case: Case, bench: Bench) -> Iterator[Comparison]:
    """No width leaves each its own value; one beyond the ends hides nothing."""
    yield from agrees(case.replace(window=(0, 0)), bench, "window (0, 0)")
    # Beyond the longest sequence, and not by the same on both sides.
    left = 99 if "unequal_sides" in bench.capabilities else 999
    right = 999 if "keys_after" in bench.capabilities else 0
    yield from agrees(case.replace(window=(left, right)), bench, "a wide window")


@BANDED.law(
    "banded-reversal",
    "bands.support",
    nulls=("chunked",),
    needs=("keys_after",),
    fields={"length": _LONG, "window": _NARROW, "data": windowed.DATA[1:]},
)
def check_reversal(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Read backward, with its sides exchanged, a window gives the output backward."""
    backward = operator.itemgetter(np.s_[..., ::-1, :])
    other = windowed.moved(case, backward).replace(window=case["window"][::-1])
    yield from alike(case, other, bench, "backward", moved=backward)


__all__ = ["BANDED"]
