"""The constants that a numeric model turns into for one size of problem."""

from __future__ import annotations

import dataclasses
import math

from attnspec.numerics.formats import format_of
from attnspec.numerics.models import NumericModel
from attnspec.numerics.presets import PRESETS


@dataclasses.dataclass(frozen=True, slots=True)
class Rates:
    """Error rates, named after what they multiply.

    Parameters
    ----------
    unit, output
        The unit roundoffs of the softmax and of the output.
    product, score
        On scale * |query| . |key| and on the magnitude of a scaled product.
    input
        On a scaled product, where query or key are rounded as they are given.
    operand_tiny, product_tiny
        Absolute errors of a product: on |query| + |key|, and alone.
    stored
        Of the roundings of stored scores.
    softcap, softcap_absolute, sink
        On the magnitude of a capped score, on the softcap, and on a sink.
    rescalings, merges
        How often online softmax may rescale a running sum, and how often a
        part of the keys may be merged.
    depth
        How many additions a weight goes through at most.
    exp_constant, exp_slope
        The relative error of the exponentials that a weight meets and its
        growth with their arguments.
    lse, log
        Of a stored logsumexp: on its size, and on the logarithm in it.
    weight, value, value_tiny
        Of rounding a weight and a value, and near zero.
    is_double
        Whether the model is about as exact as the evaluator itself, so that
        the evaluator's own error counts.
    """

    model: NumericModel
    unit: float
    output: float
    product: float
    score: float
    input: float
    operand_tiny: float
    product_tiny: float
    stored: float
    softcap: float
    softcap_absolute: float
    sink: float
    rescalings: int
    merges: int
    depth: int
    exp_constant: float
    exp_slope: float
    lse: float
    log: float
    weight: float
    value: float
    value_tiny: float
    is_double: bool


def compound(*formats: str, unit: float = 1.0) -> float:
    """Return the relative error of one rounding to each format in turn."""
    return math.expm1(sum(math.log1p(unit * format_of(n).unit) for n in formats))


def rounded(times: float, unit: float) -> float:
    """Return the relative error of so many roundings; (1 + u)**n - 1 may vanish."""
    return math.expm1(times * math.log1p(unit))


def gamma(count: float, unit: float) -> float:
    """Return the relative error of a sum of `count` terms in any order.

    Infinite where the sum is too long to say anything.
    """
    if count * unit >= 0.5:
        return math.inf
    return math.expm1(-count * math.log1p(-unit))


def _is_power_of_two(number: float) -> bool:
    """Whether multiplication with the number is exact."""
    return abs(math.frexp(number)[0]) == 0.5


def covering(model: NumericModel) -> NumericModel:
    """Return the model, or one that also admits the evaluator's float64."""
    sums = (model.dot, model.softmax, model.accumulator)
    if "float64" not in sums:
        return model
    own = PRESETS["float64"]
    functions = ("exp_relative", "exp_argument", "log_relative")
    fields = (*functions, "tanh_relative", "tanh_absolute")
    return model.replace(
        operands=model.operands or own.operands,
        scale_roundings=max(model.scale_roundings, own.scale_roundings),
        **{name: max(getattr(model, name), getattr(own, name)) for name in fields},
    )


def rates(
    given: NumericModel, width: int, keys: int, scale: float, dtype: str
) -> Rates:
    """Return the error rates of a model for products of `width` terms.

    `dtype` is the format that query, key and value come in.
    """
    model = covering(given)
    unit = format_of(model.softmax).unit
    stored = compound(*model.scores)
    own, constant = rounded(model.scale_roundings, unit), _of_scale(model, scale)
    scaling = own + constant * (1 + own)
    scale, later = abs(scale), (1 + stored) * (1 + scaling)
    rescalings = max(0, math.ceil(keys / model.block) - 1)
    merges = min(model.merges, max(0, keys - 1)) if model.splits else 0
    operand_tiny, product_tiny = _tiny_errors(model, width, scale)
    inputs = compound(*model.inputs, unit=model.operand_unit)
    product = (1 + inputs) ** 2 * _product_error(model, width, scale, dtype)
    of_lse = rounded(4, unit)
    return Rates(
        model=model,
        unit=unit,
        output=format_of(model.output).unit * model.output_unit,
        product=product * later * scale,
        score=stored + scaling * (1 + stored),
        input=inputs * later * scale,
        operand_tiny=operand_tiny * later,
        product_tiny=product_tiny * later,
        stored=stored,
        softcap=model.tanh_relative + 4 * unit + stored,
        softcap_absolute=model.tanh_absolute * (1 + stored) * (1 + unit),
        sink=stored + own,
        rescalings=rescalings,
        merges=merges,
        depth=_depth(model, keys) + merges,
        exp_constant=model.exp_relative * (1 + rescalings + merges),
        exp_slope=model.exp_argument,
        lse=of_lse,
        log=model.log_relative + of_lse,
        weight=compound(*filter(None, [model.weights]), unit=model.operand_unit),
        value=compound(*model.values, unit=model.operand_unit),
        value_tiny=model.operand_unit * sum(map(model.tiny, model.values)),
        is_double="float64" in (model.dot, model.softmax, model.accumulator),
    )


def _depth(model: NumericModel, keys: int) -> int:
    """Return how many additions a term goes through: all, or those of two levels."""
    if model.sum_block is None:
        return keys
    return min(keys, model.sum_block + math.ceil(keys / model.sum_block))


def _of_scale(model: NumericModel, scale: float) -> float:
    """Return the relative error of a scale that is rounded to a format."""
    if model.scale is None or format_of(model.scale).holds(scale):
        return 0.0
    size = abs(scale)
    return max(format_of(model.scale).unit, model.tiny(model.scale) / size)


def _product_error(model: NumericModel, width: int, scale: float, dtype: str) -> float:
    """Return the error of a product of rounded operands, relative to |q| . |k|."""
    rounded = model.operands
    if name := model.prescale:
        held = format_of(name).unit <= format_of(dtype).unit
        if not (held and _is_power_of_two(scale)):
            rounded += (name,)
    operand = compound(*rounded, unit=model.operand_unit)
    dot = gamma(width, format_of(model.dot).unit * model.dot_unit)
    return operand + dot * (1 + operand)


def _tiny_errors(model: NumericModel, width: int, scale: float) -> tuple[float, float]:
    """Return the absolute errors of operands and of products near zero."""
    grown = max(1.0, scale)
    operands = model.operands + ((model.prescale,) if model.prescale else ())
    given = 2 * sum(map(model.tiny, model.inputs)) * scale
    of_operands = sum(map(model.tiny, operands)) * grown
    of_scores = sum(map(model.tiny, model.scores)) * grown
    of_operands = model.operand_unit * (of_operands + given)
    return of_operands, 2 * width * model.tiny(model.dot) * grown + of_scores


__all__ = ["Rates", "compound", "covering", "gamma", "rates", "rounded"]
