"""What a kernel that fails would have to be allowed, from mild to wild."""

from __future__ import annotations

import math
from typing import Any

from attnspec.numerics.formats import format_of
from attnspec.numerics.models import PRESETS, NumericModel

_LAZY = 8 * math.log(2)

_Change = tuple[str, dict[str, Any]]

_COMMON: tuple[_Change, ...] = (
    ("parts of the keys are merged by their logsumexp", {"splits": True}),
    ("the running maximum is updated lazily", {"max_slack": _LAZY}),
    (
        "accumulation truncates, as in tensor cores",
        {"dot_unit": 4.0, "accumulator_unit": 4.0},
    ),
    ("the exponential has a relative error of 2^-20", {"exp_relative": 2.0**-20}),
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
)
_IN_FLOAT32 = {name: getattr(PRESETS["float32"], name) for name in _INNER}

_DOUBLE: tuple[_Change, ...] = (
    (
        "constants are rounded to float32",
        {"operands": ("float64",) * 4 + ("float32",) * 2},
    ),
    ("the computation is in float32", _IN_FLOAT32),
    ("computation and output are in float32", {**_IN_FLOAT32, "output": "float32"}),
)

_SINGLE: tuple[_Change, ...] = (
    (
        "products are computed in TF32",
        {
            "operands": ("float32",) * 4 + ("tfloat32",) * 2,
            "weights": "tfloat32",
            "weights_in_sum": "either",
        },
    ),
)


def _halves(dtype: str) -> tuple[_Change, ...]:
    """Return what goes wrong by computing one thing in a 16-bit format."""
    either = {"weights": dtype, "weights_in_sum": "either"}
    return (
        (f"weights are rounded to {dtype}", {"weights": dtype}),
        (f"weights are rounded to {dtype} before they are added up", either),
        (f"the logsumexp is rounded to {dtype}", {"lse": dtype}),
        (f"the query is scaled in {dtype}", {"prescale": dtype}),
        (
            f"query and key are rounded to {dtype}",
            {"operands": ("float32",) * 4 + (dtype,) * 2},
        ),
        (f"scores are stored in {dtype}", {"scores": (dtype,)}),
        (
            f"the output is stored in {dtype} after every block of keys",
            {"stored_accumulator": dtype},
        ),
        (f"the output is rounded to {dtype}", {"output": dtype}),
    )


def relaxations(model: NumericModel) -> tuple[tuple[str, NumericModel], ...]:
    """Return weaker models, each with the words for what it allows.

    The first one that admits a failing result says what the kernel may be
    doing. Each relaxes the given model; the last ones relax several things.

    Parameters
    ----------
    model
        The model that a kernel fails.

    Returns
    -------
    tuple of (str, NumericModel)
        From mild to wild; none is equal to the model itself.

    Examples
    --------
    >>> from attnspec.numerics.models import default_model
    >>> relaxations(default_model("float32"))[-1][0]
    'everything is computed in bfloat16'
    """
    found = [(words, model.replace(**changes)) for words, changes in _changes(model)]
    found += [
        (f"everything is computed in {dtype}", _throughout(model, dtype))
        for dtype in ("float16", "bfloat16")
    ]
    return tuple(
        (words, relaxed)
        for words, relaxed in found
        if relaxed != model and _is_weaker(relaxed, model)
    )


def _is_weaker(relaxed: NumericModel, model: NumericModel) -> bool:
    """Whether no format became finer: that would not be a relaxation."""
    names = ("output", "dot", "softmax", "weights", "accumulator", "prescale")
    return all(
        _unit(getattr(relaxed, name)) >= _unit(getattr(model, name)) for name in names
    )


def _unit(name: str | None) -> float:
    """Return the unit roundoff of a format; none rounds nothing."""
    return format_of(name).unit if name else 0.0


def _changes(model: NumericModel) -> list[_Change]:
    """Return the single relaxations that are weaker than the model."""
    changes = list(_COMMON)
    if model.softmax == "float64":
        changes += _DOUBLE
    if model.weights is None:
        changes += _SINGLE
    rough = ("the exponential has a relative error of 1e-3", {"exp_relative": 1e-3})
    return [*changes, *_halves("float16"), rough, *_halves("bfloat16")]


def _throughout(model: NumericModel, dtype: str) -> NumericModel:
    """Return the model of a kernel that computes everything in a 16-bit format."""
    unit = 2.0**-11 if dtype == "float16" else 2.0**-8
    return model.replace(
        output=dtype,
        dot=dtype,
        prescale=dtype,
        operands=(dtype,) * 2,
        scores=(dtype,) * 3,
        softmax=dtype,
        exp_relative=4 * unit,
        exp_argument=2 * unit,
        log_relative=4 * unit,
        tanh_relative=8 * unit,
        weights=dtype,
        weights_in_sum="either",
        accumulator=dtype,
        stored_accumulator=dtype,
    )


_NARROWER = {"float64": ("float32",), "float32": ("float16", "bfloat16")}


def narrower(
    model: NumericModel, *, tables: bool = False
) -> tuple[tuple[str, NumericModel], ...]:
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
    >>> from attnspec.numerics.models import default_model
    >>> [
    ...     words for words, _ in narrower(default_model("float64"))
    ... ]  # doctest: +NORMALIZE_WHITESPACE
    ['the output is rounded to float32', 'each operation stores its result in float32',
     'it is computed in float32']
    """
    names = _NARROWER.get(model.softmax, ())
    if model.output in names:
        names = (model.output,)  # Who takes one 16-bit format has no other.
    several = {name: _narrowed(name, tables=tables) for name in names}
    # What is computed in the finest of them is coarser than what the others store.
    stored = [change for name in names for change in several[name][:-1]]
    computed = [several[name][-1] for name in names]
    found = [(w, model.replace(**changes)) for w, changes in (*stored, *computed)]
    return tuple((w, m) for w, m in found if m != model and _is_weaker(m, model))


def _narrowed(name: str, *, tables: bool) -> tuple[_Change, ...]:
    """Return what a formula may do in a narrower format, from mild to wild."""
    own = {"tables": name} if tables else {}
    computed = {"softmax": name, "accumulator": name, "flushed": (name,), **own}
    return (
        (f"the output is rounded to {name}", {"output": name}),
        *((f"cosines and sines are stored in {name}", own) for _ in own),
        (f"each operation stores its result in {name}", {"softmax": name, **own}),
        (f"it is computed in {name}", computed),
    )


__all__ = ["narrower", "relaxations"]
