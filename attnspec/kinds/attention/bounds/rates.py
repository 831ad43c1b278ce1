"""The constants that a numeric model turns into for one size of problem."""

from __future__ import annotations

import dataclasses
import math

from attnspec.numerics.formats import format_of
from attnspec.numerics.models import PRESETS, NumericModel


@dataclasses.dataclass(frozen=True, slots=True)
class Rates:
    """Error rates, named after what they multiply.

    Parameters
    ----------
    unit, output
        The unit roundoffs of the softmax and of the output.
    product, score
        On scale * |query| . |key| and on the magnitude of a scaled product.
    operand_tiny, product_tiny
        Absolute errors of a product: on |query| + |key|, and alone.
    stored
        Of the roundings of stored scores.
    softcap, sink
        On the magnitude of a capped score and of a sink.
    rescalings
        How often online softmax may rescale a running sum.
    exp_constant, exp_slope
        The relative error of an exponential and its growth with the argument.
    merge
        On |largest score| + log S in the weights of a merged part.
    weight
        Of rounding a weight.
    is_double
        Whether the model is about as exact as the evaluator itself, so that
        the evaluator's own error counts.
    """

    model: NumericModel
    unit: float
    output: float
    product: float
    score: float
    operand_tiny: float
    product_tiny: float
    stored: float
    softcap: float
    sink: float
    rescalings: int
    exp_constant: float
    exp_slope: float
    merge: float
    weight: float
    is_double: bool


def compound(*formats: str) -> float:
    """Return the relative error of one rounding to each format in turn."""
    return math.prod(1 + format_of(name).unit for name in formats) - 1


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
    fields = ("exp_relative", "exp_argument", "log_relative", "tanh_relative")
    return model.replace(
        operands=model.operands or own.operands,
        scale_roundings=max(model.scale_roundings, own.scale_roundings),
        **{name: max(getattr(model, name), getattr(own, name)) for name in fields},
    )


def rates(given: NumericModel, width: int, keys: int, scale: float) -> Rates:
    """Return the error rates of a model for products of `width` terms."""
    model = covering(given)
    unit, scale = format_of(model.softmax).unit, abs(scale)
    stored = compound(*model.scores)
    scaling = (1 + unit) ** model.scale_roundings - 1
    later = (1 + stored) * (1 + scaling)
    rescalings = max(0, math.ceil(keys / model.block) - 1)
    operand_tiny, product_tiny = _tiny_errors(model, width, scale)
    return Rates(
        model=model,
        unit=unit,
        output=format_of(model.output).unit,
        product=_product_error(model, width, scale) * later * scale,
        score=stored + scaling * (1 + stored),
        operand_tiny=operand_tiny * later,
        product_tiny=product_tiny * later,
        stored=stored,
        softcap=model.tanh_relative + 4 * unit + stored,
        sink=stored + scaling,
        rescalings=rescalings,
        exp_constant=model.exp_relative * (1 + rescalings),
        exp_slope=model.exp_argument,
        merge=4 * unit if model.splits else 0.0,
        weight=format_of(model.weights).unit if model.weights else 0.0,
        is_double="float64" in (model.dot, model.softmax, model.accumulator),
    )


def _product_error(model: NumericModel, width: int, scale: float) -> float:
    """Return the error of a product of rounded operands, relative to |q| . |k|."""
    rounded = model.operands
    if model.prescale and not _is_power_of_two(scale):
        rounded += (model.prescale,)
    operand = compound(*rounded)
    dot = gamma(width, format_of(model.dot).unit * model.dot_unit)
    return operand + dot * (1 + operand)


def _tiny_errors(model: NumericModel, width: int, scale: float) -> tuple[float, float]:
    """Return the absolute errors of operands and of products near zero."""
    grown = max(1.0, scale)
    operands = model.operands + ((model.prescale,) if model.prescale else ())
    of_operands = sum(model.tiny(name) for name in operands) * grown
    of_scores = sum(model.tiny(name) for name in model.scores) * grown
    return of_operands, 2 * width * model.tiny(model.dot) * grown + of_scores


__all__ = ["Rates", "compound", "covering", "gamma", "rates"]
