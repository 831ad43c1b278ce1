"""What is declared of a kernel, as options of a command line: read and written."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from typing import Any

from attnspec.exceptions import InvalidArgument

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
    said = {
        "claims": [*claims],
        "without": [*without],
        "dtypes": [*dtypes],
        "multiples": dict(found for is_least, found in sizes if not is_least),
        "least": dict(found for is_least, found in sizes if is_least),
        "exclusive": [pair for text in exclusive for pair in _pairs(text)],
        "dialect": dict(_sides("dialect", "FIELD=VALUE", text) for text in dialect),
        "models": dict(_sides("model", "DTYPE=PRESET", text) for text in models),
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
    return [list(pair) for pair in itertools.combinations(names, 2)]


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
        *(("--limit", f"{n} >= {least}") for n, least in said.get("least", {}).items()),
        *(("--exclusive", ",".join(pair)) for pair in said.get("exclusive", ())),
        *(("--dialect", f"{n}={v}") for n, v in said.get("dialect", {}).items()),
        *(("--model", f"{d}={m}") for d, m in models.items() if isinstance(m, str)),
    )
    return [word for option in options for word in option]


__all__ = ["read_options", "written_options"]
