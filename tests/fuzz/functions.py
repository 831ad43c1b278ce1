"""Calls of the public functions with right and wrong arguments, drawn at random.

``python tests/fuzz/functions.py [--count 10000] [--seed 0]``. Arguments come from the
annotations: an array has the letters of its axes, each one length in the whole call. Of
every second call some arguments are exchanged for hostile ones. A call is handled if it
returns, or raises an error of attnspec; warnings are errors. What no annotation of the
argument allows must be refused.
"""

from __future__ import annotations

import functools
import inspect
import random
import sys
import types
import typing
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
from jaxtyping import AbstractArray
from tally import Accepted, run

from attnspec import kernels, numerics, reference
from attnspec.reference import masks, softmax

Call = tuple[str, list[Any], dict[str, Any], tuple[str, ...]]
"""A function by name, its arguments, and the names of those that are surely wrong."""


def _flat(numbers: Any, _mask: Any = None) -> Any:
    """Return an array in another shape, as no normalizer may."""
    return np.ravel(numbers)


def _nothing(_numbers: Any, _mask: Any = None) -> None:
    """Return no array."""


class Foreign(NamedTuple):
    """A named tuple that no function asks for."""

    query: Any = "x"


REFUSED: tuple[Callable[[], Any], ...] = (
    lambda: "text",
    lambda: b"bytes",
    object,
    dict,
    lambda: 1j,
    lambda: np.array(["a", "b"]),
    lambda: np.array(["2026-01-01"], dtype="M8[D]"),
    lambda: np.array([1], dtype="m8[s]"),
    lambda: np.array([1 + 1j, 2]),
    lambda: np.array([None, 1], dtype=object),
    lambda: np.array([2**70], dtype=object),
    lambda: np.ma.masked_array([[1.0, 2.0]], [[True, False]]),
    lambda: np.array([(1, 2.0)], dtype="i4,f8"),
    lambda: [[1.0], [1.0, 2.0]],
    lambda: ["1.0"],
    Foreign,
)
"""What no argument of any function is."""

DOUBTFUL: tuple[Callable[[], Any], ...] = (
    lambda: None,
    lambda: True,
    lambda: -1,
    lambda: 0,
    lambda: 1,
    lambda: 7,
    lambda: 0.5,
    lambda: -0.0,
    lambda: float("nan"),
    lambda: float("inf"),
    lambda: np.float32(2.0),
    lambda: np.int8(-3),
    lambda: np.uint8(3),
    lambda: np.bool_(True),  # noqa: FBT003 - a value
    lambda: (0.5, 0),
    lambda: (float("nan"), 1),
    lambda: (-1, 0),
    lambda: (1, None),
    lambda: (1, 2, 3),
    list,
    lambda: [0.0, 1.0],
    lambda: [0, 0, float("-inf")],
    lambda: [True, False],
    lambda: np.zeros(0),
    lambda: np.zeros((0, 0)),
    lambda: np.zeros((1, 0, 2, 3)),
    lambda: np.array(1.0),
    lambda: np.ones((2, 3)),
    lambda: np.ones((2, 2), dtype=bool),
    lambda: np.full((3, 3), np.nan),
    lambda: np.full((2, 1), -np.inf),
    lambda: np.full(2, 1.7e308),
    lambda: np.array([-(2**62), 2**62]),
    lambda: np.array([2**53 + 1]),
    lambda: np.array([200, 255], dtype=np.uint8),
    lambda: np.array([-128, 127], dtype=np.int8),
    lambda: np.ones((2, 2), dtype=ml_dtypes.bfloat16),
    lambda: np.ones((2, 2), dtype=ml_dtypes.float8_e4m3fn),
    lambda: np.ones((2, 2), dtype=np.longdouble),
    lambda: np.matrix([[1.0, 2.0], [3.0, 4.0]]),
    lambda: np.ones((2, 2), order="F")[::-1],
    lambda: [np.arange(2)],
    lambda: range(3),
    lambda: (x for x in (1.0, 2.0)),
    lambda: _flat,
    lambda: _nothing,
    lambda: "zero",
    lambda: "lower_right",
)
"""What may be right for one argument and wrong for another."""


def _public() -> dict[str, Callable[..., Any]]:
    """Return every public function of the definitions, the kernels and the numerics."""
    found = {
        f"{module.__name__}.{name}": getattr(module, name)
        for module in (reference, masks, kernels, numerics)
        for name in module.__all__
    }
    return {
        name: value
        for name, value in found.items()
        if inspect.isfunction(inspect.unwrap(value))
    }


FUNCTIONS = _public()


@functools.cache
def _hints(name: str) -> dict[str, Any]:
    """Return the annotations of a function, without that of its result."""
    hints = typing.get_type_hints(FUNCTIONS[name], include_extras=True)
    hints.pop("return", None)
    return hints


def _right(  # noqa: PLR0911 - one line a kind of annotation
    hint: Any, axes: dict[str, int], source: random.Random
) -> Any:
    """Return an argument that an annotation allows."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _right(source.choice(parts), axes, source)
    if origin is typing.Annotated:
        numbers = (_right(parts[0], axes, source) for _ in range(99))
        return next(n for n in numbers if all(part.holds(n) for part in parts[1:]))
    if origin is typing.Literal:
        return source.choice(parts)
    if origin is tuple:
        return tuple(_right(part, axes, source) for part in parts)
    if origin is Sequence:
        return [_right(parts[0], axes, source) for _ in range(source.randint(0, 2))]
    if origin is typing.get_origin(Callable[..., Any]):
        return source.choice([softmax, reference.sparsemax, _flat, _nothing])
    return _simple(hint, axes, source)


def _simple(hint: Any, axes: dict[str, int], source: random.Random) -> Any:
    """Return an argument that an annotation without parts allows."""
    if hint is type(None):
        return None
    if issubclass(hint, AbstractArray):
        return _array(hint, axes, source)
    if issubclass(hint, tuple):
        fields = typing.get_type_hints(hint, include_extras=True)
        return hint(*(_right(field, axes, source) for field in fields.values()))
    if issubclass(hint, numerics.NumericModel):
        return source.choice(list(numerics.PRESETS.values()))
    values: dict[Any, Any] = {
        bool: source.random() < 0.5,
        int: source.randint(-2, 6),
        float: source.uniform(-3.0, 3.0),
        slice: slice(source.randint(0, 2), source.randint(2, 4)),
        str: source.choice(["float32", "bfloat16", "output"]),
    }
    return values[hint]


def _array(hint: Any, axes: dict[str, int], source: random.Random) -> Any:
    """Return an array of a format, with the lengths of its letters."""
    shape: list[int] = []
    for letter in hint.dim_str.split():
        name = letter.replace("#", "").lstrip("*")
        if letter == "..." or letter.startswith("*"):
            shape += [axes.setdefault("*" + name, 2)] * source.randint(0, 1)
        else:
            parts = (
                axes.setdefault(part, source.randint(0, 4)) for part in name.split("+")
            )
            shape.append(sum(parts))
    draws = np.random.default_rng(source.getrandbits(32))
    kind = hint.dtype.__name__
    if kind == "Bool":
        return draws.random(shape) < 0.7
    if kind == "Int":
        return draws.integers(0, 4, shape)
    numbers = draws.standard_normal(shape)
    if source.random() < 0.2:
        numbers = np.where(draws.random(shape) < 0.3, -np.inf, numbers)
    return numbers.astype(source.choice([np.float64, np.float32, ml_dtypes.bfloat16]))


def drawn(source: random.Random) -> Call:
    """Return a function and what it is called with."""
    name = source.choice(sorted(FUNCTIONS))
    hints, axes = _hints(name), {"Hq": 2, "Hkv": source.choice([1, 2])}
    wrong: list[str] = []
    args: list[Any] = []
    options: dict[str, Any] = {}
    hostile = source.random() < 0.5
    for argument, parameter in inspect.signature(FUNCTIONS[name]).parameters.items():
        if parameter.default is not parameter.empty and source.random() < 0.5:
            continue
        value = _right(hints[argument], axes, source)
        if hostile and source.random() < 0.4:
            pool = source.choice((REFUSED, DOUBTFUL))
            value = source.choice(pool)()
            if pool is REFUSED and hints[argument] is not str:
                wrong.append(argument)
        if parameter.kind is parameter.POSITIONAL_ONLY or (
            parameter.kind is parameter.VAR_POSITIONAL
        ):
            args.append(value)
        else:
            options[argument] = value
    return name, args, options, tuple(wrong)


def tried(call: Call) -> str:
    """Call a function; refuse it that it accepts what is surely wrong."""
    name, args, options, wrong = call
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        FUNCTIONS[name](*args, **options)
    if wrong:
        message = f"{name} accepts {', '.join(wrong)}"
        raise Accepted(message)
    return name


if __name__ == "__main__":
    sys.exit(run(drawn, tried, count=10_000))
