"""From a recipe to a case."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from attnspec._typing import Array
from attnspec.exceptions import InvalidArgument
from attnspec.judge.recipe import Recipe
from attnspec.kinds.attention import data
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.options import (
    AXES,
    BIASES,
    MASKS,
    SCORES,
    SINKS,
    SLOPES,
    VALUES,
)
from attnspec.numerics.dtypes import numpy_dtype, working_dtype

HUGE = {"float64": 2.0**60, "float32": 2.0**40, "bfloat16": 2.0**40, "float16": 2.0**8}
"""What a hidden key or value may hold: far from the rest, short of overflow."""


def build(recipe: Recipe) -> AttentionCase:
    """Return the case that a recipe describes, the same on every machine.

    Raises
    ------
    InvalidArgument
        If there is no such case.
    """
    _check(recipe)
    dtype = numpy_dtype(recipe.dtype)
    query, key = data.SCORE_KINDS[recipe["scores"]](recipe)
    value = data.value(recipe)
    mask, bias = _mask(recipe), _bias(recipe)
    if recipe["hidden"] == "huge":
        unseen = _unseen(recipe, mask, bias)
        key = np.where(unseen, HUGE[recipe.dtype], key)
        value = np.where(unseen, -HUGE[recipe.dtype], value)
    layouts = dict(recipe["layouts"])
    operands = {"query": query, "key": key, "value": value}
    return AttentionCase.of(
        **{
            name: repeated(array, layouts.get(name, "")).astype(dtype)
            for name, array in operands.items()
        },
        mask=mask,
        bias=bias,
        sink=_sink(recipe),
        alibi_slopes=_slopes(recipe),
        layouts=layouts,
        **{n: recipe[n] for n in ("scale", "causal", "window", "softcap")},
    )


_NAMES: Mapping[str, tuple[str | float | None, ...]] = {
    "scores": SCORES,
    "values": VALUES,
    "mask": (None, *MASKS),
    "mask_axes": AXES,
    "bias": (None, *BIASES),
    "bias_axes": AXES,
    "bias_dtype": ("same", "float32"),
    "sink": (None, *SINKS),
    "alibi_slopes": (None, *SLOPES),
    "hidden": ("same", "huge"),
}


def _check(recipe: Recipe) -> None:
    """Reject what no case can be made from."""
    for name, known in _NAMES.items():
        if recipe[name] not in known:
            listed = ", ".join(map(repr, known))
            msg = f"{name}: expected one of {listed}; got {recipe[name]!r}"
            raise InvalidArgument(msg)
    sizes = ("batch", "query_heads", "key_heads", "queries", "keys", "width")
    for name in (*sizes, "value_width"):
        if recipe[name] < 0:
            msg = f"{name}: expected at least 0, got {recipe[name]}"
            raise InvalidArgument(msg)
    heads, shared = recipe["query_heads"], recipe["key_heads"]
    if shared and heads % shared:
        msg = f"query_heads: expected a multiple of key_heads ({shared}), got {heads}"
        raise InvalidArgument(msg)


def _sink(recipe: Recipe) -> Array | None:
    if recipe["sink"] is None:
        return None
    # A sink is a score: it has the format of the scores, not of the operands.
    return data.sink(recipe, recipe["sink"]).astype(working_dtype(recipe.dtype))


def _slopes(recipe: Recipe) -> Array | None:
    if recipe["alibi_slopes"] is None:
        return None
    found = data.slopes(recipe, recipe["alibi_slopes"])
    return found.astype(working_dtype(recipe.dtype))


def _mask(recipe: Recipe) -> Array | None:
    if recipe["mask"] is None:
        return None
    return data.mask(recipe, recipe["mask"], recipe["mask_axes"])


def _bias(recipe: Recipe) -> Array | None:
    if recipe["bias"] is None:
        return None
    name = recipe.dtype if recipe["bias_dtype"] == "same" else recipe["bias_dtype"]
    if recipe.dtype == "float64":
        name = "float64"
    bias = data.bias(recipe, recipe["bias"], recipe["bias_axes"])
    return bias.astype(numpy_dtype(name))


def repeated(array: Array, layout: str) -> Array:
    """Make an operand constant along the axis on which its stride will be 0."""
    if layout == "broadcast_batch":
        array = array[:1].repeat(array.shape[0], 0)
    if layout == "broadcast_heads":
        array = array[:, :1].repeat(array.shape[1], 1)
    return np.ascontiguousarray(array)


def _unseen(recipe: Recipe, mask: Array | None, bias: Array | None) -> Array:
    """Return where no query of a key head sees a key, by mask and bias alone."""
    r = recipe
    shape = (r["batch"], r["query_heads"], r["queries"], r["keys"])
    visible: Array = np.ones(shape, np.bool_)
    if mask is not None:
        visible = visible & mask
    if bias is not None:
        visible = visible & ~np.isneginf(bias.astype(np.float64))
    rows = r["query_heads"] // max(1, r["key_heads"]) * r["queries"]
    groups = visible.reshape(r["batch"], r["key_heads"], rows, r["keys"])
    seen = groups.any(2, keepdims=True)
    unseen: Array = np.logical_not(seen).swapaxes(2, 3)
    return unseen


__all__ = ["HUGE", "build", "repeated"]
