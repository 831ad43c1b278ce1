"""What a single value must be: an array, an integer, a number, a word."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import AbstractArray, Float

from attnspec._axes import Axes, in_numbers, matched
from attnspec._typing import Array
from attnspec.exceptions import InvalidArgument, UnknownName

Rule = Callable[[str, Any, Axes], Any]
"""Takes the name of an argument, its value and the axes so far; returns the value."""

EXACT = 2**53
"""Float64 holds every integer up to this one; beyond it, some are lost."""

_FLOATS: Any = Float[np.ndarray, "..."]
_INSTEAD = {
    "mask": " (True attends); what is added to the scores is a bias",
    "bias": "; booleans are a mask",
}
"""What to use instead, by the name of the argument."""


def refused(name: str, expected: str, got: object) -> InvalidArgument:
    """Return the error that names argument, rule and value."""
    return InvalidArgument(f"{name}: expected {expected}, got {got}")


def array_of(hint: type[AbstractArray]) -> Rule:
    """Ask for an array of a format, with axes; integers will do for numbers."""
    letters, wanted = tuple(hint.dim_str.split()), hint.dtype.__name__
    words = {"Bool": "booleans", "Int": "integers"}.get(wanted, "numbers")
    kinds = {"Bool": "b", "Shaped": "biu"}.get(wanted, "iu")
    names = () if wanted in ("Bool", "Int") else _FLOATS.dtypes
    if wanted == "Shaped":  # What is only compared may be wider than float64.
        names = (*names, np.dtype(np.longdouble).name)
    whole = {"Int": np.intp, "Shaped": None}.get(wanted, np.float64)

    @functools.cache
    def allowed(dtype: np.dtype[Any]) -> bool:
        return dtype.kind in kinds or dtype.name in names

    def rule(name: str, value: Any, axes: Axes) -> Array:
        array = value if type(value) is np.ndarray else _as_array(name, value, words)
        if not allowed(array.dtype):
            got = f"{array.dtype}{_INSTEAD.get(name, '')}"
            raise refused(name, words, got)
        found = matched(array.shape, letters, axes)
        if found is None:
            raise refused(name, f"shape {in_numbers(letters, axes)}", array.shape)
        axes.update(found)
        if array.dtype.kind in "iu" and whole is not None:
            return _exact(name, array).astype(whole)
        return array

    return rule


def _as_array(name: str, value: Any, words: str) -> Array:
    """Take lists, numbers and the arrays of other libraries as arrays."""
    if isinstance(value, np.ma.MaskedArray):
        raise refused(name, f"{words} without a mask of their own", "a masked array")
    try:
        return np.asarray(value)
    except Exception as error:
        got = f"{type(value).__name__}: {error}"
        raise refused(name, f"an array of {words}", got) from error


def _exact(name: str, integers: Array) -> Array:
    """Refuse integers that float64 does not hold."""
    if integers.size:
        largest = max(int(integers.min()), int(integers.max()), key=abs)
        if abs(largest) > EXACT:
            raise refused(name, "integers up to 2**53 in size", largest)
    return integers


def integer(name: str, value: Any, _axes: Axes) -> int:
    """Ask for an integer; True is none, and what float64 does not hold wraps."""
    try:
        whole = operator.index(value)
    except TypeError as error:
        raise refused(name, "an integer", repr(value)) from error
    if isinstance(value, bool):
        raise refused(name, "an integer", repr(value))
    if abs(whole) > EXACT:
        raise refused(name, "an integer up to 2**53 in size", whole)
    return whole


def number(name: str, value: Any, _axes: Axes) -> float:
    """Ask for a real number."""
    if type(value) is float:
        return value
    array = _as_array(name, value, "numbers")
    if array.ndim or not (
        array.dtype.kind in "iu" or array.dtype.name in _FLOATS.dtypes
    ):
        raise refused(name, "a number", repr(value))
    return float(_exact(name, array) if array.dtype.kind in "iu" else array)


def boolean(name: str, value: Any, _axes: Axes) -> bool:
    """Ask for True or False."""
    if not isinstance(value, bool | np.bool_):
        raise refused(name, "True or False", repr(value))
    return bool(value)


def text(name: str, value: Any, _axes: Axes) -> str:
    """Ask for a text."""
    if not isinstance(value, str):
        raise refused(name, "a text", repr(value))
    return value


def instance_of(kind: type[Any]) -> Rule:
    """Ask for an object of a class."""

    def rule(name: str, value: Any, _axes: Axes) -> Any:
        if not isinstance(value, kind):
            raise refused(name, kind.__name__, type(value).__name__)
        return value

    return rule


def span(name: str, value: Any, _axes: Axes) -> slice:
    """Ask for a slice that says where it begins and ends, counted from 0."""
    expected = "slice(start, stop) with 0 <= start <= stop"
    if not isinstance(value, slice) or value.step is not None:
        raise refused(name, expected, repr(value))
    start = integer(f"{name}.start", value.start, _axes)
    stop = integer(f"{name}.stop", value.stop, _axes)
    if not 0 <= start <= stop:
        raise refused(name, expected, repr(value))
    return slice(start, stop)


def function(name: str, value: Any, _axes: Axes) -> Any:
    """Ask for what can be called."""
    if not callable(value):
        raise refused(name, "a function", repr(value))
    return value


def table(name: str, value: Any, _axes: Axes) -> Any:
    """Ask for names and what each stands for."""
    if not isinstance(value, Mapping):
        raise refused(name, "a table", repr(value))
    return value


def anything(_name: str, value: Any, _axes: Axes) -> Any:
    """Ask for nothing."""
    return value


def one_of(words: tuple[Any, ...]) -> Rule:
    """Ask for one of several words."""

    def rule(name: str, value: Any, _axes: Axes) -> Any:
        if not isinstance(value, str) or value not in words:
            error = refused(name, " or ".join(map(repr, words)), repr(value))
            raise UnknownName(str(error))
        return value

    return rule


__all__ = [
    "Rule",
    "anything",
    "array_of",
    "boolean",
    "function",
    "instance_of",
    "integer",
    "number",
    "one_of",
    "refused",
    "table",
    "text",
]
