"""From a recipe to a case."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.judge.dtypes import numpy_dtype
from attnspec.kinds.attention import data
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.recipe import AttentionRecipe

HUGE = {"float64": 2.0**60, "float32": 2.0**40, "bfloat16": 2.0**40, "float16": 2.0**8}
"""What a hidden key or value may hold: far from the rest, short of overflow."""


def build(recipe: AttentionRecipe) -> AttentionCase:
    """Return the case that a recipe describes, the same on every machine.

    Examples
    --------
    >>> from attnspec.kinds.attention.recipe import AttentionRecipe
    >>> build(AttentionRecipe(queries=3, keys=5, width=2)).key.shape
    (1, 1, 5, 2)
    """
    dtype = numpy_dtype(recipe.dtype)
    query, key = data.SCORE_KINDS[recipe.scores](recipe)
    value = data.value(recipe)
    mask = _mask(recipe)
    bias = _bias(recipe)
    if recipe.hidden == "huge":
        unseen = _unseen(recipe, mask, bias)
        key = np.where(unseen, HUGE[recipe.dtype], key)
        value = np.where(unseen, -HUGE[recipe.dtype], value)
    sink = None if recipe.sink is None else data.sink(recipe, recipe.sink)
    wide = np.float64 if recipe.dtype == "float64" else np.float32
    operands: dict[str, npt.NDArray[np.float64]] = {
        "query": query,
        "key": key,
        "value": value,
    }
    cast = {
        name: _repeated(array, recipe.layout(name)).astype(dtype)
        for name, array in operands.items()
    }
    return AttentionCase(
        **cast,
        mask=mask,
        bias=bias,
        scale=recipe.scale,
        causal=recipe.causal,
        window=recipe.window,
        softcap=recipe.softcap,
        sink=None if sink is None else sink.astype(wide),
        layouts=dict(recipe.layouts),
    )


def _mask(recipe: AttentionRecipe) -> Array | None:
    if recipe.mask is None:
        return None
    return data.mask(recipe, recipe.mask, recipe.mask_axes)


def _bias(recipe: AttentionRecipe) -> Array | None:
    if recipe.bias is None:
        return None
    name = recipe.dtype if recipe.bias_dtype == "same" else recipe.bias_dtype
    if recipe.dtype == "float64":
        name = "float64"
    return data.bias(recipe, recipe.bias, recipe.bias_axes).astype(numpy_dtype(name))


def _repeated(array: Array, layout: str) -> Array:
    """Make an operand constant along the axis on which its stride will be 0."""
    if layout == "broadcast_batch":
        array = array[:1].repeat(array.shape[0], 0)
    if layout == "broadcast_heads":
        array = array[:, :1].repeat(array.shape[1], 1)
    return np.ascontiguousarray(array)


def _unseen(recipe: AttentionRecipe, mask: Array | None, bias: Array | None) -> Array:
    """Return where no query of a key head sees a key, by mask and bias alone."""
    r = recipe
    shape = (r.batch, r.query_heads, r.queries, r.keys)
    visible: Array = np.ones(shape, np.bool_)
    if mask is not None:
        visible = visible & mask
    if bias is not None:
        visible = visible & ~np.isneginf(bias.astype(np.float64))
    groups = (r.batch, r.key_heads, r.query_heads // max(1, r.key_heads) * r.queries)
    seen = visible.reshape(*groups, r.keys).any(2, keepdims=True)
    unseen: Array = np.logical_not(seen).swapaxes(2, 3)
    return unseen


def checksum(case: AttentionCase) -> str:
    """Return eight hexadecimal digits that depend on every number of a case."""
    digest = hashlib.blake2b(digest_size=4)
    for name, array in case.arrays().items():
        digest.update(f"{name}{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    rest = (case.scale, case.causal, case.window, case.softcap)
    digest.update(repr((rest, sorted(case.layouts.items()))).encode())
    return digest.hexdigest()


__all__ = ["HUGE", "build", "checksum"]
