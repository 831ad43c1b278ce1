"""Recipes, choices and models of attention in words, for people."""

from __future__ import annotations

from collections.abc import Mapping

from attnspec.judge.recipe import Recipe
from attnspec.kinds.attention.case import OPTIONS
from attnspec.kinds.attention.table import TABLE
from attnspec.numerics import NumericModel

CHOICES_IN_WORDS: Mapping[str, str] = {
    "alignment": "alignment",
    "empty_row": "empty row",
    "empty_lse": "lse of an empty row",
    "empty_keys": "output when S = 0",
    "softcap_order": "softcap",
    "causal_alibi": "causal ALiBi",
    "nan_masked_key": "NaN in masked keys",
    "nan_masked_value": "NaN in masked values",
    "nan_zero_weight": "NaN in values of weight 0",
}


def sizes_of(recipe: Recipe) -> str:
    """Return the axis lengths of a recipe, one word an axis."""
    lengths = {
        "B": recipe["batch"],
        "Hq": recipe["query_heads"],
        "Hkv": recipe["key_heads"],
        "L": recipe["queries"],
        "S": recipe["keys"],
        "E": recipe["width"],
        "Ev": recipe["value_width"],
    }
    return " ".join(f"{axis}{length}" for axis, length in lengths.items())


def case_in_words(recipe: Recipe) -> str:
    """Return what a recipe makes, in one sentence.

    Examples
    --------
    >>> from attnspec.kinds.attention.table import TABLE
    >>> case_in_words(TABLE.recipe("attention", "float32", keys=65, causal=True))
    'B1 Hq1 Hkv1 L1 S65 E1 Ev1, causal, float32'
    """
    parts = [sizes_of(recipe), *_options(recipe), recipe.dtype, *_data(recipe)]
    return ", ".join(parts)


def bare_case_in_words(recipe: Recipe) -> str:
    """Return what a recipe makes, without its options.

    Examples
    --------
    >>> from attnspec.kinds.attention.table import TABLE
    >>> bare_case_in_words(TABLE.recipe("attention", "float32", causal=True))
    'B1 Hq1 Hkv1 L1 S1 E1 Ev1, float32'
    """
    return ", ".join([sizes_of(recipe), recipe.dtype, *_data(recipe)])


def _options(recipe: Recipe) -> list[str]:
    said: list[str] = []
    for name in OPTIONS:
        value = recipe[name]
        if value is None or value is False:
            continue
        if name in ("mask", "bias"):
            axes = recipe[f"{name}_axes"]
            said.append(f"{name} {value} ({axes})")
        else:
            said.append(name if value is True else f"{name} {value}")
    return said or ["no options"]


def _data(recipe: Recipe) -> list[str]:
    """Return what is said of the data: nothing of plain ones."""
    said = [
        f"{recipe[name]} {name}"
        for name in ("scores", "values")
        if recipe[name] != TABLE.plain[name]
    ]
    if recipe["bias"] is not None and recipe["bias_dtype"] != "same":
        said.append(f"{recipe['bias_dtype']} bias")
    if recipe["hidden"] != "same":
        said.append(f"{recipe['hidden']} numbers where no query looks")
    return said + [f"{operand} {layout}" for operand, layout in recipe["layouts"]]


def model_in_words(model: NumericModel) -> str:
    """Return what a numeric model allows.

    Examples
    --------
    >>> from attnspec.numerics import default_model
    >>> model_in_words(default_model("bfloat16"))
    'float32 scores and sums, weights rounded to bfloat16, bfloat16 output'
    """
    inner = {model.dot, model.softmax, model.accumulator}
    parts = [f"{model.dot} scores and sums"]
    if len(inner) > 1:
        parts = [f"{model.dot} scores, {model.softmax} softmax"]
        parts.append(f"sums in {model.accumulator}")
    parts += _roundings(model)
    return ", ".join([*parts, f"{model.output} output"])


_PLACES = (
    ("inputs", "query and key rounded to"),
    ("scale", "the scale rounded to"),
    ("scores", "scores stored in"),
    ("values", "values rounded to"),
    ("weights", "weights rounded to"),
    ("row_sum", "the row sum in"),
    ("stored_row_sum", "the running sum stored in"),
    ("stored_accumulator", "running output stored in"),
    ("stored_gradients", "running gradients stored in"),
    ("lse", "the logsumexp rounded to"),
)
_WAYS = (
    ("folded_scale", "a folded scale"),
    ("max_slack", "a lazy maximum"),
    ("normalized_by_lse", "weights from a stored logsumexp"),
    ("splits", "merged parts"),
)


def _roundings(model: NumericModel) -> list[str]:
    """Return what a model rounds between input and output."""
    narrow = [name for name in model.operands if name != model.dot]
    said = [f"operands rounded to {narrow[0]}"] if narrow else []
    for place, words in _PLACES:
        if given := getattr(model, place):
            said.append(f"{words} {given if isinstance(given, str) else given[0]}")
    if model.dot_unit > 1 or model.accumulator_unit > 1:
        said.append("truncating sums")
    return said + [words for name, words in _WAYS if getattr(model, name)]


__all__ = [
    "CHOICES_IN_WORDS",
    "bare_case_in_words",
    "case_in_words",
    "model_in_words",
    "sizes_of",
]
