"""What a kernel that fails would have to be allowed, from mild to wild."""

from __future__ import annotations

import math
from typing import Any

from attnspec.numerics.formats import format_of
from attnspec.numerics.models import TANH_ROUNDINGS, NumericModel
from attnspec.numerics.presets import PRESETS

_Relaxed = tuple[str, NumericModel]

_STRUCTURE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("parts of the keys are merged by their logsumexp", {"splits": True}),
    ("weights are formed from a stored logsumexp", {"normalized_by_lse": True}),
    ("the running maximum is updated lazily", {"max_slack": 8 * math.log(2)}),
    (
        "accumulation truncates, as in tensor cores",
        {"dot_unit": 4.0, "accumulator_unit": 4.0},
    ),
)

_INNER = (
    "dot",
    "operands",
    "softmax",
    "accumulator",
    "flushed",
    "exp_relative",
    "exp_argument",
    "log_relative",
    "tanh_relative",
    "tanh_absolute",
)
_IN_FLOAT32 = {name: getattr(PRESETS["float32"], name) for name in _INNER}


def relaxations(model: NumericModel) -> tuple[_Relaxed, ...]:
    """Return weaker models, each with the words for what it allows.

    The first one that admits all results says what the kernel may be doing. Each
    relaxes the given model in one place; the last ones relax several.

    Parameters
    ----------
    model
        The model that a kernel fails.

    Returns
    -------
    tuple of (str, NumericModel)
        From mild to wild: finer formats before coarser ones, and what a wider
        model includes before that model. None is equal to the model itself.

    Examples
    --------
    >>> from attnspec.numerics import default_model
    >>> relaxations(default_model("float32"))[-1][0]
    'everything is computed in bfloat16'
    """
    return tuple(
        (words, relaxed)
        for words, relaxed in _found(model)
        if _is_weaker(relaxed, model)
    )


def _found(model: NumericModel) -> list[_Relaxed]:
    """Return all relaxations, those of the model itself among them."""
    found = [(words, model.replace(**changes)) for words, changes in _STRUCTURE]
    found += _exponential(model, ("2^-20", 2.0**-20), ("1e-5", 1e-5))
    if "float64" in (model.dot, model.softmax):
        found += [*_rounded(model, "float32"), *_in_float32(model)]
    found += [*_rounded(model, "float16"), *_tfloat32(model, "rounded", 1.0)]
    found += [*_truncated(model, "float16"), *_tfloat32(model, "truncated", 2.0)]
    found += _exponential(model, ("1e-4", 1e-4), ("1e-3", 1e-3))
    found += [*_rounded(model, "bfloat16"), *_truncated(model, "bfloat16")]
    found += _in_float8(model)
    for dtype in ("float16", "bfloat16"):
        found += [*_products(model, dtype), _throughout(model, dtype)]
    return found


def _exponential(model: NumericModel, *errors: tuple[str, float]) -> list[_Relaxed]:
    """Relax the exponential."""
    return [
        (
            f"the exponential has a relative error of {text}",
            model.replace(exp_relative=max(error, model.exp_relative)),
        )
        for text, error in errors
    ]


def _in_float32(model: NumericModel) -> list[_Relaxed]:
    """Relax a model in float64 to one in float32."""
    constants = model.replace(operands=(*model.operands, "float32", "float32"))
    return [
        ("constants are rounded to float32", constants),
        ("the computation is in float32", model.replace(**_IN_FLOAT32)),
        (
            "computation and output are in float32",
            model.replace(**_IN_FLOAT32, output="float32"),
        ),
    ]


def _rounded(model: NumericModel, name: str) -> list[_Relaxed]:
    """Round one thing to a format.

    A rounding of the scale is one of scores that is the same for all, and a score
    is no larger than the products that it adds up: the wider model stands behind.
    """
    weights, summed = _weights(name), {"weights_in_sum": "either"}
    changes: tuple[tuple[str, dict[str, Any]], ...] = (
        ("the logsumexp is rounded to", {"lse": name}),
        ("the scale is rounded to", {"scale": name}),
        ("scores are rounded to", {"scores": (*model.scores, name)}),
        ("query and key are rounded to", {"inputs": (*model.inputs, name)}),
        ("the query is scaled in", {"prescale": name}),
        ("the output is rounded to", {"output": name}),
        ("values are rounded to", {"values": (*model.values, name)}),
        ("weights are rounded to", weights),
        ("weights are added up as rounded to", weights | summed),
        ("the row sum is stored by blocks of keys in", {"stored_row_sum": name}),
        ("the output is stored by blocks of keys in", {"stored_accumulator": name}),
        ("the row sum is added up in", {"row_sum": name}),
        ("the output is added up in", {"accumulator": name}),
        ("dot products are added up in", {"dot": name}),
    )
    return [(f"{words} {name}", model.replace(**c)) for words, c in changes]


def _weights(name: str) -> dict[str, Any]:
    """Round weights, divided by their sum or not."""
    return {"weights": name, "weights_normalized": True}


def _truncated(model: NumericModel, name: str) -> list[_Relaxed]:
    """Truncate one thing to a format."""
    weights = _weights(name)
    changes: tuple[tuple[str, dict[str, Any]], ...] = (
        ("scores are", {"scores": (*model.scores, name, name)}),
        ("query and key are", {"inputs": (*model.inputs, name), "operand_unit": 2.0}),
        ("the output is", {"output": name, "output_unit": 2.0}),
        ("values are", {"values": (*model.values, name), "operand_unit": 2.0}),
        ("weights are", weights | {"operand_unit": 2.0}),
    )
    return [
        (f"{words} truncated to {name}", model.replace(**c)) for words, c in changes
    ]


def _tfloat32(model: NumericModel, done: str, unit: float) -> list[_Relaxed]:
    """Compute products in TF32; float16 has as many digits, and less range."""
    name = "tfloat32"
    if _unit(model.output) >= _unit(name):
        return []
    first = {"operands": (*model.operands, name, name)}
    second = {"weights": name, "values": (*model.values, name)}
    second |= {"weights_in_sum": "either"}
    changes = (
        (f"query and key are {done} to TF32", first),
        (f"weights and values are {done} to TF32", second),
        (f"operands of both products are {done} to TF32", first | second),
    )
    return [
        (words, model.replace(**changed, operand_unit=max(unit, model.operand_unit)))
        for words, changed in changes
    ]


def _in_float8(model: NumericModel) -> list[_Relaxed]:
    """Round to formats of eight bits what is commonly kept in them."""
    found = []
    for name in ("float8_e4m3", "float8_e5m2"):
        kept = {"inputs": (*model.inputs, name), "values": (*model.values, name)}
        weights = model.replace(**_weights(name))
        found += [
            (f"weights are rounded to {name}", weights),
            (f"key and value are rounded to {name}", model.replace(**kept)),
        ]
    return found


def _products(model: NumericModel, name: str) -> list[_Relaxed]:
    """Round the operands of both products, and the output."""
    operands = model.replace(
        inputs=(*model.inputs, name),
        values=(*model.values, name),
        weights_in_sum="either",
        **_weights(name),
    )
    return [
        (f"operands of both products are rounded to {name}", operands),
        (f"operands and output are rounded to {name}", operands.replace(output=name)),
    ]


def _throughout(model: NumericModel, dtype: str) -> _Relaxed:
    """Return the model of a kernel that computes everything in a 16-bit format."""
    unit = format_of(dtype).unit
    return f"everything is computed in {dtype}", model.replace(
        output=dtype,
        dot=dtype,
        inputs=(*model.inputs, dtype),
        prescale=dtype,
        operands=(dtype,) * 2,
        scores=(dtype,) * 3,
        softmax=dtype,
        exp_relative=4 * unit,
        exp_argument=2 * unit,
        log_relative=4 * unit,
        tanh_relative=TANH_ROUNDINGS * unit,
        tanh_absolute=TANH_ROUNDINGS * unit,
        weights=dtype,
        weights_in_sum="either",
        values=(*model.values, dtype),
        accumulator=dtype,
        stored_accumulator=dtype,
    )


_ROUNDED = (
    "output",
    "dot",
    "softmax",
    "prescale",
    "scale",
    "weights",
    "row_sum",
    "stored_row_sum",
    "accumulator",
    "stored_accumulator",
    "lse",
)
_RATES = ("output_unit", "operand_unit", "exp_relative", "max_slack")


def _is_weaker(relaxed: NumericModel, model: NumericModel) -> bool:
    """Whether the model allows something more, and nothing less.

    What comes in the format of the output already is not rounded to it again.
    """
    same = relaxed.replace(weights_normalized=model.weights_normalized)
    if same == model or model.weights_in_sum not in ("no", relaxed.weights_in_sum):
        return False
    own = _unit(model.output)
    given = {*relaxed.inputs, *relaxed.values} - {*model.inputs, *model.values}
    coarser = relaxed.dot != model.dot or all(_unit(name) > own for name in given)
    return (
        coarser
        and all(
            _unit(getattr(relaxed, name)) >= _unit(getattr(model, name))
            for name in _ROUNDED
        )
        and all(getattr(relaxed, name) >= getattr(model, name) for name in _RATES)
    )


def _unit(name: str | None) -> float:
    """Return the unit roundoff of a format; none rounds nothing."""
    return format_of(name).unit if name else 0.0


_NARROWER = {"float64": ("float32",), "float32": ("float16", "bfloat16")}


def narrower(model: NumericModel) -> tuple[_Relaxed, ...]:
    """Return the same model with a narrower working format, with words for each."""
    return tuple(
        (f"it is computed in {name}", model.replace(softmax=name, flushed=(name,)))
        for name in _NARROWER.get(model.softmax, ())
    )


__all__ = ["narrower", "relaxations"]
