"""Gather, then attend: what is right for many sequences in one call, and how far off.

A call is as many problems of attention, so value and bound are those of attention.
Sequences of the same lengths are evaluated as one batch.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.law import F64, Dialect
from attnspec.kinds.attention.bounds.block import EMPTY_LSE
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import SPEC
from attnspec.kinds.attention.kind import ATTENTION
from attnspec.kinds.attention.questions import named_lse
from attnspec.numerics import NumericModel, format_of
from attnspec.reference import Segment

LSE_CHOICES: Mapping[str, tuple[str, ...]] = {
    "empty_lse": ("minus_infinity", "plus_infinity", "finite"),
    "lse_base": ("e", "2"),
    "lse_sink": ("inside", "outside"),
}
"""What a logsumexp may be: of a row without keys, to which base, with a sink or not."""


@dataclasses.dataclass(frozen=True, slots=True)
class Answers:
    """Exact outputs (B, Hq, L, Ev), logsumexps (B, Hq, L), and the bounds of both."""

    output: F64
    bound: F64
    lse: F64
    lse_bound: F64

    @classmethod
    def none(cls, query: Array, value: Array) -> Answers:
        """Return the answers to rows that belong to nobody: 0, exactly."""
        rows = query.shape[:3]
        shapes = (*rows, value.shape[3]), (*rows, value.shape[3]), rows, rows
        return cls(*(np.zeros(shape) for shape in shapes))


def answers(
    arrays: tuple[Array, Array, Array],
    segments: Iterable[Segment],
    options: Mapping[str, Any],
    dialect: Dialect,
    model: NumericModel,
    carried: F64 | None = None,
) -> Answers:
    """Return what is right for each segment of query, key and value (B, H, T, E).

    The options are those of attention; a mask or bias has all of its axes. `carried`
    (B, Hq, L, S) is how far off scaled products may be since queries and keys are.

    Raises
    ------
    Inadmissible
        If the model promises nothing on one of the problems.
    """
    found = Answers.none(arrays[0], arrays[2])
    for group in of_one_length(segments):
        case = gathered(arrays, group, options, carried)
        _put(found, group, case, dialect, model)
    return found


def of_one_length(segments: Iterable[Segment]) -> list[list[Segment]]:
    """Return segments in groups that have as many queries, and as many keys."""
    alike: dict[tuple[int, int], list[Segment]] = {}
    for each in segments:
        lengths = (s.stop - s.start for s in (each.queries, each.keys))
        alike.setdefault((next(lengths), next(lengths)), []).append(each)
    return list(alike.values())


def gathered(
    arrays: tuple[Array, Array, Array],
    group: list[Segment],
    options: Mapping[str, Any],
    carried: F64 | None = None,
) -> AttentionCase:
    """Return segments of the same lengths as one problem, each a batch element."""
    query, key, value = arrays
    given = dict(options)
    for name in {"mask", "bias"} & set(given):
        given[name] = np.concatenate([s.of_scores(options[name]) for s in group])
    case = AttentionCase.of(
        np.concatenate([s.of_queries(query) for s in group]),
        np.concatenate([s.of_keys(key) for s in group]),
        np.concatenate([s.of_keys(value) for s in group]),
        **given,
    )
    if carried is None:
        return case
    parts = np.concatenate([s.of_scores(carried) for s in group])
    return dataclasses.replace(case, facts={"carried": parts})


def _put(
    found: Answers,
    group: list[Segment],
    case: AttentionCase,
    dialect: Dialect,
    model: NumericModel,
) -> None:
    """Put what is right for one problem where its rows are."""
    known = {name: dialect.get(name, choice) for name, choice in SPEC.items()}
    exact = exact_lse = ATTENTION.judge(case, known, model)
    if case.sink is not None and dialect["lse_sink"] == "outside":
        exact_lse = ATTENTION.judge(case.replace(sink=None), known, model)
    lse, lse_bound = exact_lse.others["lse"]
    if dialect["lse_base"] == "2":
        lse, lse_bound = _binary(lse, lse_bound, model)
    if known["empty_lse"] == "finite":
        none = exact_lse.others["lse"][0] == EMPTY_LSE["finite"]
        value, bound = _any_low(case.dtype)
        lse, lse_bound = (
            np.where(none, x, y) for x, y in ((value, lse), (bound, lse_bound))
        )
    for at, segment in enumerate(group):
        for name, array in {
            "output": exact.output,
            "bound": exact.bound,
            "lse": lse,
            "lse_bound": lse_bound,
        }.items():
            segment.of_queries(getattr(found, name))[0] = array[at]


def _any_low(dtype: str) -> tuple[float, float]:
    """Return the middle of all numbers near the lowest, and how far they reach.

    Between the lowest and 0 lie too many for a sum in float64 to tell 0 from -10,000.
    """
    least = float(np.finfo("float64" if dtype == "float64" else "float32").max)
    return -0.5 * least * (1.0 + 2.0**-45), 0.5 * least * (1.0 - 2.0**-45)


def named_empty_lse(found: float, dtype: str) -> str | None:
    """Return the name of the logsumexp of no key, if it is a choice that is judged."""
    name = named_lse(found)
    value, reach = _any_low(dtype)
    return name if name != "finite" or abs(found - value) <= reach else None


def _binary(lse: F64, bound: F64, model: NumericModel) -> tuple[F64, F64]:
    """Return logsumexps to base two: the factor and the product are rounded."""
    binary = lse / np.log(2.0)
    unit = format_of(model.softmax).unit
    size = np.where(np.isfinite(binary), np.abs(binary), 0.0)
    return binary, bound / np.log(2.0) + 4.0 * unit * size


__all__ = [
    "LSE_CHOICES",
    "Answers",
    "answers",
    "gathered",
    "named_empty_lse",
    "of_one_length",
]
