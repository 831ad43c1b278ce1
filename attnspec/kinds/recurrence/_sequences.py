"""What is read into a state: the vectors of a sequence, their gates and the start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers, normals
from attnspec.judge.case import Case, cast
from attnspec.judge.family import PLAIN, Family
from attnspec.judge.recipe import Recipe
from attnspec.numerics.tracked import F64

LENGTHS = (1, 2, 3, 5, 8, 17, 33)

SIZES: Mapping[str, tuple[int, ...]] = {
    "batch": (1, 2),
    "heads": (1, 3),
    "length": LENGTHS,
    "width": (1, 2, 4, 8, 16),
    "value_width": (1, 2, 5),
}
"""The fields of the shapes of query, key and value."""

_CHUNKS = ((63, 64), (64, 128), (65, 64), (127, 128), (128, 256), (129, 64), (257, 64))
"""Lengths around whole chunks of 64, with widths that heads have."""

_ONE = {"batch": 1, "heads": 1}


def chunks(*more: Mapping[str, Any], longest: int = 257) -> tuple[Family, ...]:
    """Return the families of a recurrence, with the sizes of real ones and more.

    `longest` is as many steps as the definition takes in a second.
    """
    sizes = tuple(
        {"length": length, "width": width, "value_width": 8, **_ONE}
        for length, width in _CHUNKS
        if length <= longest
    )
    sentence = "widths of real heads, and lengths around chunks of 64"
    return (PLAIN, Family("chunks", sentence, pinned=(*sizes, *more)))


def long_sequence(**steady: Any) -> Mapping[str, Any]:
    """Return so many steps that what they add is lost in a state of 16 bits.

    No decay takes the state back to where a narrow format can follow.
    """
    asked = {"return_state": True, "decay": None, "log_decay": None, "state": False}
    sizes = {"length": 600, "width": 1, "value_width": 2, "data": "ones", **_ONE}
    return {**sizes, **asked, "scale": None, **steady}


_STEPS = {"query": -2, "key": -2, "value": -2, "decay": -2, "log_decay": -2, "rate": -1}
"""Along which axis the arguments have their steps."""


def shape_of(recipe: Recipe, width: int) -> tuple[int, int, int, int]:
    """Return the shape of vectors of one width, one for each step."""
    return recipe["batch"], recipe["heads"], recipe["length"], width


def vectors(recipe: Recipe, label: str, width: int) -> Array:
    """Return the vectors of a sequence."""
    shape = shape_of(recipe, width)
    kinds: dict[str, Callable[[], Array]] = {
        "ones": lambda: np.ones(shape),
        # Small enough for every format to hold their products.
        "integers": lambda: integers(recipe.seed, label, shape, -4, 4) * 1.0,
        "normal": lambda: normals(recipe.seed, label, shape),
    }
    return cast(kinds[recipe["data"]](), recipe)


def wide(array: Any) -> F64:
    """Return numbers in float64."""
    return np.asarray(array, np.float64)


def gates_of(case: Case) -> F64:
    """Return the factor of each component at each step."""
    shape = case["key"].shape
    if case["log_decay"] is not None:
        return np.broadcast_to(np.exp(wide(case["log_decay"])), shape)
    if case["decay"] is not None:
        return np.broadcast_to(wide(case["decay"]), shape)
    return np.ones(shape)


def scale_of(case: Case, choices: Mapping[str, str]) -> float:
    """Return the factor on the output."""
    given = case["scale"]
    if given is not None and (given != 0 or choices["zero_scale"] == "as_given"):
        return float(given)
    width: int = case["key"].shape[-1]
    # Linear attention is scaled by nothing, or as softmax attention is.
    return 1.0 if choices["scale"] == "one" else width**-0.5


def start_of(case: Case) -> F64:
    """Return the state before the first step."""
    key, value = case["key"], case["value"]
    empty = np.zeros((*key.shape[:-2], key.shape[-1], value.shape[-1]))
    return empty if case["state"] is None else wide(case["state"])


def part(case: Case, steps: slice) -> Case:
    """Return the call with some of the steps alone."""
    changes: dict[str, Any] = {}
    for name, axis in _STEPS.items():
        if case[name] is not None:
            index = (..., steps) if axis == -1 else (..., steps, slice(None))
            changes[name] = case[name][index]
    shape = case.results[0][1]
    few = (*shape[:-2], changes["query"].shape[-2], shape[-1])
    return case.replace(**changes).returning(few)


__all__ = [
    "LENGTHS",
    "SIZES",
    "chunks",
    "gates_of",
    "long_sequence",
    "part",
    "scale_of",
    "shape_of",
    "start_of",
    "vectors",
    "wide",
]
