"""What backward passes are drawn from: problems of attention with cotangents."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge import invariance
from attnspec.judge.bits import integers, normals, uniforms
from attnspec.judge.case import Case, Expected, cast
from attnspec.judge.claims import Claim
from attnspec.judge.family import Budget, Family
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.attention.budget import BUDGET
from attnspec.kinds.attention.build import build as build_forward
from attnspec.kinds.attention.build import repeated
from attnspec.kinds.attention.table import TABLE as FORWARD
from attnspec.numerics.dtypes import working_dtype

COTANGENTS = ("normal", "integers", "ones", "offset", "sparse")
"""How the cotangent of the output is made; with an offset delta nearly cancels."""

_FORWARD_ONLY = (
    *("return_lse", "visible_nan", "visible_infinity", "always_causal"),
    *("many_rows", "far_offsets", "gradients", *invariance.CLAIMS),
)
"""Claims of attention that say nothing of its gradients, or are not asked for yet."""

_FAMILIES = (
    *("plain", "tile-boundaries", "query-boundaries", "option-pairs"),
    *("unequal-lengths", "grouped-heads", "odd-widths", "strided-operands"),
    *("masks-with-holes", "biases", "empty-rows", "far-sinks", "poisoned-padding"),
    *("offset-scores", "peaked-scores", "flat-scores", "ascending-scores"),
    *("model-widths", "model-groups"),
)

_CLAIMS: dict[str, Claim] = {
    **{n: c for n, c in FORWARD.claims.items() if n not in _FORWARD_ONLY},
    "d_lse": Claim("a cotangent of the logsumexp", "d_lse"),
    "kept": Claim("dropout, by the multiplier of each weight", "kept"),
    "saved": Claim("output and logsumexp of the forward pass are given"),
    "return_saved": Claim("output and logsumexp that it saved are returned, too"),
    "retain_graph": Claim("a second backward pass over a graph that is kept"),
    "refuses_bias": Claim("a bias that is to be differentiated is refused"),
}

_D_OUTPUT = tuple(
    (("d_output", layout),)
    for layout in ("transposed", "sliced", "offset", "broadcast_batch")
)


def _mended(recipe: Recipe) -> Recipe:
    """Mend the forward problem; the layout of the cotangent is left as it is."""
    own = tuple(pair for pair in recipe["layouts"] if pair[0] == "d_output")
    mended = FORWARD.mend(recipe)
    return mended.replace(layouts=(*mended["layouts"], *own)) if own else mended


def backward(budget: Budget) -> Budget:
    """Return the budget: a backward pass takes about five times a forward one."""
    return dataclasses.replace(budget, seconds=lambda r: 5.0 * budget.seconds(r) - 4e-3)


TABLE = Table(
    fields={
        **FORWARD.fields,
        "d_lse": (None, "normal"),
        "kept": (None, 0.5, 0.25),
        "cotangent": COTANGENTS,
    },
    claims=_CLAIMS,
    mend=_mended,
    families=(
        *(f for f in FORWARD.families if f.name in _FAMILIES),
        Family(
            "cotangents-in-memory",
            "the cotangent is transposed, sliced, at an offset, or has a stride of 0",
            {"layouts": _D_OUTPUT, "batch": (2,), "heads": ((2, 2), (6, 2))},
            pinned=tuple(
                {"layouts": layout, "batch": 2, "lengths": (5, 17), "width": 8}
                for layout in _D_OUTPUT
            ),
        ),
    ),
    switches=(*FORWARD.switches, "d_lse", "kept"),
    together=FORWARD.together,
    sizes=FORWARD.sizes,
    simple=FORWARD.simple,
    few=FORWARD.few,
    budget=backward(BUDGET),
)
"""What is drawn of backward passes."""


def build(recipe: Recipe) -> Case:
    """Return the case of a recipe: a forward problem and what is pulled back."""
    forward = build_forward(recipe)
    shape = (*forward.query.shape[:3], forward.value.shape[3])
    layouts = dict(recipe["layouts"])
    d_output = repeated(cotangent(recipe, shape), layouts.get("d_output", ""))
    options: dict[str, Any] = {**forward.options}
    wide = working_dtype(recipe.dtype)
    if recipe["d_lse"] is not None:
        options["d_lse"] = normals(recipe.seed, "d_lse", shape[:3]).astype(wide)
    if recipe["kept"] is not None:
        options["kept"] = _kept(recipe, (*shape[:3], forward.key.shape[2])).astype(wide)
    operands = {**forward.operands, "d_output": cast(d_output, recipe)}
    return Case(operands, options, results_of(operands, options), recipe.dtype, layouts)


def results_of(
    operands: Mapping[str, Any], options: Mapping[str, Any]
) -> tuple[Expected, ...]:
    """Return what comes back: a gradient for each operand, and of bias and sink."""
    dtype = operands["query"].dtype.name
    names = {"dq": "query", "dk": "key", "dv": "value"}
    found: list[Expected] = [(n, operands[o].shape, dtype) for n, o in names.items()]
    given = [name for name in ("bias", "sink") if name in options]
    return (*found, *((f"d{name}", options[name].shape, None) for name in given))


def cotangent(recipe: Recipe, shape: tuple[int, ...]) -> Array:
    """Return the cotangent of an output of this shape."""
    noise = normals(recipe.seed, "d_output", shape)
    if recipe["cotangent"] == "integers":
        return 1.0 * integers(recipe.seed, "d_output", shape, -4, 4)
    if recipe["cotangent"] == "ones":
        return np.ones(shape)
    if recipe["cotangent"] == "offset":
        return 30.0 + noise
    if recipe["cotangent"] == "sparse":
        kept = integers(recipe.seed, "row", shape[:-1], 0, 2)[..., None] == 0
        return np.asarray(np.where(kept, noise, 0.0))
    return noise


def _kept(recipe: Recipe, shape: tuple[int, ...]) -> Array:
    """Return the multiplier of dropout: 0 with this probability."""
    share = recipe["kept"]
    dropped = uniforms(recipe.seed, "kept", shape) < share
    return np.where(dropped, 0.0, 1.0 / (1.0 - share))


__all__ = ["COTANGENTS", "TABLE", "backward", "build", "cotangent", "results_of"]
