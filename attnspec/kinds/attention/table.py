"""What cases of attention are drawn from, and what a kernel may claim."""

from __future__ import annotations

from typing import Any

from attnspec.judge import invariance
from attnspec.judge.claims import COMPILED, Claim
from attnspec.judge.far import FAR
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.attention.budget import BUDGET
from attnspec.kinds.attention.case import OPTIONS
from attnspec.kinds.attention.families import FAMILIES
from attnspec.kinds.attention.few_shapes import one_of_few
from attnspec.kinds.attention.options import AXES, HIDING_BIASES

_FIELDS: dict[str, tuple[Any, ...]] = {
    "layouts": ((),),
    "mask": (None, "holes", "sparse", "padding", "all", "prefix_hidden", "one_key"),
    "bias": (None, "normal", "distance", "row_offset", "holes"),
    "scale": (None, 0.5, 0.125, 0.1234, 1.0, 0.0, -0.7),
    "causal": (False, True),
    "window": (
        *(None, (1, 1), (0, 0), (2, 0), (1, 2), (3, None), (None, 1), (0, 5), (17, 0)),
        (63, 1),
    ),
    "softcap": (None, 1.0, 2.0, 5.0, 30.0),
    "sink": (None, "normal", "large", "small", "minus_infinity"),
    "alibi_slopes": (None, "drawn", "powers", "batch"),
    "heads": ((1, 1), (2, 2), (3, 3), (2, 1), (6, 2), (5, 1), (7, 1)),
    "batch": (1, 2, 3),
    "lengths": (
        *((1, 1), (2, 2), (3, 3), (1, 5), (5, 5), (4, 7), (7, 4), (3, 17), (9, 9)),
        *((17, 33), (33, 17), (1, 65), (5, 64), (65, 65), (2, 129), (130, 3)),
    ),
    # Half of them square: some systems have a kernel for Ev = E alone.
    "widths": (
        *((n, n) for n in (1, 2, 4, 8, 16, 3, 17, 64, 80)),
        *((1, 2), (2, 5), (4, 1), (8, 24), (16, 4), (3, 16), (17, 8), (64, 5)),
        *((80, 64), (8, 64)),
    ),
    "mask_axes": AXES,
    "bias_axes": AXES,
    "bias_dtype": ("same", "float32"),
    "hidden": ("same",),
    # The normal ones twice: most kernels are used on such data.
    "scores": (
        *("normal", "normal", "spread", "integers", "uniform", "ties", "peaked"),
        *("offset_up", "offset_down", "ascending"),
    ),
    "values": ("normal", "normal", "integers", "one_hot", "offset", "cancelling"),
}

_SIMPLE: dict[str, tuple[Any, ...]] = {
    "heads": ((1, 1), (2, 1), (2, 2), (3, 1), (4, 2), (6, 2)),
    "lengths": (),
    "widths": (),
    "mask": ("all", "padding", "holes"),
    "mask_axes": ("111S", "11LS"),
    "bias": ("normal",),
    "bias_axes": ("111S", "11LS"),
    "scale": (1.0, 0.5),
    "window": ((0, 0), (1, 1), (0, None), (1, None), (None, 0)),
    "scores": ("uniform", "integers", "normal"),
    "values": ("one_hot", "integers", "normal"),
}
"""What is easiest to read, where that is not what is drawn first."""


def _mended(recipe: Recipe) -> Recipe:
    """Return the recipe without settings that have no effect or contradict."""
    axes = {f"{name}_axes": "BHLS" for name in ("mask", "bias") if recipe[name] is None}
    present = {"query", "key", "value"} | {
        name for name in ("mask", "bias") if recipe[name] is not None
    }
    hides = recipe["mask"] is not None or recipe["bias"] in HIDING_BIASES
    hidden = recipe["hidden"] if hides else "same"
    # Where huge numbers lie depends on the row, so the row cannot be shared.
    shared = ("broadcast_batch", "broadcast_heads") if hidden == "huge" else ()
    layouts = tuple(
        (operand, layout)
        for operand, layout in recipe["layouts"]
        if operand in present and layout not in ("contiguous", *shared)
    )
    dtype = recipe["bias_dtype"] if recipe["bias"] else "same"
    return recipe.replace(**axes, layouts=layouts, hidden=hidden, bias_dtype=dtype)


def _with_heads(recipe: Recipe, option: str) -> bool:
    """Return whether a mask or bias differs between heads."""
    return recipe[option] is not None and "H" in recipe[f"{option}_axes"]


def _is_vector(recipe: Recipe, option: str) -> bool:
    """Return whether a mask or bias has one axis."""
    return recipe[option] is not None and recipe[f"{option}_axes"] == "S"


def _without_heads(recipe: Recipe) -> Recipe:
    """Return the recipe whose mask and bias are the same for all heads."""
    changes = {}
    for option in ("mask", "bias"):
        if _with_heads(recipe, option):
            axes = recipe[f"{option}_axes"]
            # Of three axes the first is left out; of four it must have a length of 1.
            kept = axes.replace("H", "1") if len(axes) == 4 else axes.removeprefix("H")
            changes[f"{option}_axes"] = kept
    return recipe.replace(**changes)


def _is_two_sided(recipe: Recipe) -> bool:
    """Return whether a window is more than a distance to the left of the diagonal."""
    window = recipe["window"]
    return window is not None and not (recipe["causal"] and window[1] is None)


def _one_sided(recipe: Recipe) -> Recipe:
    """Return the recipe whose window is a distance to the left of the diagonal."""
    if not _is_two_sided(recipe):
        return recipe
    left, right = recipe["window"]
    return recipe.replace(causal=True, window=(right if left is None else left, None))


_MANY = 2**16 - 1
"""The rows that every kernel has: what 16 bits count."""


def _rows(r: Recipe) -> int:
    """Return B Hq L, and not less than B Hkv."""
    return int(r["batch"] * max(r["query_heads"] * r["queries"], r["key_heads"]))


def _with_fewer_rows(r: Recipe) -> Recipe:
    """Return the recipe with one batch element, one head and at most 65,535 queries."""
    queries = min(r["queries"], _MANY)
    return r.replace(batch=1, query_heads=1, key_heads=1, queries=queries)


_CLAIMS = {
    "mask": Claim("a boolean mask, True attends", "mask"),
    "bias": Claim("an additive bias", "bias"),
    "scale": Claim("a scale other than 1/sqrt(E)", "scale"),
    "causal": Claim("the causal flag", "causal"),
    "always_causal": Claim(
        "every call is causal, and no flag says so",
        used=lambda _: False,
        forced=lambda r: r.replace(causal=True),
    ),
    COMPILED: Claim(
        "compiled for each shape: few are drawn, with data and options often",
        used=lambda _: False,
    ),
    "window": Claim(
        "a window (left, right) of inclusive distances",
        "window",
        beside=("causal", "two_sided_window"),
    ),
    "two_sided_window": Claim(
        "a window with a right side of its own, or without the causal flag",
        used=_is_two_sided,
        dropped=_one_sided,
    ),
    "softcap": Claim("a cap on the scores, before the mask", "softcap"),
    "sink": Claim("a sink for each query head", "sink"),
    "alibi_slopes": Claim(
        "slopes (Hq,) by which scores fall with the distance: ALiBi", "alibi_slopes"
    ),
    "batch_slopes": Claim(
        "slopes of ALiBi that differ between batch elements, (B, Hq)",
        used=lambda r: r["alibi_slopes"] == "batch",
        dropped=lambda r: r.replace(alibi_slopes="drawn"),
    ),
    "return_lse": Claim("the logsumexp of each row"),
    "gradients": Claim("its gradients, which are judged as well"),
    "nonpositive_scale": Claim(
        "a scale of zero or less",
        used=lambda r: r["scale"] is not None and r["scale"] <= 0,
        dropped=lambda r: r.replace(scale=abs(r["scale"] or 0.5)),
    ),
    "minus_infinity_bias": Claim(
        "entries of minus infinity in the bias",
        used=lambda r: r["bias"] in HIDING_BIASES,
        dropped=lambda r: r.replace(bias="normal"),
    ),
    "minus_infinity_sink": Claim(
        "a sink of minus infinity",
        used=lambda r: r["sink"] == "minus_infinity",
        dropped=lambda r: r.replace(sink="normal"),
    ),
    "float32_bias": Claim("a float32 bias beside 16-bit operands", "bias_dtype"),
    "vector_mask": Claim(
        "a mask or bias of rank one, (S,)",
        used=lambda r: any(_is_vector(r, option) for option in ("mask", "bias")),
        dropped=lambda r: r.replace(
            **{
                f"{option}_axes": "1S"
                for option in ("mask", "bias")
                if _is_vector(r, option)
            }
        ),
    ),
    "head_mask": Claim(
        "a mask or bias that differs between heads",
        used=lambda r: _with_heads(r, "mask") or _with_heads(r, "bias"),
        dropped=_without_heads,
    ),
    "grouped_query": Claim(
        "more query heads than key heads",
        used=lambda r: r["query_heads"] != r["key_heads"],
        dropped=lambda r: r.replace(key_heads=r["query_heads"]),
    ),
    "value_width": Claim(
        "Ev other than E",
        used=lambda r: r["value_width"] != r["width"],
        dropped=lambda r: r.replace(value_width=r["width"]),
    ),
    "unequal_lengths": Claim(
        "L other than S",
        used=lambda r: r["queries"] != r["keys"],
        dropped=lambda r: r.replace(queries=r["keys"]),
    ),
    "more_queries": Claim(
        "L greater than S",
        used=lambda r: r["queries"] > r["keys"],
        dropped=lambda r: r.replace(keys=r["queries"]),
    ),
    "many_rows": Claim(
        "more than 65,535 rows, or batch elements times heads",
        used=lambda r: _rows(r) > _MANY,
        dropped=_with_fewer_rows,
    ),
    "far_offsets": Claim(
        "operands of more than 2**31 elements from the first to the last",
        used=lambda r: any(layout == FAR for _, layout in r["layouts"]),
        dropped=lambda r: r.replace(
            layouts=tuple(pair for pair in r["layouts"] if pair[1] != FAR)
        ),
    ),
    "strided_operands": Claim(
        "operands that do not lie densely in memory",
        used=lambda r: any(layout != "offset" for _, layout in r["layouts"]),
        dropped=lambda r: r.replace(layouts=()),
    ),
    "unaligned_operands": Claim(
        "operands whose address is a multiple of their elements' size alone",
        used=lambda r: any(layout == "offset" for _, layout in r["layouts"]),
        dropped=lambda r: r.replace(
            layouts=tuple(pair for pair in r["layouts"] if pair[1] != "offset")
        ),
    ),
    "empty_keys": Claim(
        "S = 0",
        used=lambda r: r["keys"] == 0,
        dropped=lambda r: r.replace(keys=1),
    ),
    "empty_queries": Claim(
        "L = 0 and B = 0",
        used=lambda r: r["queries"] == 0 or r["batch"] == 0,
        dropped=lambda r: r.replace(queries=r["queries"] or 1, batch=r["batch"] or 1),
    ),
    "visible_nan": Claim("NaN that a query sees makes its results NaN"),
    "visible_infinity": Claim("infinities that a query sees follow IEEE 754"),
    **invariance.CLAIMS,
}

TABLE = Table(
    fields=_FIELDS,
    claims=_CLAIMS,
    mend=_mended,
    families=FAMILIES,
    switches=OPTIONS,
    together={
        "heads": ("query_heads", "key_heads"),
        "lengths": ("queries", "keys"),
        "widths": ("width", "value_width"),
    },
    sizes=("batch", "keys", "queries", "width", "value_width"),
    simple=_SIMPLE,
    budget=BUDGET,
    few=one_of_few,
)
"""What is drawn of attention."""

__all__ = ["TABLE"]
