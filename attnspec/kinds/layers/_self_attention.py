"""The kind `self-attention`: what is drawn, what is right, and wrong answers."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.kind import Choices, Kind, Right, result
from attnspec.judge.nulls import forgetting, placed
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Claim, Table
from attnspec.kinds.layers._layers import (
    DATA,
    Reading,
    attended,
    drawn,
    mask_of,
    matrices,
    visible_in,
)
from attnspec.numerics import NumericModel
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import Projections
from attnspec.reference import self_attention as definition

_WEIGHTS = ("query_weights", "key_weights", "value_weights")

_TABLE = Table(
    fields={
        "length": (1, 2, 3, 5, 8, 17, 33),
        "vector_width": (2, 1, 4, 16),
        "width": (2, 1, 4, 8),
        "value_width": (2, 1, 3, 8),
        "mask": (None, "members", "pairs"),
        "causal": (False, True),
        "scale": (None, 1.0, 0.25, 0.0, -1.0),
        "data": DATA,
    },
    claims={
        "mask": Claim("a mask", "mask"),
        "causal": Claim("that no vector sees a later one", "causal"),
        "scale": Claim("another scale", "scale"),
    },
)


def _weights(recipe: Recipe, width: int, label: str) -> dict[str, Array]:
    """Return three matrices for vectors of a width."""
    widths = (recipe["width"], recipe["width"], recipe["value_width"])
    return {
        name: matrices(recipe, label + name, (width, out))
        for name, out in zip(_WEIGHTS, widths, strict=True)
    }


def _build(recipe: Recipe) -> Case:
    length, width = recipe["length"], recipe["vector_width"]
    options = {
        "mask": mask_of(recipe, (length, length), causal=recipe["causal"]),
        "causal": recipe["causal"] or None,
        "scale": recipe["scale"],
    }
    return Case(
        operands={
            "vectors": drawn(recipe, "vectors", (length, width)),
            **_weights(recipe, width, ""),
        },
        options={n: v for n, v in options.items() if v is not None},
        results=result("output", (length, recipe["value_width"]), recipe.dtype),
        dtype=recipe.dtype,
        facts={
            "below": None,
            "next": _weights(recipe, recipe["value_width"], "next"),
        },
    )


def _layer(case: Case, model: NumericModel) -> Tracked:
    """Evaluate a layer, on exact vectors or on what the layer below it gives."""
    below = case["below"]
    x = Tracked.of(case["vectors"], model)
    if below is not None:
        x = _layer(below, model).stored(model.output)
    by = Reading(*(x.like(case[name]) for name in _WEIGHTS))
    length = x.value.shape[0]
    visible = visible_in(case, length, length)
    return attended(x, x, by, visible, model, scale=case["scale"])


def _judge(case: Case, _choices: Choices, model: NumericModel) -> Judged:
    return judged(_layer(case, model), model)


def _defined(
    vectors: Array,
    query_weights: Array,
    key_weights: Array,
    value_weights: Array,
    *,
    mask: Array | None = None,
    causal: bool = False,
    scale: float | None = None,
) -> Array:
    """Evaluate the definition and round its result once."""
    by = Projections(query_weights, key_weights, value_weights)
    count = len(vectors)
    shown = np.tri(count, k=0 if causal else count, dtype=bool)
    shown = shown if mask is None else np.asarray(shown & mask)
    return definition(vectors, by, mask=shown, scale=scale).astype(vectors.dtype)


def _exchanged(case: Case, right: Right) -> Array:
    """Exchange the matrices of queries and keys."""
    query, key = case["query_weights"], case["key_weights"]
    return right(case.replace(query_weights=key, key_weights=query))


def _alone(case: Case, right: Right) -> Array:
    """Answer every vector with its own value."""
    return right(case.replace(mask=np.eye(len(case["vectors"]), dtype=bool)))


SELF_ATTENTION = Kind(
    name="self-attention",
    sentence="Lets every vector of a sequence attend to all of them.",
    operands=("vectors", *_WEIGHTS),
    table=_TABLE,
    build=_build,
    judge=_judge,
    definition=_defined,
    options={"mask": ("mask",), "causal": ("causal",), "scale": ("scale",)},
    nulls={
        "placed": placed,
        "exchanged": _exchanged,
        "unmasked": forgetting("mask"),
        "acausal": forgetting("causal"),
        "alone": _alone,
    },
    null_needs={"unmasked": ("mask",), "acausal": ("causal",)},
)


__all__ = ["SELF_ATTENTION"]
