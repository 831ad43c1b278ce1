"""What is handed in must satisfy: JSON Schemas, and what breaks them in words."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import importlib.resources
import json
import reprlib
from collections.abc import Callable, Iterator, Mapping
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
    ['arrays', 'claims', 'deviation', 'device']
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


def _token_schema() -> dict[str, Any]:
    """Return the JSON Schema of the parts of a token."""
    file = importlib.resources.files(__package__) / "token.schema.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return {**found, "definitions": description_schema()["definitions"]}


class Validator:
    """A JSON Schema that data must satisfy; it is compiled when it is first needed."""

    def __init__(self, schema: Callable[[], dict[str, Any]]) -> None:
        """Take a function that returns the schema."""
        self._schema = schema

    @functools.cached_property
    def _compiled(self) -> tuple[Callable[[object], object], type[Any]]:
        """The function that the schema is compiled to, and what it raises."""
        import fastjsonschema  # noqa: PLC0415 - only what is read needs it

        formats = {"printable": str.isprintable, "date": _is_day}
        compiled: Callable[[object], object] = fastjsonschema.compile(
            self._schema(), formats=formats
        )
        # Both of one import: where modules are imported anew, as pytester does, the
        # exception of another import is another class.
        return compiled, fastjsonschema.JsonSchemaValueException

    def __call__(self, data: object, where: str) -> dict[str, Any]:
        """Return data that satisfy the schema.

        Raises
        ------
        InvalidArgument
            If they do not; the message names where, the key, the rule and the value.
        """
        validate, broken = self._compiled
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
    return f"expected {_rule(rules)}; got {_shown(value)}"


def _rule(rules: Mapping[str, Any]) -> str:
    """Return a rule in words: its description, unless that is a sentence of its own."""
    said: str = rules.get("description", "")
    if said and not said.endswith("."):
        return said
    if "const" in rules or "enum" in rules:
        listed = rules.get("enum", [rules.get("const")])
        return f"one of {', '.join(map(str, listed))}"
    if "anyOf" in rules:
        return " or ".join(map(_rule, rules["anyOf"]))
    if "$ref" in rules:
        return str(rules["$ref"]).rpartition("/")[2]
    types = rules.get("type", "another value")
    return " or ".join([types] if isinstance(types, str) else types)


satisfying = Validator(description_schema)
"""Returns a description that satisfies `description_schema`."""

satisfying_token = Validator(_token_schema)
"""Returns the parts of a token that are as they must be."""


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


__all__ = [
    "Validator",
    "description_schema",
    "named",
    "satisfying",
    "satisfying_token",
]
