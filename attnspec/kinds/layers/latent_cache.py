"""What latent attention keeps of each token: the kind `latent-cache`, and its laws."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case, single
from attnspec.judge.compare import alike, same_at
from attnspec.judge.kind import Kind
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.nulls import Right
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.layers import _projected_attention as projected
from attnspec.kinds.layers import _usage as usage
from attnspec.kinds.layers._latent import beside
from attnspec.kinds.positions._places import PAIRINGS, turned
from attnspec.numerics import Comparison, NumericModel
from attnspec.numerics.operations import WITH_TABLES
from attnspec.numerics.relaxations import narrower
from attnspec.numerics.tracked import Judged, Tracked, judged
from attnspec.reference import LatentProjections, latent_cache

_TELLING = {"members": (2, 3, 5, 8, 17), "data": ("integers", "normal")}

_TABLE = Table(
    fields={
        "batch": (1, 2),
        "members": (1, 2, 3, 5, 8, 17, 33),
        "member_width": (2, 3, 8),
        "latent_width": (3, 1, 2, 8),
        "rotary_width": (2, 0, 4, 8),
        "data": projected.DATA,
    },
)


def _build(recipe: Recipe) -> Case:
    batch, members, width, latent, rotary = (
        recipe[name] for name in _TABLE.fields if name != "data"
    )
    operands = {
        "members": projected.drawn(recipe, "members", (batch, members, width)),
        "latent_weights": projected.matrices(recipe, "latent", (width, latent)),
        "rotary_key_weights": projected.matrices(recipe, "rotary", (width, rotary)),
    }
    return single(recipe, operands, (batch, members, latent + rotary))


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:
    """Project each member twice, and turn the second projection by its place."""
    members = Tracked.of(case["members"], model)
    latent = members @ members.like(case["latent_weights"])
    key = (members @ members.like(case["rotary_key_weights"])).stored(model.output)
    places = np.arange(case["members"].shape[1])
    key = turned(key, places, choices["pairing"], tables=model.tables)
    return judged(beside(latent, key), model)


def _defined(members: Array, latent_weights: Array, rotary_key_weights: Array) -> Array:
    """Evaluate the definition and round its result once; it reads two matrices."""
    none = np.zeros((1, latent_weights.shape[1], 1))
    asking = np.zeros((1, 1, 1))
    turning = np.zeros((1, 1, rotary_key_weights.shape[1]))
    by = LatentProjections(
        asking, latent_weights, none, none, asking, turning, rotary_key_weights
    )
    return latent_cache(members, by).astype(members.dtype)


def _unturned(case: Case, right: Right) -> Array:
    """Turn every key as that of the first member."""
    output = right(case)
    for place in range(output.shape[1]):
        first = case.replace(members=case["members"][:, place:])
        output[:, place] = right(first)[:, 0]
    return output


def _late(case: Case, right: Right) -> Array:
    """Keep of each token what belongs to the one before it."""
    return np.roll(right(case), 1, axis=1)


def _mean(case: Case, right: Right) -> Array:
    """Add what all members have in common."""
    output = right(case)
    return output + output.mean(1, keepdims=True) + output.shape[1]


LATENT_CACHE = Kind(
    name="latent-cache",
    sentence="Keeps of every member its latent and one turned key.",
    table=_TABLE,
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.LATENT_CACHE,
    simplest={"members": 5, "member_width": 8, "rotary_width": 4, "data": "normal"},
    choices={"pairing": PAIRINGS},
    probes=(
        {"members": 5, "rotary_width": 4, "data": "normal"},
        {"members": 8, "rotary_width": 8, "data": "integers"},
    ),
    nulls={"unturned": _unturned, "late": _late, "mean": _mean},
    models=WITH_TABLES,
    relaxations=functools.partial(narrower, tables=True),
)


LATENT_CACHE.agreement_law(
    "heads.latent-cache",
    "C + R numbers of each member are kept: its latent, and one key that is turned.",
    also=("heads.latent-rotary",),
    nulls=("zeros", "unturned", "late", "mean"),
)


@LATENT_CACHE.law(
    "latent-cache-own", "heads.latent-cache", nulls=("mean", "late"), fields=_TELLING
)
def check_own(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What is kept of a token is decided by the token and its place alone."""
    # Other numbers everywhere: only 1/3 would stay itself.
    members = -2 * case["members"] + 1
    members[:, -1] = case["members"][:, -1]
    other = case.replace(members=members)
    yield from same_at(case, other, bench, "other tokens changed", np.s_[:, -1])


@LATENT_CACHE.law(
    "latent-cache-growth", "heads.latent-cache", nulls=("mean",), fields=_TELLING
)
def check_growth(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Tokens that come later change nothing of what is kept."""
    # The first half alone is what was kept when it was the whole.
    half = (case["members"].shape[1] + 1) // 2
    batch, _, width = case.results[0][1]
    early = case.replace(members=case["members"][:, :half])
    early = early.returning((batch, half, width))
    yield from alike(case, early, bench, "before", moved=lambda a: a[:, :half])


__all__ = ["LATENT_CACHE"]
