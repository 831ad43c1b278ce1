"""What all normalizers are given, and what laws read off: scores, masks, weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.judge.bits import bits, integers, normals
from attnspec.judge.case import Case, cast, single
from attnspec.judge.law import Bench
from attnspec.judge.recipe import Recipe
from attnspec.numerics import Comparison, within

Booleans = npt.NDArray[np.bool_]

ROOM = 2.0**-48
"""What a comparison may lose itself, computed in float64."""

EXACT_DATA = ("quarters", "ties", "zeros")
"""Data whose halves, doubles and small shifts no format has to round."""

EMPTY_ROW: Mapping[str, tuple[str, ...]] = {"empty_row": ("zero", "nan", "mean")}
"""What systems give a row without any visible key."""

PLAIN_PROBE: Mapping[str, Any] = {"rows": (2,), "length": 5, "data": "quarters"}
"""Two rows of few exact scores."""

EMPTY_ROW_PROBE: Mapping[str, Any] = {
    "rows": (2,),
    "length": 5,
    "mask": "empty_rows",
    "data": "quarters",
}
"""The first of two rows has no visible key."""

_NO_OPTIONS = ("rows", "length", "data", "mask", "layouts")
"""Fields that are no keyword; the mask is one in another form."""


def build(recipe: Recipe) -> Case:
    """Return the case of a recipe: scores, and the options that are in force."""
    axis = -1 if recipe["axis"] is None else recipe["axis"]
    scores = np.moveaxis(_drawn_scores(recipe), -1, axis)
    options = {n: value for n, value in recipe.fields if n not in _NO_OPTIONS}
    if recipe["mask"] != "none":
        mask = np.moveaxis(_drawn_mask(recipe), -1, axis)
        options["mask"] = np.ascontiguousarray(mask)
    operands = {"scores": cast(scores, recipe)}
    return single(recipe, operands, scores.shape, options, "weights")


def _drawn_scores(recipe: Recipe) -> Array:
    """Return scores of a kind, the keys on the last axis."""
    shape = (*recipe["rows"], recipe["length"])
    seed, place = recipe.seed, np.arange(recipe["length"])
    noise = normals(seed, "scores", shape)
    quarters = integers(seed, "scores", shape, -16, 16) / 4.0
    hidden = (bits(seed, "hidden", shape) % np.uint64(3) == 0) & (place > 0)
    high = place == seed % max(1, recipe["length"])
    kinds: dict[str, Callable[[], Array]] = {
        "zeros": lambda: np.zeros(shape),
        "quarters": lambda: quarters,
        "normal": lambda: noise,
        "ties": lambda: integers(seed, "scores", shape, 0, 1) / 2.0,
        "spread": lambda: 4.0 * noise,
        "ascending": lambda: 0.125 * place + 0.0 * noise,
        # The others keep a share of e^-12, which is less than any format's unit but
        # that of float64 and float32.
        "peaked": lambda: noise + 12.0 * high,
        # e^100 is beyond float32, and e^-100 is a subnormal number there.
        "offset_up": lambda: 100.0 + noise,
        "offset_down": lambda: -100.0 + noise,
        # Below the peak of another row, e^-200 is 0 in float32.
        "apart": lambda: 200.0 * _row_numbers(recipe) + noise,
        # e^10,000 is beyond every format, 10,000 itself within float16.
        "far": lambda: 10_000.0 + noise,
        "minus_infinity": lambda: np.where(hidden, -np.inf, noise),
    }
    return kinds[recipe["data"]]()


def _row_numbers(recipe: Recipe) -> npt.NDArray[np.int64]:
    """Return the number of each row."""
    count = int(np.prod(recipe["rows"], dtype=int))
    return np.arange(count).reshape((*recipe["rows"], 1))


def _drawn_mask(recipe: Recipe) -> Booleans:
    """Return a mask of a kind; the one for padding is the same for all rows."""
    rows, length = recipe["rows"], recipe["length"]
    shape, place = (*rows, length), np.arange(length)
    first = integers(recipe.seed, "first", (*rows, 1), 0, length - 1)
    some = (bits(recipe.seed, "mask", shape) % np.uint64(3) != 0) | (place == first)
    # A quarter of the keys and one more are padding, as long as one is left.
    kept = max(1, length - 1 - length // 4)
    masks = {
        "holes": some,
        "padding": (place < kept).reshape((*(1 for _ in rows), length)),
        "one_key": place == first,
        "empty_rows": some & (_row_numbers(recipe) % 2 == 1),
    }
    return np.asarray(masks[recipe["mask"]], np.bool_)


def last(case: Case, array: Array) -> Array:
    """Put the keys of an array on the last axis."""
    axis = case["axis"]
    return array if axis is None else np.moveaxis(array, axis, -1)


def back(case: Case, array: Array) -> Array:
    """Put the keys of an array where the case has them."""
    axis = case["axis"]
    return array if axis is None else np.moveaxis(array, -1, axis)


def scores_of(case: Case) -> npt.NDArray[np.float64]:
    """Return the scores in float64, the keys on the last axis."""
    return last(case, case["scores"]).astype(np.float64)


def visible(case: Case) -> Booleans:
    """Return which keys are visible, the keys on the last axis."""
    seen: Booleans = ~np.isneginf(scores_of(case))
    if case["mask"] is None:
        return seen
    mask = np.broadcast_to(case["mask"], case["scores"].shape)
    return seen & last(case, mask)


def with_keys(case: Case, scores: Array, mask: Array | None) -> Case:
    """Return the same call with other keys, given with the keys on the last axis."""
    given = back(case, scores).astype(case["scores"].dtype)
    other = case.replace(scores=given).returning(given.shape)
    return other if mask is None else other.replace(mask=back(case, mask))


def with_more(case: Case, column: Array, *, seen: bool) -> Case:
    """Return the same call with one key more, at the end."""
    wider = np.concatenate([scores_of(case), column], axis=-1)
    if case["mask"] is None and seen:
        return with_keys(case, wider, None)
    mask = np.concatenate([visible(case), np.full_like(column, seen, np.bool_)], -1)
    return with_keys(case, wider, mask)


def pair(case: Case, bench: Bench) -> tuple[Array, Array]:
    """Return weights and their bounds, the keys on the last axis, in float64."""
    weights = last(case, bench.run(case).output).astype(np.float64)
    return weights, last(case, bench.judged(case).bound)


def same(
    one: tuple[Array, Array],
    two: tuple[Array, Array],
    note: str,
    *,
    factor: float = 1.0,
) -> Iterator[Comparison]:
    """Yield whether the second weights are the first times a factor, up to bounds."""
    (first, bound), (second, other) = one, two
    room = ROOM * (np.abs(np.nan_to_num(first)) + np.abs(np.nan_to_num(second)))
    bound = factor * bound + other + room
    found = within(factor * first, second, bound, what="weight")
    yield dataclasses.replace(found, note=note)


def along(
    normalizer: Callable[..., Array],
    scores: Array,
    axis: int,
    mask: Array | None,
    **options: Any,
) -> Array:
    """Evaluate a definition along any axis, and round its result once."""
    rows = np.moveaxis(scores, axis, -1)
    seen = None
    if mask is not None:
        seen = np.moveaxis(np.broadcast_to(mask, scores.shape), axis, -1)
    weights = np.moveaxis(normalizer(rows, seen, **options), -1, axis)
    return np.ascontiguousarray(weights).astype(scores.dtype)


def against_best(case: Case) -> tuple[Any, Array, Array]:
    """Return rows with a visible key, their best keys, and distances from these."""
    seen = visible(case)
    scores = np.where(seen, scores_of(case), -np.inf)
    some = seen.any(-1)
    best = scores[some].argmax(-1)[..., None]
    below = np.take_along_axis(scores[some], best, -1) - scores[some]
    return some, best, below


__all__ = [
    "EMPTY_ROW",
    "EMPTY_ROW_PROBE",
    "EXACT_DATA",
    "PLAIN_PROBE",
    "ROOM",
    "Booleans",
    "against_best",
    "along",
    "back",
    "build",
    "last",
    "pair",
    "same",
    "scores_of",
    "visible",
    "with_keys",
    "with_more",
]
