"""The kind `latent`: what is drawn, what is right, and wrong answers."""

from __future__ import annotations

import functools

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.kind import Kind
from attnspec.judge.law import Dialect
from attnspec.judge.nulls import Right, forgetting, zeroing
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.layers import _projected_attention as projected
from attnspec.kinds.layers import _usage as usage
from attnspec.kinds.layers._tracked_softmax import weighed
from attnspec.kinds.positions._places import turned
from attnspec.numerics import NumericModel
from attnspec.numerics.operations import WITH_TABLES
from attnspec.numerics.relaxations import narrower
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import (
    LatentProjections,
    default_scale,
    latent_attention_expanded,
)

WEIGHTS = (
    *("query_weights", "latent_weights", "key_weights", "value_weights"),
    *("output_weights", "rotary_query_weights", "rotary_key_weights"),
)
PAIRINGS = ("interleaved", "half_split")
"""Pairs that a score can tell: in which order the results stand it cannot."""


def _mend(recipe: Recipe) -> Recipe:
    """Have no more readers than members: the last of both stand together."""
    if recipe["readers"] > recipe["members"]:
        return recipe.replace(readers=min(recipe["members"], 3))
    return recipe


_TABLE = Table(
    fields={
        "batch": (1, 2),
        "readers": (1, 2, 3, 5),
        "members": (2, 1, 3, 5, 8, 17),
        "heads": (1, 2, 3),
        "reader_width": (2, 4),
        "member_width": (2, 3, 8),
        "width": (2, 1, 4),
        "latent_width": (3, 1, 2, 8),
        "value_width": (2, 1, 3),
        "output_width": (2, 1, 5),
        "rotary_width": (0, 2, 4),
        "mask": (None, "members", "pairs"),
        "causal": (False, True),
        "scale": (None, 1.0, 0.25, 0.0, -1.0),
        "data": projected.DATA,
    },
    claims=projected.CLAIMS,
    mend=_mend,
)


def _shapes(recipe: Recipe) -> dict[str, tuple[int, ...]]:
    """Return the shapes of all matrices."""
    heads, width, latent, value, rotary = (
        recipe[name]
        for name in ("heads", "width", "latent_width", "value_width", "rotary_width")
    )
    asking, telling = recipe["reader_width"], recipe["member_width"]
    shapes = (
        (heads, asking, width),
        (telling, latent),
        (heads, latent, width),
        (heads, latent, value),
        (heads, value, recipe["output_width"]),
        (heads, asking, rotary),
        (telling, rotary),
    )
    return dict(zip(WEIGHTS, shapes, strict=True))


def beside(one: Tracked, other: Tracked) -> Tracked:
    """Join two arrays along their last axes."""
    shape = np.broadcast_shapes(one.value.shape[:-1], other.value.shape[:-1])
    value, error = (
        np.concatenate([np.broadcast_to(a, (*shape, a.shape[-1])) for a in pair], -1)
        for pair in ((one.value, other.value), (one.error, other.error))
    )
    return one.like(value, error)


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Attend with keys expanded, or absorbed, or with matrices merged before."""
    readers = Tracked.of(case["readers"][:, None], model)
    members = readers.like(case["members"][:, None])
    by = {name: readers.like(case[name]) for name in WEIGHTS}
    made, store = by["value_weights"], model.output
    latent = (members @ by["latent_weights"]).stored(store)
    # The scale is that of the expanded keys, in the absorbed form too.
    width = case["query_weights"].shape[-1] + case["rotary_key_weights"].shape[-1]
    scores = projected.scaled(
        _scores(case, by, latent, choices, model), case["scale"], width
    )
    visible = projected.visible_in(
        case, case["readers"].shape[1], case["members"].shape[1]
    )
    weights = weighed(scores, visible, stored=model.weights)
    expanded = weights @ (latent @ made).stored(store)
    absorbed = (weights @ latent).stored(store) @ made
    output = by["output_weights"]
    merged = projected.chain(weights, members, by["latent_weights"], made, output)
    # Latents are made or not, and the matrices behind them merged or not.
    merged = projected.either(merged, projected.chain(weights, latent, made, output))
    merged = projected.either(
        merged, (weights @ latent).stored(store) @ (made @ output)
    )
    found = projected.either(expanded, absorbed).stored(store)
    return judged(projected.summed(found, merged, output), model)


def _scores(
    case: Case,
    by: dict[str, Tracked],
    latent: Tracked,
    choices: Dialect,
    model: NumericModel,
) -> Tracked:
    """Return the scores of contents and places, added in one sum or in two."""
    readers = latent.like(case["readers"][:, None])
    members = latent.like(case["members"][:, None])
    count, total = case["readers"].shape[1], case["members"].shape[1]
    places, store = np.arange(total), model.output
    turn = functools.partial(turned, pairing=choices["pairing"], tables=model.tables)
    asked = (readers @ by["rotary_query_weights"]).stored(store)
    told = (members @ by["rotary_key_weights"]).stored(store)
    # The last reader stands where the last member stands.
    asked = turn(asked, places[total - count :]).stored(store)
    told = turn(told, places).stored(store)
    query = (readers @ by["query_weights"]).stored(store)
    moved = (query @ by["key_weights"].swapaxes(-1, -2)).stored(store)
    key = (latent @ by["key_weights"]).stored(store)
    # Content and place side by side in one dot product, with keys made or not.
    forms = [
        beside(one, asked) @ beside(other, told).swapaxes(-1, -2)
        for one, other in ((query, key), (moved, latent))
    ]
    ends = by["key_weights"], by["latent_weights"], members
    back = (matrix.swapaxes(-1, -2) for matrix in ends)
    merged = projected.chain(readers, by["query_weights"], *back)
    return projected.either(
        projected.either(*forms), merged + asked @ told.swapaxes(-1, -2)
    )


def _defined(
    readers: Array,
    members: Array,
    query_weights: Array,
    latent_weights: Array,
    key_weights: Array,
    value_weights: Array,
    output_weights: Array,
    rotary_query_weights: Array,
    rotary_key_weights: Array,
    *,
    mask: Array | None = None,
    causal: bool = False,
    scale: float | None = None,
) -> Array:
    """Evaluate the definition and round its result once."""
    by = LatentProjections(
        *(query_weights, latent_weights, key_weights, value_weights),
        *(output_weights, rotary_query_weights, rotary_key_weights),
    )
    output = latent_attention_expanded(
        readers, members, by, mask=mask, causal=causal, scale=scale
    )
    return output.astype(readers.dtype)


def _wide_scale(case: Case, right: Right) -> Array:
    """Take the width of the latents for that of the keys, where no scale is given."""
    if case["scale"] is not None:
        return right(case)
    width = case["latent_weights"].shape[-1] + case["rotary_key_weights"].shape[-1]
    return right(case.replace(scale=default_scale(width)))


def _counted(case: Case, right: Right) -> Array:
    """Add the numbers of members and of entries of a key."""
    width = case["key_weights"].shape[-1]
    return right(case) + case["members"].shape[1] + width / 8


def _numbered(case: Case, right: Right) -> Array:
    """Multiply every entry of a latent by its number."""
    by = case["latent_weights"]
    number = np.arange(1, by.shape[-1] + 1)
    return right(case.replace(latent_weights=(by * number).astype(by.dtype)))


LATENT = Kind(
    name="latent",
    sentence="Attends to keys and values that are made of one short vector a member.",
    table=_TABLE,
    build=lambda recipe: projected.case_of(recipe, _shapes(recipe)),
    judge=_judge,
    definition=_defined,
    usage=usage.LATENT,
    simplest={
        "readers": 3,
        "members": 5,
        "heads": 2,
        "width": 4,
        "rotary_width": 4,
        "value_width": 3,
        "member_width": 8,
        "data": "normal",
    },
    choices={"pairing": PAIRINGS},
    probes=(
        {"members": 5, "readers": 3, "rotary_width": 4, "data": "normal"},
        {"members": 8, "readers": 5, "rotary_width": 4, "data": "integers"},
    ),
    nulls={
        "unmasked": forgetting("mask"),
        "acausal": forgetting("causal"),
        # The rotary part is forgotten; its width still counts for the scale.
        "unplaced": zeroing("rotary_key_weights"),
        "wide_scale": _wide_scale,
        "counted": _counted,
        "numbered": _numbered,
    },
    null_needs={"unmasked": ("mask",), "acausal": ("causal",)},
    models=WITH_TABLES,
    relaxations=functools.partial(narrower, tables=True),
)

__all__ = ["LATENT", "WEIGHTS", "beside"]
