"""Keys and values of a distance: the kind `shaw`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.judge.case import Case, single
from attnspec.judge.claims import Claim
from attnspec.judge.compare import same_at
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right, forgetting, zeroing
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.layers import _projected_attention as projected
from attnspec.kinds.layers._tracked_softmax import weighed
from attnspec.kinds.positions import _distances as distances
from attnspec.kinds.positions import _usage as usage
from attnspec.numerics import Comparison, NumericModel, within
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import default_scale, shaw_outputs, shaw_scores
from attnspec.reference.masks import positions, relative_positions

_OPERANDS = ("query", "key", "value", "key_distances", "value_distances")


def _build(recipe: Recipe) -> Case:
    heads, queries = recipe["heads"], recipe["queries"]
    keys, rows = queries + recipe["past"], 2 * recipe["reach"] + 1
    width, size = recipe["width"], recipe["value_width"]
    shapes = (
        *((heads, queries, width), (heads, keys, width), (heads, keys, size)),
        *((rows, width), (rows, size)),
    )
    operands = {
        name: projected.drawn(recipe, name, shape)
        for name, shape in zip(_OPERANDS, shapes, strict=True)
    }
    options = {"causal": recipe["causal"] or None}
    return single(recipe, operands, (heads, queries, size), options)


def _relative(case: Case, choices: Dialect) -> npt.NDArray[np.int64]:
    """Return the distances, key minus query."""
    queries, keys = case["query"].shape[1], case["key"].shape[1]
    alignment = choices["alignment"]
    places = positions(queries, keys, alignment=alignment)  # type: ignore[arg-type]
    return relative_positions(places, np.arange(keys))


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Add a vector to each key and value as each query sees it, or its share of sums.

    Products with both may be taken apart and added, so their sizes count apart too.
    """
    query, key, value, near, far = (Tracked.of(case[n], model) for n in _OPERANDS)
    relative = _relative(case, choices)
    reach = len(near.value) // 2
    sign = -1 if choices["rows"] == "right_first" else 1
    rows = np.clip(sign * relative, -reach, reach) + reach
    seen_keys = _summed(key, near[rows], model)
    scores = query[:, :, None] @ seen_keys.swapaxes(-1, -2)
    scores = scores.reshape(*scores.value.shape[:2], -1)
    visible = relative <= 0 if case["causal"] else np.ones(relative.shape, bool)
    scores = projected.scaled(scores, None, query.value.shape[-1])
    weights = weighed(scores, visible, stored=model.weights)
    output = weights[:, :, None] @ _summed(value, far[rows], model)
    return judged(output[:, :, 0], model)


def _summed(vectors: Tracked, added: Tracked, model: NumericModel) -> Tracked:
    """Return vectors plus vectors of pairs; what they make may be summed apart."""
    one, other = vectors.value[:, None], added.value[None]
    # Keys are summed over the width, values over the keys: this is more than either.
    terms = sum(one.shape[-2:]) + 3
    sizes = vectors.like(np.abs(one) + np.abs(other)).rounding(terms)
    error = sizes.stored(model.output).error
    return vectors.like(one + other, error)


def _defined(
    query: Array,
    key: Array,
    value: Array,
    key_distances: Array,
    value_distances: Array,
    *,
    causal: bool = False,
) -> Array:
    """Evaluate the definition and round its result once."""
    places = positions(query.shape[1], key.shape[1])
    relative = relative_positions(places, np.arange(key.shape[1]))
    scores = shaw_scores(query, key, relative, key_distances)
    scores = scores * default_scale(query.shape[-1])
    shown = np.where((relative > 0) & causal, -np.inf, scores)
    weights = distances.weights_of(shown)
    output = shaw_outputs(weights, value, relative, value_distances)
    return np.asarray(output).astype(query.dtype)


def _turned(case: Case, right: Right) -> Array:
    """Read the tables from the other end."""
    return right(case.changed(lambda table: table[::-1], *_OPERANDS[3:]))


def _fading(case: Case, right: Right) -> Array:
    """Forget what is farther than the tables reach."""
    tables = {n: case[n].copy() for n in _OPERANDS[3:]}
    for table in tables.values():
        # The outermost rows stand for all that is farther.
        table[[0, -1]] = 0
    return right(case.replace(**tables))


def _first(case: Case, right: Right) -> Array:
    """Add the value of the first key to each output."""
    return right(case) + np.asarray(case["value"], np.float64)[:, :1]


SHAW = Kind(
    name="shaw",
    sentence="Attends with keys and values to which vectors of distances are added.",
    table=Table(
        fields={
            **distances.SIZES,
            "reach": (1, 2, 4, 16, 0),
            "causal": (False, True),
            "data": projected.DATA,
        },
        claims={
            "causal": Claim("that the keys after each query can be hidden", "causal")
        },
    ),
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.SHAW,
    simplest={
        "heads": 2,
        "queries": 5,
        "width": 4,
        "value_width": 3,
        "reach": 2,
        "data": "normal",
    },
    choices={
        "rows": ("left_first", "right_first"),
        "alignment": ("lower_right", "upper_left"),
    },
    probes=({"queries": 3, "past": 1, "width": 2, "data": "integers", "reach": 2},),
    nulls={
        "keyless": zeroing("key_distances"),
        "valueless": zeroing("value_distances"),
        "turned": _turned,
        "acausal": forgetting("causal"),
        "fading": _fading,
        "first": _first,
    },
    null_needs={"acausal": ("causal",)},
)


SHAW.agreement_law(
    "positions.shaw",
    "Keys and values have a vector added for their distance from the query.",
    nulls=("zeros", "keyless", "valueless", "turned", "acausal"),
)


@SHAW.law(
    "shaw-constant",
    "positions.shaw",
    nulls=("fading",),
    fields={"queries": (3, 5, 8), "reach": (1, 2), "data": ("integers", "normal")},
)
def check_constant(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Tables of equal rows move no weight, and add one row to every output."""
    same = case.changed(lambda a: np.broadcast_to(a[:1], a.shape), *_OPERANDS[3:])
    none = case.changed(np.zeros_like, *_OPERANDS[3:])
    added = case["value_distances"][0].astype(np.float64)
    one, two = bench.judged(same), bench.judged(none)
    plain = bench.run(none).output.astype(np.float64)
    found = bench.run(same).output.astype(np.float64)
    # The sum and what is compared are taken in float64.
    room = 2.0**-48 * (np.abs(one.output) + np.abs(two.output) + np.abs(added))
    yield within(plain + added, found, one.bound + two.bound + room)


@SHAW.law(
    "shaw-clipped",
    "positions.shaw",
    nulls=("first",),
    fields={
        "queries": (5, 8, 17),
        "past": (0,),
        "reach": (1, 2),
        "data": ("integers", "normal"),
    },
)
def check_clipped(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Keys farther than the tables reach change places without being noticed."""
    keys = case["key"].shape[1]
    order = np.arange(keys)
    # The last query sees these at the same, the greatest, distance.
    beyond = keys - len(case["key_distances"]) // 2
    order[:beyond] = order[:beyond][::-1]
    other = case.changed(lambda a: a[:, order], "key", "value")
    yield from same_at(case, other, bench, "far keys exchanged", np.s_[:, -1])


__all__ = ["SHAW"]
