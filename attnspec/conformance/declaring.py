"""What somebody declares of a kernel in Python, as a request has it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from attnspec.conformance.descriptions import written_deviation
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
    """Return what is declared of a kernel, as `Request` has it."""
    said = {
        "dtypes": [*dtypes],
        "claims": [*claims],
        "without": [*without],
        "multiples": multiples,
        "least": least,
        "exclusive": [pair for group in exclusive for pair in _pairs(group)],
        "dialect": dialect,
        "models": {
            dtype: dataclasses.asdict(m) if isinstance(m, NumericModel) else m
            for dtype, m in (models or {}).items()
        },
        "deviation": [written_deviation(deviation) for deviation in deviations],
    }
    return {"": {key: value for key, value in said.items() if value}}


def _pairs(group: Iterable[str]) -> list[list[str]]:
    """Return every pair of a group of claims; a group of one is refused later."""
    names = [*group]
    return pairs_of(names) if len(names) > 1 else [names]


__all__ = ["declaring"]
