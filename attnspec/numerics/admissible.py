"""Which cases a bound can judge: nothing may overflow on the way to the result."""

from __future__ import annotations

import math

import numpy as np

from attnspec.cases.case import Array, Case
from attnspec.cases.dialect import Dialect
from attnspec.numerics._problem import Problem, prepare
from attnspec.numerics._rates import gamma, rates
from attnspec.numerics._seen import seen_keys
from attnspec.numerics.formats import format_of
from attnspec.numerics.models import NumericModel


def admissible(case: Case, dialect: Dialect, model: NumericModel) -> str | None:
    """Return None if the bounds of the model hold, or which precondition fails.

    No intermediate number may overflow the format that the model gives it, no
    sum may be longer than its format can carry, and what a query sees must be
    finite. Hidden keys and values may be anything.

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
    >>> from attnspec.numerics.models import PRESETS
    >>> x = np.full((1, 1, 1, 1), 300, np.float16)
    >>> admissible(Case(x, x, x), Dialect(), PRESETS["flash-float16"])
    >>> admissible(Case(x, x, x), Dialect(), PRESETS["naive-float16"])
    'scores: expected less than 65504 (float16), got 9.1e+04'
    """
    problem = prepare(case, dialect, slice(None))
    sizes = case.sizes
    too_long = _length(model, sizes.E, sizes.S + (case.sink is not None))
    if too_long or not case.query.size:
        return too_long
    with np.errstate(all="ignore"):
        largest = _sizes(problem)
        for name, value in largest.items():
            if not math.isfinite(value):
                return f"{name}: expected finite numbers, got {value}"
        return _overflow(model, problem, largest)


def _length(model: NumericModel, width: int, keys: int) -> str | None:
    """Name a sum that is too long for its format."""
    own = rates(model, width, keys, 1.0)
    sums = (
        ("dot", width, model.dot, model.dot_unit),
        ("softmax", keys + own.rescalings, model.softmax, 1.0),
        (
            "accumulator",
            keys + own.rescalings,
            model.accumulator,
            model.accumulator_unit,
        ),
    )
    for name, terms, format_, unit in sums:
        if math.isinf(gamma(terms, format_of(format_).unit * unit)):
            return f"{name}: {terms} terms are too many for a sum in {format_}"
    return None


def _sizes(problem: Problem) -> dict[str, float]:
    """Return the largest magnitude of everything that some query sees."""
    key, value = problem.key[:, :, 0], problem.value[:, :, 0, : problem.keys]
    seen = seen_keys(problem)
    if seen is not None:
        key, value = (np.where(seen[..., None], x, 0.0) for x in (key, value))
    query = problem.query
    sizes = {"query": _largest(query), "key": _largest(key), "value": _largest(value)}
    lengths = [np.sqrt((x * x).sum(axis=-1)) for x in (query, key)]
    sizes["products"] = _largest(lengths[0]) * _largest(lengths[1])
    if problem.bias is not None:
        bias = problem.bias.astype(np.float64)
        sizes["bias"] = _largest(np.where(bias == -np.inf, 0.0, bias))
    if problem.sink is not None:
        sizes["sink"] = _largest(np.where(problem.sink == -np.inf, 0.0, problem.sink))
    return sizes


def _largest(array: Array) -> float:
    """Return the largest magnitude, NaN if there is one."""
    return float(np.abs(array).max(initial=0.0))


def _overflow(
    model: NumericModel, problem: Problem, largest: dict[str, float]
) -> str | None:
    """Name an intermediate number that may overflow its format."""
    scale = abs(problem.scale)
    products = largest["products"]
    scores = scale * products if problem.softcap is None else problem.softcap
    scores += largest.get("bias", 0.0)
    scores = max(scores, largest.get("sink", 0.0))
    summed = largest["value"] * max(1, problem.keys)
    limits = [
        ("products", 2 * products * max(1.0, scale), model.dot),
        ("scores", scores, model.softmax),
        ("values summed", summed, model.accumulator),
        ("value", largest["value"], model.output),
        ("keys", problem.keys, model.softmax),
    ]
    limits += [
        ("scores", max(scores, products, products * scale), f) for f in model.scores
    ]
    operands = {*model.operands, model.prescale or "float64"}
    size = max(largest["query"], largest["key"]) * max(1.0, scale)
    limits += [("operands", size, name) for name in sorted(operands)]
    if model.weights and not model.weights_normalized:
        limits += [("weights", math.exp(min(model.max_slack, 700.0)), model.weights)]
    for name, value, format_ in limits:
        if not value < format_of(format_).maximum * (
            1 if name == "value" else 1 - 2.0**-6
        ):
            maximum = format_of(format_).maximum
            return (
                f"{name}: expected less than {maximum:g} ({format_}), got {value:.2g}"
            )
    return None


__all__ = ["admissible"]
