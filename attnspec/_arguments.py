"""The signature is the rule: arguments are read as the annotations of a function say.

``query: Float[np.ndarray, "*batch L E"]`` asks for numbers, in an array whose last axes
are L and E; a letter is one length in all arguments of a call. ``mask: Bool[...]`` asks
for booleans, ``chunk: Size`` for an integer of 1 or more, a ``Literal`` for one of its
words. Lists and Python's numbers are taken as arrays. What is in a ``Mapping`` is read
where it is used.
"""

from __future__ import annotations

import collections.abc
import functools
import inspect
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    ParamSpec,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import numpy as np
from jaxtyping import AbstractArray

from attnspec import _values
from attnspec._axes import Axes
from attnspec._typing import Range
from attnspec._values import Rule, refused
from attnspec.exceptions import InvalidArgument

P = ParamSpec("P")
R = TypeVar("R")


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function to read its arguments as its annotations say.

    Raises
    ------
    InvalidArgument
        When the function is called with what an annotation does not allow. The
        message names argument, rule and value.

    Examples
    --------
    >>> import numpy as np
    >>> from jaxtyping import Float
    >>> @checked
    ... def total(scores: Float[np.ndarray, "S"]) -> float:
    ...     return float(scores.sum())
    >>> total([1, 2])
    3.0
    >>> total("12")
    Traceback (most recent call last):
    attnspec.exceptions.InvalidArgument: scores: expected numbers, got <U2
    """

    @functools.cache
    def rules() -> _Rules:
        return _rules_of(function)

    @functools.wraps(function)
    def read(*args: P.args, **options: P.kwargs) -> R:
        by_place, by_name, further = rules()
        axes: Axes = {}
        places = [*by_place, *[further] * (len(args) - len(by_place))]
        given = [
            rule(name, value, axes)
            for (name, rule), value in zip(places, args, strict=False)
        ]
        named = {
            name: rule(name, options[name], axes)
            for name, rule in by_name.items()
            if name in options
        }
        return function(*given, **{**options, **named})

    return read


class _Rules(NamedTuple):
    """The rules of arguments by place, by name, and of all further ones."""

    by_place: list[tuple[str, Rule]]
    by_name: dict[str, Rule]
    further: tuple[str, Rule]


def _rules_of(function: Callable[..., Any]) -> _Rules:
    """Return what the annotations of a function say."""
    hints = get_type_hints(function, include_extras=True)
    rules = _Rules([], {}, ("", _values.anything))
    for name, parameter in inspect.signature(function).parameters.items():
        rule = _rule(hints.get(name, Any))
        if parameter.kind is parameter.VAR_POSITIONAL:
            rules = rules._replace(further=(name, rule))
        elif parameter.kind is not parameter.VAR_KEYWORD:
            rules.by_name[name] = rule
            if parameter.kind is not parameter.KEYWORD_ONLY:
                rules.by_place.append((name, rule))
    return rules


def _rule(hint: Any) -> Rule:
    """Return the rule that an annotation states."""
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if (origin := get_origin(hint)) is not None:
        return _COMPOUND[origin](get_args(hint))
    if issubclass(hint, AbstractArray):
        return _values.array_of(hint)
    return _record(hint) if issubclass(hint, tuple) else _values.instance_of(hint)


def _in_ranges(hints: tuple[Any, ...]) -> Rule:
    """Ask for a number within ranges."""
    inner = _rule(hints[0])
    ranges: tuple[Range, ...] = hints[1:]

    def rule(name: str, value: Any, axes: Axes) -> Any:
        number = inner(name, value, axes)
        for words, holds in ranges:
            if not holds(number):
                raise refused(name, words, number)
        return number

    return rule


def _any_of(hints: tuple[Any, ...]) -> Rule:
    """Ask for what one of several rules allows, None among them."""
    rules = [_rule(hint) for hint in hints if hint is not type(None)]
    optional = len(rules) < len(hints)

    def rule(name: str, value: Any, axes: Axes) -> Any:
        if value is None and optional:
            return None
        errors = []
        for each in rules:
            try:
                return each(name, value, axes)
            except InvalidArgument as error:
                errors.append(str(error))
        raise InvalidArgument("; or ".join(_joined(errors, f"{name}: expected ")))

    return rule


def _joined(errors: list[str], head: str) -> list[str]:
    """Return errors, those of the argument itself as one."""
    own = [error for error in errors if error.startswith(head)]
    if not own:
        return errors
    parts = [error.removeprefix(head).partition(", got ") for error in own]
    one = f"{head}{' or '.join(part[0] for part in parts)}, got {parts[0][2]}"
    return [one, *(error for error in errors if error not in own)]


def _tuple(hints: tuple[Any, ...]) -> Rule:
    """Ask for so many entries, each by its own rule."""
    rules = tuple(map(_rule, hints))

    def rule(name: str, value: Any, axes: Axes) -> tuple[Any, ...]:
        if not isinstance(value, tuple | list) or len(value) != len(rules):
            raise refused(name, f"{len(rules)} entries", repr(value))
        entries = enumerate(zip(rules, value, strict=True))
        return tuple(each(f"{name}[{k}]", entry, axes) for k, (each, entry) in entries)

    return rule


def _sequence(hints: tuple[Any, ...]) -> Rule:
    """Ask for entries of one rule; the axes of each are its own."""
    inner = _rule(hints[0])

    def rule(name: str, value: Any, _axes: Axes) -> list[Any]:
        if isinstance(value, _NO_ENTRIES) or not np.iterable(value):
            raise refused(name, "a sequence", repr(value))
        return [inner(f"{name}[{k}]", entry, {}) for k, entry in enumerate(value)]

    return rule


def _record(kind: Any) -> Rule:
    """Ask for a named tuple; it knows the axes so far, and its own are its own."""
    rules = [
        (name, _rule(hint))
        for name, hint in get_type_hints(kind, include_extras=True).items()
    ]

    def rule(name: str, value: Any, axes: Axes) -> Any:
        if not isinstance(value, kind):
            raise refused(name, kind.__name__, type(value).__name__)
        own, entries = dict(axes), zip(rules, value, strict=True)
        return kind(
            *(each(f"{name}.{field}", entry, own) for (field, each), entry in entries)
        )

    return rule


_NO_ENTRIES = (str, bytes, Mapping)
"""What can be gone through, and is no sequence: its parts are letters or names."""

_SIMPLE: Mapping[Any, Rule] = {
    Any: _values.anything,
    bool: _values.boolean,
    float: _values.number,
    int: _values.integer,
    slice: _values.span,
    str: _values.text,
}
_COMPOUND: Mapping[Any, Callable[[tuple[Any, ...]], Rule]] = {
    Annotated: _in_ranges,
    collections.abc.Callable: lambda _: _values.function,
    Iterable: _sequence,
    Literal: _values.one_of,
    Mapping: lambda _: _values.table,
    Sequence: _sequence,
    Union: _any_of,
    tuple: _tuple,
    types.UnionType: _any_of,
}

__all__ = ["checked"]
