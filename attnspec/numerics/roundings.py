"""Models that round one thing more than a given one, each with the words for it."""

from __future__ import annotations

from typing import Any

from attnspec.numerics.formats import format_of
from attnspec.numerics.models import TANH_ROUNDINGS, NumericModel
from attnspec.numerics.presets import PRESETS

Relaxed = tuple[str, NumericModel]

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


def unit_of(name: str | None) -> float:
    """Return the unit roundoff of a format; none rounds nothing."""
    return format_of(name).unit if name else 0.0


def exponential(model: NumericModel, *errors: tuple[str, float]) -> list[Relaxed]:
    """Relax the exponential."""
    return [
        (
            f"the exponential has a relative error of {text}",
            model.replace(exp_relative=max(error, model.exp_relative)),
        )
        for text, error in errors
    ]


def in_float32(model: NumericModel) -> list[Relaxed]:
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


_Changes = tuple[tuple[str, dict[str, Any]], ...]


def alone(model: NumericModel, name: str) -> list[Relaxed]:
    """Round what little else looks like: a scale may be one that the format holds."""
    changes: _Changes = (
        ("the logsumexp is rounded to", {"lse": name}),
        ("the scale is rounded to", {"scale": name}),
        ("the output is rounded to", {"output": name}),
    )
    return [(f"{words} {name}", model.replace(**c)) for words, c in changes]


def rounded(model: NumericModel, name: str) -> list[Relaxed]:
    """Round one thing to a format.

    A score is no larger than the products that it adds up: what is wider stands
    behind.
    """
    weights, summed = _weights(name), {"weights_in_sum": "either"}
    changes: _Changes = (
        ("values are rounded to", {"values": (*model.values, name)}),
        ("weights are rounded to", weights),
        ("the row sum is stored by blocks of keys in", {"stored_row_sum": name}),
        ("weights are added up as rounded to", weights | summed),
        ("scores are rounded to", {"scores": (*model.scores, name)}),
        ("query and key are rounded to", {"inputs": (*model.inputs, name)}),
        ("the query is scaled in", {"prescale": name}),
        ("the output is stored by blocks of keys in", {"stored_accumulator": name}),
    )
    return [(f"{words} {name}", model.replace(**c)) for words, c in changes]


def added_up(model: NumericModel, name: str) -> list[Relaxed]:
    """Round a running sum after every addition."""
    changes: _Changes = (
        ("the row sum is added up in", {"row_sum": name}),
        ("the output is added up in", {"accumulator": name}),
        ("dot products are added up in", {"dot": name}),
    )
    return [(f"{words} {name}", model.replace(**c)) for words, c in changes]


def _weights(name: str) -> dict[str, Any]:
    """Round weights, divided by their sum or not."""
    return {"weights": name, "weights_normalized": True}


def truncated(model: NumericModel, name: str) -> list[Relaxed]:
    """Truncate one thing to a format."""
    weights = _weights(name)
    changes: _Changes = (
        ("scores are", {"scores": (*model.scores, name, name)}),
        ("query and key are", {"inputs": (*model.inputs, name), "operand_unit": 2.0}),
        ("the output is", {"output": name, "output_unit": 2.0}),
        ("values are", {"values": (*model.values, name), "operand_unit": 2.0}),
        ("weights are", weights | {"operand_unit": 2.0}),
    )
    return [
        (f"{words} truncated to {name}", model.replace(**c)) for words, c in changes
    ]


def tfloat32(model: NumericModel, done: str) -> list[Relaxed]:
    """Round one thing to TF32; float16 has as many digits, and less range."""
    name = "tfloat32"
    changes: _Changes = (
        ("query and key are", {"inputs": (*model.inputs, name)}),
        ("values are", {"values": (*model.values, name)}),
        ("weights are", {"weights": name}),
    )
    return [
        (f"{words} {done} to TF32", model.replace(**c, operand_unit=_UNITS[done]))
        for words, c in changes
        if unit_of(model.output) < unit_of(name)
    ]


_UNITS = {"rounded": 1.0, "truncated": 2.0}


def tfloat32_products(model: NumericModel) -> list[Relaxed]:
    """Compute products in TF32, of operands that may be scaled before."""
    name = "tfloat32"
    first = {"operands": (*model.operands, name, name)}
    second = {"weights": name, "values": (*model.values, name)}
    second |= {"weights_in_sum": "either"}
    changes: _Changes = (
        ("weights and values are", second),
        ("scaled query and key are", first),
        ("operands of both products are", first | second),
    )
    return [
        (f"{words} {done} to TF32", model.replace(**c, operand_unit=unit))
        for done, unit in _UNITS.items()
        for words, c in changes
        if unit_of(model.output) < unit_of(name)
    ]


def in_float8(model: NumericModel) -> list[Relaxed]:
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


def products(model: NumericModel, name: str) -> list[Relaxed]:
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


def throughout(model: NumericModel, dtype: str) -> Relaxed:
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


__all__ = [
    "Relaxed",
    "added_up",
    "alone",
    "exponential",
    "in_float8",
    "in_float32",
    "products",
    "rounded",
    "tfloat32",
    "tfloat32_products",
    "throughout",
    "truncated",
    "unit_of",
]
