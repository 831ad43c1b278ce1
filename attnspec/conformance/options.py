"""What is declared of a kernel, as options of a command line: read and written."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from attnspec.exceptions import InvalidArgument
from attnspec.judge.claims import pairs_of
from attnspec.numerics import default_model

_MULTIPLE = re.compile(r"\s*(\w+)\s*%\s*(\d{1,9})\s*(?:==\s*0\s*)?")
"""A size and the number that divides it: ``width % 8 == 0``, or ``width % 8``."""

_LEAST = re.compile(r"\s*(\w+)\s*>=\s*(\d{1,9})\s*")
"""A size and the smallest that is supported: ``width >= 4``."""


def read_options(
    *,
    claims: Iterable[str] = (),
    without: Iterable[str] = (),
    dtypes: Iterable[str] = (),
    limits: Iterable[str] = (),
    exclusive: Iterable[str] = (),
    dialect: Iterable[str] = (),
    models: Iterable[str] = (),
) -> dict[str, Any]:
    """Return what options say, as an object that satisfies `description_schema`.

    Raises
    ------
    InvalidArgument
        If one of them is not of its form.

    Examples
    --------
    >>> read_options(limits=["width % 8 == 0", "keys >= 2"])
    {'multiples': {'width': 8}, 'least': {'keys': 2}}
    """
    sizes = [*map(_limit, limits)]
    named = [(is_least, size) for is_least, (size, _) in sizes]
    if twice := [size for pair in named if named.count(pair) > 1 for size in pair[1:]]:
        msg = f"limit: expected one of a sort for each size; got two of {twice[0]}"
        raise InvalidArgument(msg)
    said = {
        "claims": [*claims],
        "without": [*without],
        "dtypes": [*dtypes],
        "multiples": dict(found for is_least, found in sizes if not is_least),
        "least": dict(found for is_least, found in sizes if is_least),
        "exclusive": [pair for text in exclusive for pair in _pairs(text)],
        "dialect": dict(_sides("dialect", "FIELD=VALUE", text) for text in dialect),
        "models": _models(models),
    }
    return {key: value for key, value in said.items() if value}


def _limit(text: str) -> tuple[bool, tuple[str, int]]:
    """Return whether a limit is a least size, the size and the number."""
    least = _LEAST.fullmatch(text)
    if (found := least or _MULTIPLE.fullmatch(text)) is None:
        msg = (
            "limit: expected 'SIZE % NUMBER == 0', as 'width % 8 == 0', or "
            f"'SIZE >= NUMBER'; got {text!r}"
        )
        raise InvalidArgument(msg)
    return least is not None, (found[1], int(found[2]))


def _pairs(text: str) -> list[list[str]]:
    """Return every pair of the claims that a text names, two or more of them."""
    names = [name.strip() for name in text.split(",")]
    if len(names) < 2 or not all(names):
        msg = f"exclusive: expected CLAIM,CLAIM; got {text!r}"
        raise InvalidArgument(msg)
    return pairs_of(names)


def _sides(option: str, form: str, text: str) -> tuple[str, str]:
    """Return what stands on the two sides of an equals sign."""
    name, _, value = (part.strip() for part in text.partition("="))
    if not name or not value:
        msg = f"{option}: expected {form}; got {text!r}"
        raise InvalidArgument(msg)
    return name, value


def _models(texts: Iterable[str]) -> dict[str, Any]:
    """Return the model of each format: a name, or fields beside it."""
    found: dict[str, Any] = {}
    for text in texts:
        name, value = _sides("model", "DTYPE=PRESET or DTYPE.FIELD=VALUE", text)
        dtype, _, field = name.partition(".")
        known = found.get(dtype, {})
        known = {"preset": known} if isinstance(known, str) else known
        if field:
            found[dtype] = {**known, field: _value(field, value)}
        else:
            found[dtype] = {**known, "preset": value} if known else value
    return found


def _value(field: str, text: str) -> Any:
    """Return what a field of a model is set to, written as in JSON or as a word.

    Formats of a list may stand between commas.
    """
    try:
        return json.loads(text)
    except ValueError:
        several = isinstance(getattr(_PLAIN, field, None), tuple)
        return [name.strip() for name in text.split(",")] if several else text


_PLAIN = default_model("float32")


def _model_options(dtype: str, model: Any) -> list[tuple[str, str]]:
    """Return the options that say a model: its name, or what makes it another one."""
    if isinstance(model, str):
        return [("--model", f"{dtype}={model}")]
    preset = model.get("preset")
    # Beside a name every field counts; a whole model is told from the usual one.
    plain = {} if preset else dataclasses.asdict(default_model(dtype))
    named = [("--model", f"{dtype}={preset}")] if preset else []
    return named + [
        ("--model", f"{dtype}.{field}={_written(value)}")
        for field, value in model.items()
        if field not in ("preset", "name")
        and not (field in plain and _written(value) == _written(plain[field]))
    ]


def _written(value: Any) -> str:
    """Return a field of a model in words that `_value` reads."""
    if isinstance(value, list | tuple) and value:
        return ",".join(value)
    return value if isinstance(value, str) else json.dumps(value)


def written_options(said: Mapping[str, Any]) -> list[str]:
    """Return the options that declare the same.

    Examples
    --------
    >>> written_options({"claims": ["value_width"], "multiples": {"width": 8}})
    ['--claim', 'value_width', '--limit', 'width % 8 == 0']
    """
    sizes, models = said.get("multiples", {}), said.get("models", {})
    options = (
        *(("--claim", claim) for claim in said.get("claims", ())),
        *(("--without", claim) for claim in said.get("without", ())),
        *(("--limit", f"{size} % {number} == 0") for size, number in sizes.items()),
        *(("--limit", f"{n} >= {least}") for n, least in said.get("least", {}).items()),
        *(("--exclusive", ",".join(pair)) for pair in said.get("exclusive", ())),
        *(("--dialect", f"{n}={v}") for n, v in said.get("dialect", {}).items()),
        *(option for d, model in models.items() for option in _model_options(d, model)),
    )
    return [word for option in options for word in option]


__all__ = ["read_options", "written_options"]
