"""Which keys a neighborhood shows along one axis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.kind import Kind, Null
from attnspec.judge.law import Dialect
from attnspec.judge.nulls import forgetting
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.judge.usage import Usage
from attnspec.kinds.windows._windowed_attention import Mask, softmax_over
from attnspec.numerics import NumericModel
from attnspec.numerics.tracked import Judged
from attnspec.reference import shifted_window


def neighbors(length: int, size: int, dilation: int, choices: Dialect) -> Mask:
    """Return which keys a neighborhood shows, an even one as the dialect has it."""
    if choices.get("even_size") != "one_more_key" or size % 2:
        return shifted_window(length, size, dilation=dilation)
    seen = np.zeros((length, length), dtype=np.bool_)
    # Positions of equal remainder are a sequence of their own.
    for start in range(dilation):
        own = np.arange(start, length, dilation)
        # A sequence that is no longer than an even size has no further key.
        several = min(size + 1, len(own))
        seen[np.ix_(own, own)] = shifted_window(len(own), several)
    return seen


def neighborhood_kind(
    name: str,
    sentence: str,
    *,
    table: Table,
    build: Callable[[Recipe], Case],
    mask: Callable[[Case, Dialect], Mask],
    definition: Callable[..., Array],
    usage: Usage,
    probes: tuple[Mapping[str, Any], ...],
    simplest: Mapping[str, Any],
    nulls: Mapping[str, Null],
) -> Kind:
    """Return a kind of functions that attend to a neighborhood of each position."""

    def judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
        return softmax_over(case, mask(case, choices), model)

    return Kind(
        name=name,
        sentence=sentence,
        table=table,
        build=build,
        judge=judge,
        definition=definition,
        usage=usage,
        choices={"even_size": ("one_more_left", "one_more_key")},
        probes=probes,
        simplest=simplest,
        nulls={**nulls, "undilated": forgetting("dilation")},
        null_needs={"undilated": ("dilation",)},
    )


__all__ = ["neighborhood_kind", "neighbors"]
