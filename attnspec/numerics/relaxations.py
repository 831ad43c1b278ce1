"""What a kernel that fails would have to be allowed, from mild to wild."""

from __future__ import annotations

import math
from typing import Any

from attnspec._arguments import checked
from attnspec.numerics.models import NumericModel
from attnspec.numerics.roundings import (
    Relaxed,
    added_up,
    alone,
    exponential,
    in_float8,
    in_float32,
    products,
    rounded,
    tfloat32,
    tfloat32_products,
    throughout,
    truncated,
    unit_of,
)

_STRUCTURE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("parts of the keys are merged by their logsumexp", {"splits": True}),
    ("weights are formed from a stored logsumexp", {"normalized_by_lse": True}),
    ("the running maximum is updated lazily", {"max_slack": 8 * math.log(2)}),
    (
        "accumulation truncates, as in tensor cores",
        {"dot_unit": 4.0, "accumulator_unit": 4.0},
    ),
)


@checked
def relaxations(model: NumericModel) -> tuple[Relaxed, ...]:
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


def _found(model: NumericModel) -> list[Relaxed]:
    """Return all relaxations, those of the model itself among them."""
    found = [(words, model.replace(**changes)) for words, changes in _STRUCTURE]
    found += exponential(model, ("2^-20", 2.0**-20), ("1e-5", 1e-5))
    if "float64" in (model.dot, model.softmax):
        found += _narrowed(model, "float32") + in_float32(model)
    for name in ("float16", "bfloat16"):
        found += alone(model, name)
    found += [*tfloat32(model, "rounded"), *rounded(model, "float16")]
    found += [*tfloat32(model, "truncated"), *truncated(model, "float16")]
    found += [*tfloat32_products(model), *added_up(model, "float16")]
    found += exponential(model, ("1e-4", 1e-4), ("1e-3", 1e-3))
    found += [*rounded(model, "bfloat16"), *truncated(model, "bfloat16")]
    found += [*added_up(model, "bfloat16"), *in_float8(model)]
    for dtype in ("float16", "bfloat16"):
        found += [*products(model, dtype), throughout(model, dtype)]
    return found


def _narrowed(model: NumericModel, name: str) -> list[Relaxed]:
    """Round or truncate one thing to a format, whatever it is."""
    first = [*alone(model, name), *rounded(model, name)]
    return [*first, *truncated(model, name), *added_up(model, name)]


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
    own = unit_of(model.output)
    given = {*relaxed.inputs, *relaxed.values} - {*model.inputs, *model.values}
    coarser = relaxed.dot != model.dot or all(unit_of(name) > own for name in given)
    return (
        coarser
        and all(
            unit_of(getattr(relaxed, name)) >= unit_of(getattr(model, name))
            for name in _ROUNDED
        )
        and all(getattr(relaxed, name) >= getattr(model, name) for name in _RATES)
    )


_NARROWER = {"float64": ("float32",), "float32": ("float16", "bfloat16")}


def narrower(model: NumericModel, *, tables: bool = False) -> tuple[Relaxed, ...]:
    """Return weaker models of a formula, each with the words for what it allows.

    Parameters
    ----------
    model
        The model that a function fails.
    tables
        Whether the formula has factors that depend on positions alone.

    Returns
    -------
    tuple of (str, NumericModel)
        From mild to wild: one rounding, tables, every operation, the whole computation.

    Examples
    --------
    >>> from attnspec.numerics import default_model
    >>> [
    ...     words for words, _ in narrower(default_model("float64"))
    ... ]  # doctest: +NORMALIZE_WHITESPACE
    ['the output is rounded to float32', 'each operation stores its result in float32',
     'it is computed in float32']
    """
    names = _NARROWER.get(model.softmax, ())
    if model.output in names:
        names = (model.output,)  # Who takes one 16-bit format has no other.
    several = {name: _formula_in(name, tables=tables) for name in names}
    # What is computed in the finest of them is coarser than what the others store.
    stored = [change for name in names for change in several[name][:-1]]
    computed = [several[name][-1] for name in names]
    found = [(w, model.replace(**changes)) for w, changes in (*stored, *computed)]
    least = unit_of(model.output)
    return tuple((w, m) for w, m in found if m != model and unit_of(m.output) >= least)


def _formula_in(name: str, *, tables: bool) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Return what a formula may do in a narrower format, from mild to wild."""
    own = {"tables": name} if tables else {}
    stored = {"softmax": name, "output": name, **own}
    computed = {**stored, "accumulator": name, "flushed": (name,)}
    return (
        (f"the output is rounded to {name}", {"output": name}),
        *((f"cosines and sines are stored in {name}", own) for _ in own),
        (f"each operation stores its result in {name}", stored),
        (f"it is computed in {name}", computed),
    )


__all__ = ["narrower", "relaxations"]
