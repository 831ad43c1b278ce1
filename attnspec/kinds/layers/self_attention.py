"""Self-attention: the kind `self-attention`, and its laws."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case, single
from attnspec.judge.claims import Claim
from attnspec.judge.compare import agrees, alike, same_at
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right, forgetting, placed
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.layers import _projected_attention as projected
from attnspec.kinds.layers import _usage as usage
from attnspec.numerics import Comparison, NumericModel, within
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
        "data": projected.DATA,
    },
    claims={
        "mask": Claim("a mask", "mask"),
        "causal": Claim("that no vector sees a later one", "causal"),
        "scale": Claim("another scale", "scale"),
    },
)

_WITHOUT_ORDER = {
    "length": (2, 3, 5, 8, 17),
    "mask": (None, "members"),
    "causal": (False,),
    "data": ("integers", "normal"),
}
"""Several vectors, none of which is told by its place."""


def _weights(recipe: Recipe, width: int, label: str) -> dict[str, Array]:
    """Return three matrices for vectors of a width."""
    widths = (recipe["width"], recipe["width"], recipe["value_width"])
    return {
        name: projected.matrices(recipe, label + name, (width, out))
        for name, out in zip(_WEIGHTS, widths, strict=True)
    }


def _build(recipe: Recipe) -> Case:
    length, width = recipe["length"], recipe["vector_width"]
    options = projected.options_of(recipe, (length, length))
    vectors = projected.drawn(recipe, "vectors", (length, width))
    operands = {"vectors": vectors, **_weights(recipe, width, "")}
    case = single(recipe, operands, (length, recipe["value_width"]), options)
    # A law may put a second layer upon the first.
    above = _weights(recipe, recipe["value_width"], "next")
    return dataclasses.replace(case, facts={"below": None, "next": above})


def _layer(case: Case, model: NumericModel) -> Tracked:
    """Evaluate a layer, on exact vectors or on what the layer below it gives."""
    below = case["below"]
    x = Tracked.of(case["vectors"], model)
    if below is not None:
        x = _layer(below, model).stored(model.output)
    by = projected.Reading(*(x.like(case[name]) for name in _WEIGHTS))
    length = x.value.shape[0]
    visible = projected.visible_in(case, length, length)
    return projected.attended(x, x, by, visible, model, scale=case["scale"])


def _judge(case: Case, _choices: Dialect, model: NumericModel) -> Judged:
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
    # Above the diagonal too, unless it is causal.
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
    table=_TABLE,
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.SELF_ATTENTION,
    simplest={
        "length": 5,
        "vector_width": 4,
        "width": 4,
        "value_width": 3,
        "data": "normal",
    },
    nulls={
        "placed": placed,
        "exchanged": _exchanged,
        "unmasked": forgetting("mask"),
        "acausal": forgetting("causal"),
        "alone": _alone,
    },
    null_needs={"unmasked": ("mask",), "acausal": ("causal",)},
)


SELF_ATTENTION.agreement_law(
    "self-attention.definition",
    "Each output is the attention of its query over keys and values of all vectors.",
    also=("self-attention.projections", "self-attention.forms"),
    nulls=("zeros", "placed", "exchanged", "unmasked", "acausal", "alone"),
)


@SELF_ATTENTION.law(
    "self-attention-equivariance",
    "self-attention.equivariance",
    also=("sets.equivariance",),
    nulls=("placed",),
    fields=_WITHOUT_ORDER,
)
def check_equivariance(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Vectors in another order have the same outputs in that order."""
    count = np.arange(len(case["vectors"]))
    yield from _reordered(case, bench, count[::-1], "reversed")
    yield from _reordered(case, bench, np.roll(count, 1), "rotated")


def _reordered(
    case: Case, bench: Bench, order: Array, note: str
) -> Iterator[Comparison]:
    """Compare with the outputs of the same vectors in another order."""
    moved = case.replace(vectors=case["vectors"][order])
    if case["mask"] is not None:
        moved = moved.replace(mask=case["mask"][order])
    yield from alike(case, moved, bench, note, moved=lambda output: output[order])


@SELF_ATTENTION.law(
    "self-attention-equal",
    "self-attention.equal",
    nulls=("placed",),
    fields=_WITHOUT_ORDER,
)
def check_equal(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Equal vectors have equal outputs, in a second layer too."""
    # Each vector stands twice, one copy next to the other.
    same = np.arange(len(case["vectors"])) // 2
    twin = case.replace(vectors=case["vectors"][same])
    output = bench.run(twin).output
    yield _twins(output, bench.judged(twin))
    above = _above(twin, output)
    yield _twins(bench.run(above).output, bench.judged(above))


def _twins(output: Array, exact: Judged) -> Comparison:
    """Compare each output with the one before it of an equal vector."""
    count = len(output) // 2
    first, second = (output[i : 2 * count : 2].astype(np.float64) for i in (0, 1))
    bound = exact.bound[: 2 * count : 2] + exact.bound[1 : 2 * count : 2]
    return within(first, second, bound, what="output of an equal vector")


def _above(case: Case, output: Array) -> Case:
    """Return the case of a second layer, on what the first one gave."""
    shape = (len(output), case["next"]["value_weights"].shape[-1])
    above = case.replace(vectors=output, below=case, **case["next"])
    return above.returning(shape)


@SELF_ATTENTION.law(
    "self-attention-layers", "self-attention.layers", nulls=("zeros", "alone")
)
def check_layers(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The outputs of one layer are the vectors of the next."""
    yield from agrees(_above(case, bench.run(case).output), bench, "second layer")


@SELF_ATTENTION.law(
    "self-attention-mean",
    "self-attention.projections",
    nulls=("alone",),
    fields={"data": ("integers", "normal"), "length": (2, 3, 5, 8)},
)
def check_mean(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Queries of zeros take the mean of all values that they see."""
    none = np.zeros_like(case["query_weights"])
    yield from agrees(case.replace(query_weights=none), bench, "no query")


@SELF_ATTENTION.law(
    "self-attention-padding",
    "sets.padding",
    needs=("mask",),
    nulls=("unmasked",),
    fields={"mask": (None, "members"), "causal": (False,)},
)
def check_padding(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Masked vectors change nothing for the others, however large they are."""
    x = case["vectors"]
    count, width = x.shape
    known = np.ones(count, bool) if case["mask"] is None else case["mask"]
    # Far beyond all vectors; projected, it still fits float16, which ends at 65504.
    fill = np.array(512.0 if case.dtype == "float16" else 2.0**20).astype(x.dtype)
    padding = np.broadcast_to(fill, (3, width))
    shape = (count + 3, case["value_weights"].shape[-1])
    padded = case.replace(
        vectors=np.concatenate([x, padding]),
        mask=np.concatenate([known, np.zeros(3, bool)]),
    ).returning(shape)
    yield from alike(padded, case, bench, "padded", moved=lambda a: a[:count])


@SELF_ATTENTION.law(
    "self-attention-causal",
    "masks.causal",
    needs=("causal",),
    nulls=("acausal",),
    fields={
        "causal": (True,),
        "length": (2, 3, 5, 8, 17),
        "data": ("integers", "normal"),
    },
)
def check_causal(case: Case, bench: Bench) -> Iterator[Comparison]:
    """With a causal mask no output depends on a later vector."""
    half = (len(case["vectors"]) + 1) // 2
    later = case["vectors"].copy()
    # Other numbers everywhere: only 1/3 would stay itself.
    later[half:] = -2 * later[half:] + 1
    other = case.replace(vectors=later)
    yield from same_at(case, other, bench, "later vectors changed", np.s_[:half])


__all__ = ["SELF_ATTENTION"]
