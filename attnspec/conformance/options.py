"""What is declared of a kernel, as options of a command line: read and written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from attnspec.exceptions import InvalidArgument

_LIMIT = re.compile(r"\s*(\w+)\s*%\s*(\d{1,9})\s*(?:==\s*0\s*)?")
"""A size and the number that divides it: ``width % 8 == 0``, or ``width % 8``."""


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
    >>> read_options(limits=["width % 8 == 0"], dialect=["alignment=upper_left"])
    {'multiples': {'width': 8}, 'dialect': {'alignment': 'upper_left'}}
    """
    said = {
        "claims": [*claims],
        "without": [*without],
        "dtypes": [*dtypes],
        "multiples": dict(map(_limit, limits)),
        "exclusive": [_pair(text) for text in exclusive],
        "dialect": dict(_sides("dialect", "FIELD=VALUE", text) for text in dialect),
        "models": dict(_sides("model", "DTYPE=PRESET", text) for text in models),
    }
    return {key: value for key, value in said.items() if value}


def _limit(text: str) -> tuple[str, int]:
    """Return a size and the number that divides it."""
    if (found := _LIMIT.fullmatch(text)) is None:
        msg = f"limit: expected 'SIZE % NUMBER == 0', as 'width % 8 == 0'; got {text!r}"
        raise InvalidArgument(msg)
    return found[1], int(found[2])


def _pair(text: str) -> list[str]:
    """Return two claims."""
    pair = [name.strip() for name in text.split(",")]
    if len(pair) != 2 or not all(pair):
        msg = f"exclusive: expected CLAIM,CLAIM; got {text!r}"
        raise InvalidArgument(msg)
    return pair


def _sides(option: str, form: str, text: str) -> tuple[str, str]:
    """Return what stands on the two sides of an equals sign."""
    name, _, value = (part.strip() for part in text.partition("="))
    if not name or not value:
        msg = f"{option}: expected {form}; got {text!r}"
        raise InvalidArgument(msg)
    return name, value


def written_options(said: Mapping[str, Any]) -> list[str]:
    """Return the options that declare the same; a model without a name has none.

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
        *(("--exclusive", ",".join(pair)) for pair in said.get("exclusive", ())),
        *(("--dialect", f"{n}={v}") for n, v in said.get("dialect", {}).items()),
        *(("--model", f"{d}={m}") for d, m in models.items() if isinstance(m, str)),
    )
    return [word for option in options for word in option]


__all__ = ["read_options", "written_options"]
