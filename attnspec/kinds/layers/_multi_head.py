"""The kind `multi-head`: what is drawn, what is right, and wrong answers."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.claims import Claim
from attnspec.judge.kind import Kind
from attnspec.judge.law import Dialect
from attnspec.judge.nulls import Right, forgetting
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.layers import _projected_attention as projected
from attnspec.kinds.layers import _usage as usage
from attnspec.kinds.layers._tracked_softmax import weighed
from attnspec.numerics import NumericModel
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import HeadProjections, multi_head_attention

WEIGHTS = ("query_weights", "key_weights", "value_weights", "output_weights")


def _mend(recipe: Recipe) -> Recipe:
    """Give a causal mask no more readers than there are members: no row is empty."""
    if recipe["causal"] and recipe["readers"] > recipe["members"]:
        return recipe.replace(readers=min(recipe["members"], 2))
    return recipe


def _outer(recipe: Recipe) -> set[int]:
    """Return how wide readers and outputs are."""
    return {recipe["reader_width"], recipe["output_width"]}


def _inner(recipe: Recipe) -> int:
    """Return how wide all query heads are together."""
    width: int = recipe["key_heads"] * recipe["group"] * recipe["width"]
    return width


_TABLE = Table(
    fields={
        "batch": (1, 2),
        "readers": (2, 1, 3, 5, 8),
        "members": (2, 1, 3, 5, 8, 17, 33),
        "key_heads": (1, 2, 3),
        "group": (1, 2, 3),
        "reader_width": (2, 1, 4, 8),
        "member_width": (2, 3, 8),
        "width": (2, 1, 4, 8),
        "value_width": (2, 1, 3, 8),
        "output_width": (2, 1, 5),
        "mask": (None, "members", "pairs"),
        "causal": (False, True),
        "scale": (None, 1.0, 0.25, 0.0, -1.0),
        "data": projected.DATA,
    },
    claims={
        **projected.CLAIMS,
        "grouped": Claim("fewer key heads than query heads", "group"),
        "value_width": Claim(
            "values of another width than queries and keys",
            used=lambda recipe: recipe["value_width"] != recipe["width"],
            dropped=lambda recipe: recipe.replace(value_width=recipe["width"]),
        ),
        "free_widths": Claim(
            "readers and outputs of another width than all heads together",
            used=lambda recipe: _outer(recipe) != {_inner(recipe)},
            dropped=lambda recipe: recipe.replace(
                reader_width=_inner(recipe), output_width=_inner(recipe)
            ),
        ),
        "member_width": Claim(
            "members of another width than readers",
            used=lambda recipe: recipe["member_width"] != recipe["reader_width"],
            dropped=lambda recipe: recipe.replace(member_width=recipe["reader_width"]),
        ),
    },
    mend=_mend,
)


def _shapes(recipe: Recipe) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the four matrices of all heads."""
    shared, width, value = (
        recipe[name] for name in ("key_heads", "width", "value_width")
    )
    heads = shared * recipe["group"]
    told = recipe["member_width"]
    return {
        "query_weights": (heads, recipe["reader_width"], width),
        "key_weights": (shared, told, width),
        "value_weights": (shared, told, value),
        "output_weights": (heads, value, recipe["output_width"]),
    }


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Let each head attend by its own matrices, and sum what they hand on."""
    readers = Tracked.of(case["readers"][:, None], model)
    members = readers.like(case["members"][:, None])
    heads = len(case["query_weights"])
    groups = heads // len(case["key_weights"])
    query, key, value, output = (readers.like(case[name]) for name in WEIGHTS)
    # Consecutive query heads share a key head.
    shared = np.arange(heads) // groups
    by = projected.Reading(query, key[shared], value[shared])
    visible = projected.visible_in(
        case,
        case["readers"].shape[1],
        case["members"].shape[1],
        choices["alignment"],
    )
    scores = projected.scored(readers, members, by, model)
    scores = projected.scaled(scores, case["scale"], query.value.shape[-1])
    weights = weighed(scores, visible, stored=model.weights)
    made = (members @ by.value).stored(model.output)
    # A matrix of values may be merged with the output's; values are never made then.
    merged = projected.chain(weights, members, by.value, output)
    found = (weights @ made).stored(model.output)
    return judged(projected.summed(found, merged, output), model)


def _defined(
    readers: Array,
    members: Array,
    query_weights: Array,
    key_weights: Array,
    value_weights: Array,
    output_weights: Array,
    *,
    mask: Array | None = None,
    causal: bool = False,
    scale: float | None = None,
) -> Array:
    """Evaluate the definition and round its result once."""
    by = HeadProjections(query_weights, key_weights, value_weights, output_weights)
    output = multi_head_attention(
        readers, members, by, mask=mask, causal=causal, scale=scale
    )
    return output.astype(readers.dtype)


def _first_head(case: Case, right: Right) -> Array:
    """Hand on what the first head gives."""
    output = case["output_weights"].copy()
    output[1:] = 0
    return right(case.replace(output_weights=output))


def _tiled(case: Case, right: Right) -> Array:
    """Let query heads take turns with the key heads."""
    groups = len(case["query_weights"]) // len(case["key_weights"])
    names = ("key_weights", "value_weights")
    return right(case.replace(**{n: np.tile(case[n], (groups, 1, 1)) for n in names}))


def _counted(case: Case, right: Right) -> Array:
    """Add numbers of what there is: query heads, entries of a value, key heads."""
    heads, wide, _ = case["output_weights"].shape
    return right(case) + heads + 0.5 * wide + len(case["key_weights"]) / 8


def _numbered(case: Case, right: Right) -> Array:
    """Multiply the output of each head by its number."""
    number = np.arange(1, len(case["output_weights"]) + 1)[:, None, None]
    output = (case["output_weights"] * number).astype(case["output_weights"].dtype)
    return right(case.replace(output_weights=output))


MULTI_HEAD = Kind(
    name="multi-head",
    sentence="Lets readers attend to members in many ways, and sums what they find.",
    table=_TABLE,
    build=lambda recipe: projected.case_of(recipe, _shapes(recipe)),
    judge=_judge,
    definition=_defined,
    usage=usage.MULTI_HEAD,
    nulls={
        "first_head": _first_head,
        "unmasked": forgetting("mask"),
        "acausal": forgetting("causal"),
        "tiled": _tiled,
        "counted": _counted,
        "numbered": _numbered,
    },
    null_needs={"unmasked": ("mask",), "acausal": ("causal",), "tiled": ("grouped",)},
    given=("value_width", "free_widths", "member_width"),
    unsaid=("grouped",),
    choices={"alignment": ("lower_right", "upper_left")},
    choice_needs={"alignment": ("causal",)},
    probes=({"readers": 3, "members": 5, "causal": True, "data": "normal"},),
    simplest={
        **dict.fromkeys(("reader_width", "member_width", "output_width"), 8),
        **dict.fromkeys(("width", "value_width"), 4),
        "key_heads": 2,
        "readers": 3,
        "members": 5,
        "data": "normal",
    },
)

__all__ = ["MULTI_HEAD", "WEIGHTS"]
