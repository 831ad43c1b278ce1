"""What a description must satisfy: its JSON Schema, and what breaks it in words."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import importlib.resources
import json
import reprlib
from collections.abc import Callable, Iterator
from typing import Any, cast

from attnspec.exceptions import InvalidArgument


class _Short(reprlib.Repr):
    """Writes a value as Python does, cut short: it may be as large as it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxlist, self.maxdict = 2, 3, 3
        self.maxstring = self.maxother = 60

    def repr_int(self, x: int, level: int) -> str:
        """Return a whole number; of too many digits Python says none."""
        try:
            return super().repr_int(x, level)
        except ValueError:
            return "a whole number of thousands of digits"


_shown = _Short().repr


def description_schema() -> dict[str, Any]:
    """Return the JSON Schema of what is said of a kernel, in whatever place.

    Examples
    --------
    >>> sorted(description_schema()["properties"])[:4]
    ['claims', 'deviation', 'dialect', 'dtypes']
    """
    file = importlib.resources.files(__package__) / "description.schema.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _is_day(text: str) -> bool:
    """Return whether a text is a day as ISO 8601 writes it."""
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


@functools.cache
def _validator() -> tuple[Callable[[object], object], type[Any]]:
    """Return the function that the schema is compiled to, and what it raises."""
    import fastjsonschema  # noqa: PLC0415 - only what is read needs it

    formats = {"printable": str.isprintable, "date": _is_day}
    compiled: Callable[[object], object] = fastjsonschema.compile(
        description_schema(), formats=formats
    )
    # Both of one import: where modules are imported anew, as pytester does, the
    # exception of another import is another class.
    return compiled, fastjsonschema.JsonSchemaValueException


def satisfying(data: object, where: str) -> dict[str, Any]:
    """Return data that satisfy the schema.

    Raises
    ------
    InvalidArgument
        If they do not; the message names where, the key, the rule and the value.
    """
    validate, broken = _validator()
    try:
        validate(data)
    except broken as error:
        path = (error.name or "data").removeprefix("data").removeprefix(".")
        parts = filter(None, (where, _shown(path)[1:-1]))
        msg = ": ".join([*parts, _broken(error)])
        raise InvalidArgument(msg) from error
    return cast("dict[str, Any]", data)


def _broken(error: Any) -> str:
    """Return the rule of a schema that a value breaks, and the value."""
    rules, value = error.definition, error.value
    if error.rule == "required":
        missing = next(name for name in rules["required"] if name not in value)
        return f"{missing!r} is missing"
    if error.rule == "additionalProperties":
        known = rules["properties"]
        unknown = next(name for name in value if name not in known)
        listed = ", ".join(known)
        return f"unknown key {_shown(unknown)}; expected one of {listed}"
    return f"expected {rules['description']}; got {_shown(value)}"


@contextlib.contextmanager
def named(where: str) -> Iterator[None]:
    """Begin what an error says with the place that it speaks of."""
    try:
        yield
    except InvalidArgument as error:
        if not where:
            raise
        msg = f"{where}: {error}"
        raise type(error)(msg) from error


__all__ = ["description_schema", "named", "satisfying"]
