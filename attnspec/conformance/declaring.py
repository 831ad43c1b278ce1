"""What somebody declares of a kernel in Python, as a request has it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from attnspec.conformance.descriptions import written_deviation
from attnspec.exceptions import InvalidArgument
from attnspec.judge.claims import pairs_of
from attnspec.judge.deviations import Deviation
from attnspec.numerics import NumericModel


def declaring(
    *,
    dtypes: Iterable[str] = (),
    claims: Iterable[str] = (),
    without: Iterable[str] = (),
    multiples: Mapping[str, int] | None = None,
    least: Mapping[str, int] | None = None,
    exclusive: Iterable[Iterable[str]] = (),
    dialect: Mapping[str, str] | None = None,
    models: Mapping[str, str | NumericModel] | None = None,
    deviations: Iterable[Deviation] = (),
) -> dict[str, dict[str, Any]]:
    """Return what is declared of a kernel, as `Request` has it.

    Raises
    ------
    InvalidArgument
        If something that should be a deviation is none.
    """
    known: tuple[Any, ...] = tuple(deviations)
    if others := [entry for entry in known if not isinstance(entry, Deviation)]:
        msg = f"deviations: expected a Deviation; got {others[0]!r}"
        raise InvalidArgument(msg)
    said = {
        "dtypes": listed(dtypes),
        "claims": listed(claims),
        "without": listed(without),
        "multiples": multiples,
        "least": least,
        "exclusive": [pair for group in exclusive for pair in _pairs(group)],
        "dialect": dialect,
        "models": {
            dtype: dataclasses.asdict(m) if isinstance(m, NumericModel) else m
            for dtype, m in (models or {}).items()
        },
        "deviation": [written_deviation(deviation) for deviation in known],
    }
    return {"": {key: value for key, value in said.items() if value}}


def _pairs(group: Any) -> Any:
    """Return every pair of a group of claims; what is no group is refused later."""
    names = listed(group)
    is_group = isinstance(names, list) and len(names) > 1
    return pairs_of(names) if is_group else [names]


def listed(names: Any) -> Any:
    """Return names as a list; one text is no list of letters, and is refused later."""
    is_list = isinstance(names, Iterable) and not isinstance(names, str)
    return [*names] if is_list else names


__all__ = ["declaring", "listed"]
