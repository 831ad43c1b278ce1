"""What the kinds of normalizers share: their tables, their cases, wrong answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from attnspec._typing import Array
from attnspec.judge.bits import bits, integers, normals
from attnspec.judge.case import Case, cast
from attnspec.judge.kind import Bench, Null, Right, result
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Claim, Table
from attnspec.numerics import Comparison, within

Booleans = npt.NDArray[np.bool_]

ROOM = 2.0**-48
"""What a comparison may lose itself, computed in float64."""

OPERANDS = ("scores",)
"""The positional arguments of every normalizer."""

OPTIONS: Mapping[str, tuple[str, ...]] = {"mask": ("mask",), "axis": ("axis",)}
"""The keywords that every normalizer may have."""

_CLAIMS = {
    "mask": "a boolean array that says which keys are visible",
    "axis": "another axis than the last",
}

_FIELDS: Mapping[str, tuple[Any, ...]] = {
    "rows": ((), (2,), (2, 3)),
    "length": (1, 2, 3, 5, 8, 17, 33),
    "data": (
        *("zeros", "quarters", "normal", "ties", "spread", "ascending", "peaked"),
        *("offset_up", "offset_down", "apart", "far", "minus_infinity"),
    ),
    "mask": ("none", "holes", "padding", "one_key", "empty_rows"),
    "axis": (None, -1, 0, -2),
}

_MARK = {"mask": "none"}
"""The values of fields that say that an option is not given, where it is not None."""


def table(
    claims: Mapping[str, str],
    options: Mapping[str, tuple[Any, ...]],
    *,
    without: tuple[str, ...] = (),
) -> Table:
    """Return the table of a normalizer with options of its own, each with its claim."""
    data = tuple(kind for kind in _FIELDS["data"] if kind not in without)
    return Table(
        fields={**_FIELDS, "data": data, **options},
        claims={n: Claim(said, n) for n, said in {**_CLAIMS, **claims}.items()},
        mend=_mend,
    )


def _mend(recipe: Recipe) -> Recipe:
    """A single row has one axis alone."""
    if not recipe["rows"] and recipe["axis"] in {0, -2}:
        return recipe.replace(axis=-1)
    return recipe


def build(recipe: Recipe) -> Case:
    """Return the case of a recipe: scores, and the options that are in force."""
    axis = -1 if recipe["axis"] is None else recipe["axis"]
    scores = np.moveaxis(_scores(recipe), -1, axis)
    options = {
        name: recipe[name]
        for name, _ in recipe.fields
        if name not in {"rows", "length", "data", "mask"} and recipe[name] is not None
    }
    if recipe["mask"] != "none":
        options["mask"] = np.ascontiguousarray(np.moveaxis(_mask(recipe), -1, axis))
    return Case(
        operands={"scores": cast(scores, recipe)},
        options=options,
        results=result("weights", scores.shape, recipe.dtype),
        dtype=recipe.dtype,
    )


def _scores(recipe: Recipe) -> Array:
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
        "peaked": lambda: noise + 12.0 * high,
        "offset_up": lambda: 100.0 + noise,
        "offset_down": lambda: -100.0 + noise,
        "apart": lambda: 200.0 * _row(recipe) + noise,
        "far": lambda: 10_000.0 + noise,
        "minus_infinity": lambda: np.where(hidden, -np.inf, noise),
    }
    return kinds[recipe["data"]]()


def _row(recipe: Recipe) -> npt.NDArray[np.int64]:
    """Return the number of each row."""
    count = int(np.prod(recipe["rows"], dtype=int))
    return np.arange(count).reshape((*recipe["rows"], 1))


def _mask(recipe: Recipe) -> Booleans:
    """Return a mask of a kind; the one for padding is the same for all rows."""
    rows, length = recipe["rows"], recipe["length"]
    shape, place = (*rows, length), np.arange(length)
    first = integers(recipe.seed, "first", (*rows, 1), 0, length - 1)
    some = (bits(recipe.seed, "mask", shape) % np.uint64(3) != 0) | (place == first)
    kept = max(1, length - 1 - length // 4)
    masks = {
        "holes": some,
        "padding": (place < kept).reshape((*(1 for _ in rows), length)),
        "one_key": place == first,
        "empty_rows": some & (_row(recipe) % 2 == 1),
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
    given = np.ascontiguousarray(back(case, scores)).astype(case["scores"].dtype)
    shape = result("weights", given.shape, case.dtype)
    other = case.replace(scores=given, results=shape)
    if mask is None:
        return other
    return other.replace(mask=np.ascontiguousarray(back(case, mask)))


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


def _uniform(case: Case, _right: Right) -> Array:
    """Share equally among visible keys."""
    seen = visible(case)
    return back(case, seen / np.maximum(1, seen.sum(-1, keepdims=True)))


def _negative(case: Case, right: Right) -> Array:
    """Turn the signs."""
    return -right(case)


def _sorted(case: Case, right: Right) -> Array:
    """Put the weights in their own order, whatever that of the keys."""
    return back(case, np.sort(last(case, right(case)), axis=-1))


def _unmasked(case: Case, right: Right) -> Array:
    """See every key."""
    shown = np.where(np.isneginf(case["scores"]), 0, case["scores"])
    return right(case.without("mask").replace(scores=shown.astype(shown.dtype)))


def _each_alone(case: Case, _right: Right) -> Array:
    """Judge each key by the logistic function of its score."""
    return back(case, np.where(visible(case), expit(scores_of(case)), 0.0))


def _shared(case: Case, right: Right) -> Array:
    """Divide the weights by their sum and one more."""
    weights = right(case)
    return weights / (1.0 + back(case, last(case, weights).sum(-1, keepdims=True)))


def _by_length(case: Case, right: Right) -> Array:
    """Divide the weights by the number of all keys."""
    return right(case) / max(1, scores_of(case).shape[-1])


def _lifted(case: Case, right: Right) -> Array:
    """Give every key one half more."""
    return right(case) + 0.5


def _opposite(case: Case, right: Right) -> Array:
    """Give the largest weight to the lowest score."""
    weights = last(case, right(case))
    seen = visible(case)
    high = np.max(np.where(seen, weights, -np.inf), -1, keepdims=True, initial=0.0)
    return back(case, np.where(seen, high - weights, 0.0))


NULLS: Mapping[str, Null] = {
    "uniform": _uniform,
    "negative": _negative,
    "sorted": _sorted,
    "unmasked": _unmasked,
    "each_alone": _each_alone,
    "shared": _shared,
    "by_length": _by_length,
    "lifted": _lifted,
    "opposite": _opposite,
}
"""Wrong answers of normalizers by name."""

NULL_NEEDS = {"unmasked": ("mask",)}
"""The claims without which these cannot be told from right answers."""

__all__ = [
    "NULLS",
    "NULL_NEEDS",
    "OPERANDS",
    "OPTIONS",
    "ROOM",
    "Booleans",
    "back",
    "build",
    "last",
    "pair",
    "same",
    "scores_of",
    "table",
    "visible",
    "with_keys",
    "with_more",
]
