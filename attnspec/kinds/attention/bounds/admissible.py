"""Which cases a bound can judge: nothing may overflow on the way to the result."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.law import Dialect
from attnspec.kinds.attention.bounds.problem import Problem, prepare
from attnspec.kinds.attention.bounds.rates import gamma, rates
from attnspec.kinds.attention.bounds.seen_keys import seen_keys
from attnspec.kinds.attention.case import AttentionCase
from attnspec.numerics.formats import format_of
from attnspec.numerics.models import NumericModel


def admissible(
    case: AttentionCase, dialect: Dialect, model: NumericModel
) -> str | None:
    """Return None if the bounds of the model hold, or which precondition fails.

    No intermediate number may overflow the format that the model gives it, no
    sum may be longer than its format can carry, and a sink must be a number or
    minus infinity. Hidden keys and values may be anything; NaN and infinities that
    a query sees have no bound but a class, and count for nothing here.

    Parameters
    ----------
    case
        The problem.
    dialect
        The choices that fix what a query sees.
    model
        How the kernel computes.

    Returns
    -------
    str or None
        Such as ``"scores: expected less than 65504 (float16), got 1.2e+06"``.

    Examples
    --------
    >>> import numpy as np
    >>> from attnspec.kinds.attention.dialect import SPEC
    >>> from attnspec.numerics import PRESETS
    >>> x = np.full((1, 1, 1, 1), 300, np.float16)
    >>> admissible(AttentionCase.of(x, x, x), SPEC, PRESETS["flash-float16"])
    >>> admissible(AttentionCase.of(x, x, x), SPEC, PRESETS["naive-float16"])
    'scores: expected less than 65504 (float16), got 9e+04'
    """
    problem = prepare(case, dialect, slice(None))
    sizes = case.sizes
    too_long = _length(model, sizes.E, sizes.S + (case.sink is not None))
    if too_long or not case.query.size:
        return too_long
    if problem.softcap_is_last and problem.softcap and _hides(problem.bias):
        return "bias: expected finite numbers under a softcap, got minus infinity"
    with np.errstate(all="ignore"):
        largest = _sizes(problem)
        for name, value in largest.items():
            if not math.isfinite(value):
                return f"{name}: expected finite numbers, got {value}"
        return _overflow(model, problem, largest)


def _length(model: NumericModel, width: int, keys: int) -> str | None:
    """Name a sum that is too long for its format."""
    own = rates(model, width, keys, 1.0)
    terms, blocks = min(keys, own.depth) + own.rescalings, own.rescalings + 1
    sums = [
        ("dot", width, model.dot, model.dot_unit),
        ("softmax", terms, model.row_sum or model.softmax, 1.0),
        ("accumulator", terms, model.accumulator, model.accumulator_unit),
    ]
    stored = {name: getattr(model, name) for name in _STORED}
    sums += [
        (name, blocks, format_, 1.0) for name, format_ in stored.items() if format_
    ]
    for name, terms, format_, unit in sums:
        if math.isinf(gamma(terms, format_of(format_).unit * unit)):
            return f"{name}: {terms} terms are too many for a sum in {format_}"
    return None


_STORED = ("stored_row_sum", "stored_accumulator")


def _sizes(problem: Problem) -> dict[str, float]:
    """Return the largest magnitude of everything that some query sees."""
    key, value = problem.key[:, :, 0], problem.value[:, :, 0, : problem.keys]
    seen = seen_keys(problem)
    if seen is not None:
        key, value = (np.where(seen[..., None], x, 0.0) for x in (key, value))
    query, key, value = map(_finite, (problem.query, key, value))
    sizes = {"query": _largest(query), "key": _largest(key), "value": _largest(value)}
    lengths = [np.sqrt((x * x).sum(axis=-1)) for x in (query, key)]
    sizes["products"] = _largest(lengths[0]) * _largest(lengths[1])
    if problem.bias is not None:
        sizes["bias"] = _largest(_finite(problem.bias.astype(np.float64)))
    if problem.slopes is not None:
        farthest = max(problem.keys, problem.queries)
        sizes["ALiBi"] = _largest(problem.slopes) * farthest
    if problem.sink is not None:
        sizes["sink"] = _largest(np.where(problem.sink == -np.inf, 0.0, problem.sink))
    return sizes


def _hides(bias: Array | None) -> bool:
    """Return whether a bias hides keys: a softcap behind it would show them again."""
    return bias is not None and bool((bias == -np.inf).any())


def _finite(array: Array) -> Array:
    """Return the array with 0 for NaN and infinities."""
    return np.where(np.isfinite(array), array, 0.0)


def _largest(array: Array) -> float:
    """Return the largest magnitude, NaN if there is one."""
    return float(np.abs(array).max(initial=0.0))


def _overflow(
    model: NumericModel, problem: Problem, largest: dict[str, float]
) -> str | None:
    """Name an intermediate number that may overflow its format."""
    for name, value, format_ in _limits(model, problem, largest):
        maximum = format_of(format_).maximum
        # A rounding or two may lift anything but a stored value.
        if not value < maximum * (1 if name == "value" else 1 - 2.0**-6):
            return (
                f"{name}: expected less than {maximum:g} ({format_}), got {value:.2g}"
            )
    return None


def _limits(
    model: NumericModel, problem: Problem, largest: dict[str, float]
) -> Iterator[tuple[str, float, str]]:
    """Yield the intermediate numbers, how large they may be, and their formats."""
    scale, products = abs(problem.scale), largest["products"]
    grown = max(1.0, scale)
    added = largest.get("bias", 0.0) + largest.get("ALiBi", 0.0)
    scores = scale * products if problem.softcap is None else problem.softcap
    scores = max(scores + added, largest.get("sink", 0.0))
    yield "products", 2 * products * grown, model.dot
    yield "scores", scores, model.softmax
    for format_ in model.scores:
        yield "scores", max(scores, products * grown), format_
    for format_ in sorted(
        {*model.operands, *model.inputs, model.prescale or "float64"}
    ):
        yield "operands", max(largest["query"], largest["key"]) * grown, format_
    yield "values summed", largest["value"] * max(1, problem.keys), model.accumulator
    for format_ in (model.output, *model.values):
        yield "value", largest["value"], format_
    if model.stored_accumulator:
        summed = largest["value"] * max(1, problem.keys)
        yield "values summed", summed, model.stored_accumulator
    for format_ in filter(None, (model.softmax, model.row_sum, model.stored_row_sum)):
        yield "keys", problem.keys, format_
    if model.weights and not model.weights_normalized:
        yield "weights", math.exp(min(model.max_slack, 700.0)), model.weights


__all__ = ["admissible"]
