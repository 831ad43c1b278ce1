"""What every normalizer is given, drawn and taken for; some have keywords besides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from attnspec._typing import Array
from attnspec.judge.claims import Claim
from attnspec.judge.kind import Judge, Kind
from attnspec.judge.nulls import forgetting
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.judge.usage import Usage
from attnspec.kinds.normalizers._scores_and_masks import build
from attnspec.kinds.normalizers._wrong_weights import NULLS
from attnspec.numerics import NumericModel
from attnspec.numerics.operations import OPERATIONS

_FIELDS: Mapping[str, tuple[Any, ...]] = {
    "rows": ((), (2,), (2, 3)),
    "length": (1, 2, 3, 5, 8, 17, 33),
    "data": (
        *("zeros", "quarters", "normal", "ties", "spread", "ascending", "peaked"),
        *("offset_up", "offset_down", "apart", "far", "minus_infinity"),
    ),
    "mask": ("none", "holes", "padding", "one_key", "empty_rows"),
    "axis": (None, -1, 0, -2),
}


class Keyword(NamedTuple):
    """A keyword that one normalizer has beside its mask and its axis."""

    claim: str
    values: tuple[Any, ...]
    forgotten: str
    """The name of the wrong answer that knows nothing of it."""


def _mend(recipe: Recipe) -> Recipe:
    """A single row has one axis alone."""
    if not recipe["rows"] and recipe["axis"] in {0, -2}:
        return recipe.replace(axis=-1)
    return recipe


def normalizer(
    name: str,
    sentence: str,
    judge: Judge,
    definition: Callable[..., Array],
    *,
    usage: Usage,
    keywords: Mapping[str, Keyword] | None = None,
    without: tuple[str, ...] = (),
    models: Mapping[str, NumericModel] = OPERATIONS,
    choices: Mapping[str, tuple[str, ...]],
    probes: tuple[Mapping[str, Any], ...],
) -> Kind:
    """Return a kind of functions of scores; `without` names data that are not drawn."""
    own = keywords or {}
    claims = {
        "mask": Claim("a boolean array that says which keys are visible", "mask"),
        "axis": Claim("another axis than the last", "axis"),
        **{word: Claim(keyword.claim, word) for word, keyword in own.items()},
    }
    data = tuple(kind for kind in _FIELDS["data"] if kind not in without)
    fields = {**_FIELDS, "data": data, **{w: k.values for w, k in own.items()}}
    return Kind(
        name=name,
        sentence=sentence,
        table=Table(fields, claims, _mend),
        build=build,
        judge=judge,
        definition=definition,
        usage=usage,
        models=models,
        simplest={"rows": (2,), "length": 8, "data": "normal"},
        choices=choices,
        probes=probes,
        nulls={**NULLS, **{k.forgotten: forgetting(w) for w, k in own.items()}},
        null_needs={"unmasked": ("mask",)}
        | {k.forgotten: (w,) for w, k in own.items()},
    )


__all__ = ["Keyword", "normalizer"]
