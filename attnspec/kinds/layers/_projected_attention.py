"""What the kinds with projections share: their data, and attention with its errors."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.judge.bits import integers, normals
from attnspec.judge.case import Case, Shape, cast, single
from attnspec.judge.claims import Claim
from attnspec.judge.recipe import Recipe
from attnspec.kinds.layers._tracked_softmax import weighed
from attnspec.numerics import NumericModel
from attnspec.numerics.tracked import Tracked
from attnspec.reference import default_scale

DATA = ("ones", "integers", "normal", "wide")
"""What vectors and matrices hold; with wide vectors one key takes nearly all."""


CLAIMS = {
    "mask": Claim("a mask", "mask"),
    "causal": Claim("that no reader sees a later member", "causal"),
    "scale": Claim("another scale", "scale"),
}
"""What functions of readers and members may claim."""


def drawn(recipe: Recipe, label: str, shape: Shape) -> Array:
    """Return vectors of the recipe's data."""
    seed = recipe.seed
    kinds: Mapping[str, Callable[[], Array]] = {
        "ones": lambda: np.ones(shape),
        "integers": lambda: integers(seed, label, shape, -2, 2) * 1.0,
        "normal": lambda: normals(seed, label, shape),
        "wide": lambda: 8.0 * normals(seed, label, shape),
    }
    return cast(kinds[recipe["data"]](), recipe)


def matrices(recipe: Recipe, label: str, shape: Shape) -> Array:
    """Return matrices that leave vectors about as long as they are."""
    seed, fan = recipe.seed, max(1, shape[-2])
    # The power of two next to the root of the fan: whole numbers stay exact.
    halvings = int(np.ceil(np.log2(fan) / 2))
    kinds: Mapping[str, Callable[[], Array]] = {
        "ones": lambda: np.ones(shape) * 2.0**-halvings,
        "integers": lambda: integers(seed, label, shape, -1, 1) * 1.0,
        "normal": lambda: normals(seed, label, shape),
    }
    # Vectors alone are wide; their matrices are as for normal ones.
    numbers = kinds.get(recipe["data"], kinds["normal"])()
    return cast(numbers * 2.0**-halvings, recipe)


def mask_of(recipe: Recipe, shape: Shape, *, causal: bool = False) -> Array | None:
    """Return a mask that shows some member to every reader, a causal one the first.

    The last axes of the shape are readers and members; where it has no others, a mask
    of members alone has one axis.
    """
    if recipe["mask"] is None:
        return None
    *others, readers, members = shape
    alike = recipe["mask"] == "members"
    own = (*others, 1 if alike else readers)
    shown = integers(recipe.seed, "mask", (*own, members), 0, 1) > 0
    last = 0 if causal else members - 1
    # One member is surely shown, so that no row is empty.
    one = integers(recipe.seed, "shown", (*own, 1), 0, last)
    mask = np.asarray(shown | (np.arange(members) == one))
    return mask if others or not alike else mask[0]


def options_of(recipe: Recipe, shape: Shape) -> dict[str, Any]:
    """Return mask, causality and scale; None where one is not in force."""
    causal = recipe["causal"]
    mask = mask_of(recipe, shape, causal=causal)
    return {"mask": mask, "causal": causal or None, "scale": recipe["scale"]}


def case_of(recipe: Recipe, shapes: Mapping[str, Shape]) -> Case:
    """Return the case of readers, members, and matrices of these shapes."""
    batch, readers, members = (recipe[n] for n in ("batch", "readers", "members"))
    vectors = {
        "readers": (batch, readers, recipe["reader_width"]),
        "members": (batch, members, recipe["member_width"]),
    }
    operands = {name: drawn(recipe, name, shape) for name, shape in vectors.items()}
    operands |= {name: matrices(recipe, name, s) for name, s in shapes.items()}
    options = options_of(recipe, (batch, 1, readers, members))
    return single(recipe, operands, (batch, readers, recipe["output_width"]), options)


def visible_in(
    case: Case, readers: int, members: int, alignment: str = "lower_right"
) -> npt.NDArray[np.bool_]:
    """Return what the options of a case show."""
    shown = np.ones((readers, members), bool)
    if case["causal"]:
        # The last of both stand together, or the first.
        offset = members - readers if alignment == "lower_right" else 0
        shown = np.tri(readers, members, offset, dtype=bool)
    mask = case["mask"]
    return shown if mask is None else np.asarray(shown & mask)


def either(one: Tracked, other: Tracked) -> Tracked:
    """Allow the errors of two ways to compute the same."""
    # Either way is right, so the larger of both errors is allowed.
    error = np.maximum(one.error, other.error)
    return one.like(one.value, error)


def chain(*factors: Tracked) -> Tracked:
    """Multiply several matrices, in whatever order the products are taken."""
    first, last = factors[0], factors[-1]
    value = functools.reduce(np.matmul, (f.value for f in factors))
    sizes = functools.reduce(np.matmul, (np.abs(f.value) for f in factors))
    grown = functools.reduce(np.matmul, (np.abs(f.value) + f.error for f in factors))
    # What is added up in all products together; no chain has more than 8 of them.
    terms = sum(f.value.shape[-1] for f in factors) - last.value.shape[-1]
    whole = first.like(grown, grown - sizes)
    return first.like(value, whole.rounding(terms + 8).error)


class Reading(NamedTuple):
    """The matrices of queries, keys and values."""

    query: Tracked
    key: Tracked
    value: Tracked


def scored(
    readers: Tracked, members: Tracked, by: Reading, model: NumericModel
) -> Tracked:
    """Return dot products of projections, which may be stored, or never be made."""
    query = (readers @ by.query).stored(model.output)
    key = (members @ by.key).stored(model.output)
    plain = query @ key.swapaxes(-1, -2)
    # Both matrices may have been merged into one, and keys never be made.
    turned = by.key.swapaxes(-1, -2), members.swapaxes(-1, -2)
    return either(plain, chain(readers, by.query, *turned))


def scaled(scores: Tracked, scale: float | None, width: int) -> Tracked:
    """Scale scores, by default by one over the root of a width."""
    factor = default_scale(width) if scale is None else float(scale)
    # The root may be rounded, its inverse, and the product.
    return (scores * factor).rounding(3.0)


def handed_on(
    weights: Tracked, members: Tracked, by: Reading, model: NumericModel
) -> Tracked:
    """Return the averages of the values, which may be stored, or never be made."""
    value = (members @ by.value).stored(model.output)
    return either(weights @ value, chain(weights, members, by.value))


def attended(
    readers: Tracked,
    members: Tracked,
    by: Reading,
    visible: npt.NDArray[np.bool_],
    model: NumericModel,
    *,
    scale: float | None = None,
) -> Tracked:
    """Return attention of projected readers over projected members, with its errors."""
    scores = scored(readers, members, by, model)
    scores = scaled(scores, scale, by.query.value.shape[-1])
    weights = weighed(scores, visible, stored=model.weights)
    return handed_on(weights, members, by, model)


def summed(found: Tracked, merged: Tracked, output: Tracked) -> Tracked:
    """Return the sum of what the heads give, each times a matrix of its own.

    `merged` is what each hands on if its matrix was merged with another before. The
    sum over heads may as well be one product with the joined heads.
    """
    each = either(found @ output, merged)
    batch, heads, readers, width = found.value.shape
    joint = found.swapaxes(1, 2).reshape(batch, readers, heads * width)
    total = each.swapaxes(1, 2).sum(2)
    return either(total, joint @ output.reshape(heads * width, -1))


__all__ = [
    "CLAIMS",
    "DATA",
    "Reading",
    "attended",
    "case_of",
    "chain",
    "drawn",
    "either",
    "handed_on",
    "mask_of",
    "matrices",
    "options_of",
    "scaled",
    "scored",
    "summed",
    "visible_in",
]
