"""Scores with terms of the distance: the kind `transformer-xl`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case, single
from attnspec.judge.claims import Claim
from attnspec.judge.compare import alike, same_at
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right, forgetting, zeroing
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.layers import _projected_attention as projected
from attnspec.kinds.layers._tracked_softmax import mixed
from attnspec.kinds.positions import _distances as distances
from attnspec.kinds.positions import _usage as usage
from attnspec.numerics import Comparison, NumericModel
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import default_scale, frequencies, transformer_xl_scores
from attnspec.reference.masks import positions, relative_positions

_OPERANDS = ("query", "key", "value", "distance_weights", "content_bias", "place_bias")


def _build(recipe: Recipe) -> Case:
    heads, queries = recipe["heads"], recipe["queries"]
    keys = queries + recipe["past"]
    width, size = recipe["width"], recipe["value_width"]
    shapes = {
        "query": (heads, queries, width),
        "key": (heads, keys, width),
        "value": (heads, keys, size),
        "content_bias": (heads, width),
        "place_bias": (heads, width),
    }
    weights = projected.matrices(recipe, "distances", (heads, recipe["clocks"], width))
    made = {
        name: projected.drawn(recipe, name, shape) for name, shape in shapes.items()
    }
    made["distance_weights"] = weights
    operands = {name: made[name] for name in _OPERANDS}
    options = {"bidirectional": recipe["bidirectional"] or None}
    return single(recipe, operands, (heads, queries, size), options)


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Score contents and distances, each with its own addition to the query.

    Both additions may be multiplied out, so sizes are those of the parts.
    """
    query, key, value, _, content, place = (
        Tracked.of(case[name], model) for name in _OPERANDS
    )
    places = positions(case["query"].shape[1], case["key"].shape[1])
    relative = relative_positions(places, np.arange(case["key"].shape[1]))
    asked, moved = (_plus(query, bias, model) for bias in (content, place))
    reach = relative.max(), -relative.min()
    known = _distance_keys(case, np.arange(-reach[0], reach[1] + 1), choices, model)
    all_distances = moved @ known.swapaxes(-1, -2)
    rows = np.arange(len(relative))[:, None]
    # The distance of a pair is minus `relative`, and that of -reach[0] comes first.
    by_distance = all_distances[:, rows, reach[0] - relative]
    scores = asked @ key.swapaxes(-1, -2) + by_distance
    scores = projected.scaled(scores, None, query.value.shape[-1])
    visible = np.ones(relative.shape, bool) if case["bidirectional"] else relative <= 0
    return judged(mixed(scores, value, visible, stored=model.weights), model)


def _plus(query: Tracked, bias: Tracked, model: NumericModel) -> Tracked:
    """Return queries plus a vector; their products may be summed apart."""
    one, other = query.value, bias.value[:, None]
    # (q + u) k may be q k + u k: two sums over the width, and theirs; three to spare.
    sizes = query.like(np.abs(one) + np.abs(other)).rounding(one.shape[-1] + 4)
    error = sizes.stored(model.output).error
    return query.like(one + other, error)


def _distance_keys(
    case: Case, distances: Array, choices: Dialect, model: NumericModel
) -> Tracked:
    """Return the keys of distances, query minus key."""
    weights = Tracked.of(case["distance_weights"], model)
    clocks = weights.value.shape[-2]
    # 6 + 3 log(10,000), as for every power of a base: see `_places.turned`.
    speeds = weights.like(frequencies(clocks)).rounding(34.0)
    angles = speeds * distances[:, None].astype(np.float64)
    value, error = np.zeros((2, len(distances), clocks))
    halves = choices["layout"] == "halves"
    sines = slice(0, clocks // 2) if halves else slice(0, clocks, 2)
    cosines = slice(clocks // 2, clocks) if halves else slice(1, clocks, 2)
    for which, part in ((sines, angles.sine()), (cosines, angles.cosine())):
        value[:, which], error[:, which] = part.value, part.error
    encoding = weights.like(value, error)
    return (encoding.stored(model.output) @ weights).stored(model.output)


def _defined(
    query: Array,
    key: Array,
    value: Array,
    distance_weights: Array,
    content_bias: Array,
    place_bias: Array,
    *,
    bidirectional: bool = False,
) -> Array:
    """Evaluate the definition, head by head, and round its result once."""
    places = positions(query.shape[1], key.shape[1])
    relative = relative_positions(places, np.arange(key.shape[1]))
    heads = zip(query, key, distance_weights, content_bias, place_bias, strict=True)
    by_head = (
        transformer_xl_scores(q, k, relative, w.astype(np.float64), u, v)
        for q, k, w, u, v in heads
    )
    scores = np.stack(list(by_head)) * default_scale(query.shape[-1])
    shown = np.where((relative > 0) & (not bidirectional), -np.inf, scores)
    weights = distances.weights_of(shown)
    return np.asarray(weights @ value.astype(np.float64)).astype(query.dtype)


def _exchanged(case: Case, right: Right) -> Array:
    """Add to the query for contents what belongs to distances, and back."""
    u, v = case["content_bias"], case["place_bias"]
    return right(case.replace(content_bias=v, place_bias=u))


def _shared(case: Case, right: Right) -> Array:
    """Answer all queries with their mean."""
    return np.broadcast_to(right(case).mean(1, keepdims=True), right(case).shape)


TRANSFORMER_XL = Kind(
    name="transformer-xl",
    sentence="Attends by contents and by distances, with a vector for each always.",
    table=Table(
        fields={
            **distances.SIZES,
            "clocks": (2, 4, 6, 16),
            "bidirectional": (False, True),
            "data": projected.DATA,
        },
        claims={
            "bidirectional": Claim(
                "that queries see the keys after them too", "bidirectional"
            )
        },
    ),
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.TRANSFORMER_XL,
    simplest={
        "heads": 2,
        "queries": 5,
        "width": 4,
        "value_width": 3,
        "clocks": 4,
        "data": "normal",
    },
    choices={"layout": ("interleaved", "halves")},
    probes=({"queries": 5, "width": 2, "clocks": 6, "data": "integers"},),
    nulls={
        "unplaced": zeroing("distance_weights"),
        "unbiased": zeroing("content_bias", "place_bias"),
        "exchanged": _exchanged,
        "one_sided": forgetting("bidirectional"),
        "shared": _shared,
    },
    null_needs={"one_sided": ("bidirectional",)},
)


TRANSFORMER_XL.agreement_law(
    "positions.transformer-xl",
    "Scores are those of contents and of distances, each with its own query.",
    nulls=("zeros", "unplaced", "unbiased", "exchanged", "one_sided"),
)


@TRANSFORMER_XL.law(
    "transformer-xl-biases",
    "positions.transformer-xl",
    nulls=("unbiased",),
    fields={"queries": (2, 3, 5), "data": ("integers",)},
)
def check_biases(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What is added to all queries can be taken from both vectors instead."""
    # 2 more, or less, is exact on the small integers that this law draws.
    moved = case.replace(
        query=case["query"] + case["query"].dtype.type(2),
        **{n: case[n] - case[n].dtype.type(2) for n in ("content_bias", "place_bias")},
    )
    yield from alike(case, moved, bench, "queries moved")


@TRANSFORMER_XL.law(
    "transformer-xl-rows",
    "positions.relative-shift",
    nulls=("shared",),
    fields={
        "queries": (3, 5, 8),
        "bidirectional": (False, True),
        "data": ("integers", "normal"),
    },
)
def check_rows(case: Case, bench: Bench) -> Iterator[Comparison]:
    """No output depends on another query, of which the shift may move something in."""
    query = case["query"].copy()
    # Other directions and other sizes, exact on small integers.
    query[:, 1::2] = -4 * query[:, 1::2] + 3
    other = case.replace(query=query)
    yield from same_at(case, other, bench, "other queries changed", np.s_[:, ::2])


@TRANSFORMER_XL.law(
    "transformer-xl-alone",
    "positions.relative-shift",
    nulls=("shared",),
    fields={"queries": (2, 3, 5, 8), "data": ("integers", "normal")},
)
def check_alone(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The last query has the same output alone, when nothing is shifted."""
    heads, _, size = case.results[0][1]
    alone = case.replace(query=case["query"][:, -1:]).returning((heads, 1, size))
    yield from alike(case, alone, bench, "alone", moved=lambda a: a[:, -1:])


__all__ = ["TRANSFORMER_XL"]
