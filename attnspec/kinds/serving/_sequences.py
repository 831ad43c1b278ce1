"""What kinds of many sequences share: data, what nobody may read, and comparisons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge import invariance
from attnspec.judge.bits import integers, normals
from attnspec.judge.case import Case, Result, Shape, Write, cast
from attnspec.judge.claims import Claim
from attnspec.judge.compare import finite_difference, noted, rounding
from attnspec.judge.law import F64, Bench, Exact
from attnspec.judge.nulls import Right, forgetting
from attnspec.judge.recipe import Recipe
from attnspec.kinds.attention.build import HUGE
from attnspec.numerics import Comparison, within
from attnspec.numerics.dtypes import working_dtype

POISONS = ("zeros", "large", "nan", "infinity")
"""What may stand where nobody may look; no function may be moved by the first two."""

CAPS = (None, 2.0, 20.0)
SINKS = (None, "normal", -30.0, 30.0)
WINDOWS = (None, (0, 0), (2, 0), (1, 3), (None, 1), (200, 0))
SCALES = (None, 0.3, 2.0)

FIELDS: Mapping[str, tuple[Any, ...]] = {
    "key_heads": (1, 2, 3),
    # Not powers of two alone, and other numbers than those of key heads.
    "group": (1, 4, 7, 3, 8),
    "width": (1, 4, 8, 64, 80, 192, 128, 32, 256),
    "value_width": (None, 1, 5, 128),
    "data": ("integers", "normal", "loud"),
    "causal": (False, True),
    "window": WINDOWS,
    "softcap": CAPS,
    "sink": SINKS,
    "scale": SCALES,
    "poison_key": POISONS,
    "poison_value": POISONS,
    "index": ("int32", "int64"),
    "return_lse": (False, True),
}
"""The fields of such a kind, beside lengths."""


def unread(operand: str) -> Claim:
    """Return the claim that NaN does no harm where nobody may look."""
    field = f"poison_{operand}"
    return Claim(
        f"NaN and infinities in {operand}s that belong to nobody",
        used=lambda recipe: recipe[field] in ("nan", "infinity"),
        dropped=lambda recipe: recipe.replace(**{field: "large"}),
    )


CLAIMS: Mapping[str, Claim] = {
    "causal": Claim("no query sees a later key of its sequence", "causal"),
    "always_causal": Claim(
        "every call is causal, and no flag says so",
        used=lambda _: False,
        forced=lambda recipe: recipe.replace(causal=True),
    ),
    "window": Claim("a window (left, right) of inclusive distances", "window"),
    "softcap": Claim("a cap on the scores", "softcap"),
    "sink": Claim("a sink for each query head", "sink"),
    "scale": Claim("a scale other than 1 / sqrt(E)", "scale"),
    "return_lse": Claim("the logsumexp of each row", "return_lse"),
    "grouped_query": Claim("more query heads than key heads", "group"),
    "value_width": Claim("Ev other than E", "value_width"),
    "unread_nan_key": unread("key"),
    "unread_nan_value": unread("value"),
    "int64": Claim("lengths of 64 bits", "index"),
    **invariance.CLAIMS,
}
"""The claims of such a kind, beside lengths."""

MANY_ROWS = 65_537
"""More rows than a grid of 16 bits counts."""

SWITCHES = ("causal", "window", "softcap", "sink", "scale")

GIVEN = ("grouped_query", "value_width")
"""What every function does, unless it says otherwise."""

FIXED = {"always_causal": "causal"}
"""The option that a function with this claim always has."""

UNSAID = (
    *("unread_nan_key", "unread_nan_value", "int64", *FIXED),
    *invariance.CLAIMS,
)
"""What no keyword claims."""

GRADIENTS = {"gradients": Claim("its gradients, which are judged as well")}
"""The claim of a function whose backward pass is of a kind of its own."""

_NUMBERS = ("query", "key", "value", "key_pages", "value_pages")
"""What differs from layer to layer."""


def next_layer(case: Case) -> Case:
    """Return the call with other numbers, the negative ones, for the same sequences."""
    names = [name for name in _NUMBERS if name in case.operands]
    return case.changed(np.negative, *names)


def _layer_before(case: Case, right: Right) -> Array:
    """Answer with the numbers of another layer."""
    return right(next_layer(case))


NULLS = {
    **invariance.NULLS,
    "layer_before": _layer_before,
    "uncausal": forgetting("causal"),
    "unwindowed": forgetting("window"),
    "uncapped": forgetting("softcap"),
    "unsunk": forgetting("sink"),
    "unscaled": forgetting("scale"),
}
"""Wrong answers that forget an option."""

NULL_NEEDS = {
    "uncausal": ("causal",),
    "unwindowed": ("window",),
    "uncapped": ("softcap",),
    "unsunk": ("sink",),
    "unscaled": ("scale",),
    ":lse": ("return_lse",),
}


_LONG = 33
"""A longer sequence is drawn with one key head alone."""


def mended(recipe: Recipe) -> Recipe:
    """Return the recipe with fewer heads where sequences are long: both cost time."""
    longest = max(max(pair) for pair in recipe["lengths"])
    if longest >= MANY_ROWS:
        recipe = recipe.replace(group=1, width=1, value_width=None)
    return recipe if longest <= _LONG else recipe.replace(key_heads=1)


def drawn(recipe: Recipe, name: str, shape: Shape, unowned: Array) -> Array:
    """Return query, key or value; what belongs to nobody is poisoned."""
    if recipe["data"] == "integers":
        array = integers(recipe.seed, name, shape, -3, 3) * 1.0
    else:
        louder = 4.0 if recipe["data"] == "loud" and name == "query" else 1.0
        array = louder * normals(recipe.seed, name, shape)
    is_value = name.startswith("value")
    array[unowned] = poison(recipe, "value" if is_value else "key")
    return cast(array, recipe)


def poison(recipe: Recipe, operand: str) -> float:
    """Return what stands where nobody may look."""
    known = {"zeros": 0.0, "nan": np.nan, "infinity": np.inf}
    return {**known, "large": HUGE[recipe.dtype]}[recipe[f"poison_{operand}"]]


def options_of(recipe: Recipe) -> dict[str, Any]:
    """Return the options of attention that are in force."""
    options = {n: recipe[n] for n in ("causal", "window", "softcap", "scale")}
    if recipe["sink"] is not None:
        wide = working_dtype(recipe.dtype)
        heads = (recipe["key_heads"] * recipe["group"],)
        noise = normals(recipe.seed, "sink", heads)
        is_number = recipe["sink"] != "normal"
        options["sink"] = (recipe["sink"] + 0 * noise if is_number else noise).astype(
            wide
        )
    return {n: v for n, v in options.items() if v is not None and v is not False}


def sized(case: Case, output: Shape, lse: Shape, *, return_lse: bool) -> Case:
    """Return the call with results of these shapes.

    A buffer that the result is written into comes full of NaN.
    """
    results: Any = [("output", output, case.dtype)]
    if return_lse:
        results.append(("lse", lse, None))
    case = case.replace(results=tuple(results), return_lse=return_lse or None)
    if case["out"] is None:
        return case
    buffer = np.full(output, np.nan, case["query"].dtype)
    return case.replace(out=buffer, writes={"out": Write("output")})


def widths(recipe: Recipe) -> tuple[int, int]:
    """Return E and Ev."""
    width = recipe["width"]
    return width, width if recipe["value_width"] is None else recipe["value_width"]


Places = Mapping[str, Any]
"""For each result the part of it that is compared."""

ALL: Places = {"output": slice(None), "lse": slice(None)}
"""The whole of output and logsumexp."""

REVERSED: Places = dict.fromkeys(ALL, slice(None, None, -1))
"""The whole of both, the last sequence first."""


def parts_alike(
    case: Case,
    other: Case,
    bench: Bench,
    note: str,
    here: Places = ALL,
    there: Places = ALL,
) -> Iterator[Comparison]:
    """Yield whether parts of all results of two calls differ as the exact ones do."""
    one, two = bench.judged(case), bench.judged(other)
    first, second = bench.run(case), bench.run(other)
    for name in _compared(case, here):
        value, bound = (a[here[name]] for a in exact_of(one, name))
        value_too, bound_too = (a[there[name]] for a in exact_of(two, name))
        x, y = found_of(first, name)[here[name]], found_of(second, name)[there[name]]
        expected = x + finite_difference(value_too, value)
        allowed = bound + bound_too + rounding(x, y)
        yield noted(within(expected, y, allowed, what=name), note)


def _compared(case: Case, places: Places) -> list[str]:
    """Return the results of which there are parts to compare."""
    return [name for name, _, _ in case.results if name in places]


def exact_of(exact: Exact, name: str) -> tuple[F64, F64]:
    """Return value and bound of a result."""
    first = exact.output, exact.bound
    return exact.others.get(name, first)


def found_of(found: Result, name: str) -> F64:
    """Return a result that came back."""
    return np.asarray(found.others.get(name, found.output), np.float64)


def untouched(
    case: Case, loud: Case, bench: Bench, note: str, here: Places = ALL
) -> Iterator[Comparison]:
    """Yield whether parts of results stay the same where others may be anything."""
    exact, first, second = bench.judged(case), bench.run(case), bench.run(loud)
    for name in _compared(case, here):
        bound = 2.0 * exact_of(exact, name)[1][here[name]]
        one, two = (found_of(found, name)[here[name]] for found in (first, second))
        yield noted(within(one, two, bound, what=name), note)


__all__ = [
    "CAPS",
    "CLAIMS",
    "FIELDS",
    "FIXED",
    "GIVEN",
    "GRADIENTS",
    "MANY_ROWS",
    "NULLS",
    "NULL_NEEDS",
    "POISONS",
    "REVERSED",
    "SINKS",
    "SWITCHES",
    "UNSAID",
    "Places",
    "drawn",
    "exact_of",
    "found_of",
    "mended",
    "options_of",
    "parts_alike",
    "poison",
    "sized",
    "unread",
    "untouched",
    "widths",
]
