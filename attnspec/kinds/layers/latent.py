"""Latent attention: the kind `latent`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.compare import agrees, alike
from attnspec.judge.law import Bench
from attnspec.kinds.layers._latent import LATENT
from attnspec.numerics import Comparison
from attnspec.reference import default_scale

# Their merged matrices are exact in every format.
_EXACT = ("integers", "ones")
_TELLING = ("integers", "normal")


def _own_scale(case: Case) -> float:
    """Return the scale that holds: one over the root of E + R by default."""
    if case["scale"] is not None:
        return float(case["scale"])
    rotary = case["rotary_key_weights"].shape[-1]
    return default_scale(case["query_weights"].shape[-1] + rotary)


LATENT.agreement_law(
    "heads.latent",
    "Keys and values of every head are projections of one latent for each member.",
    also=("heads.latent-rotary", "heads.latent-scale"),
    nulls=("zeros", "unmasked", "acausal", "unplaced", "numbered"),
)


@LATENT.law(
    "latent-absorbed",
    "heads.latent-absorbed",
    also=("heads.latent-scale",),
    needs=("scale",),
    nulls=("counted",),
    fields={"data": _EXACT, "width": (2, 1, 4), "latent_width": (3, 8)},
)
def check_absorbed(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Matrices of keys may go to the queries, those of values to the output."""
    yield from alike(case, _absorbed(case), bench, "absorbed")


def _absorbed(case: Case) -> Case:
    """Return the case whose latents are keys and values of all heads as they are."""
    x = case["members"]
    query, key, value, output = (
        case[f"{name}_weights"].astype(np.float64)
        for name in ("query", "key", "value", "output")
    )
    # Latents become keys and values of every head as they are.
    itself = np.broadcast_to(np.eye(key.shape[1]), (len(key), *[key.shape[1]] * 2))
    return case.replace(
        query_weights=(query @ key.swapaxes(1, 2)).astype(x.dtype),
        key_weights=itself.astype(x.dtype),
        value_weights=itself.astype(x.dtype),
        output_weights=(value @ output).astype(x.dtype),
        scale=_own_scale(case),
    )


@LATENT.law(
    "latent-scale",
    "heads.latent-scale",
    needs=("scale",),
    nulls=("wide_scale",),
    fields={
        "scale": (None,),
        "members": (3, 5, 8),
        "readers": (2, 3, 5),
        "member_width": (2, 3),
        "width": (1, 2),
        "rotary_width": (0, 2),
        "latent_width": (8,),
        "data": ("integers",),
    },
)
def check_scale(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The scale is one over the root of E + R, whatever the width of the latents."""
    yield from alike(case, case.replace(scale=_own_scale(case)), bench, "as given")


@LATENT.law(
    "latent-entries",
    "heads.latent",
    nulls=("numbered",),
    fields={"latent_width": (3, 2, 8), "data": _TELLING},
)
def check_entries(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Entries of a latent may stand in any order, with the matrices that read them."""
    names = ("latent_weights", "key_weights", "value_weights")
    moved = case.changed(lambda by: by[:, ::-1], *names)
    yield from alike(case, moved, bench, "reversed")


@LATENT.law(
    "latent-shift",
    "heads.latent-rotary",
    needs=("mask",),
    nulls=("counted",),
    fields={"rotary_width": (2, 4), "data": _TELLING},
)
def check_shift(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Masked members in front move all places, and change nothing."""
    members = case["members"]
    batch, count, width = members.shape
    mask = case["mask"]
    known = np.ones((1, 1, 1, count), bool) if mask is None else mask
    # Three places further on for all; what is hidden there is not zero.
    front = np.full((batch, 3, width), 4).astype(members.dtype)
    hidden: Array = np.zeros((*known.shape[:-1], 3), bool)
    moved = case.replace(
        members=np.concatenate([front, members], axis=1),
        mask=np.concatenate([hidden, known], axis=-1),
    )
    yield from alike(case, moved, bench, "moved by three")


@LATENT.law(
    "latent-places",
    "heads.latent-rotary",
    nulls=("unplaced",),
    fields={"rotary_width": (2, 4), "members": (2, 3, 5, 8), "data": _TELLING},
)
def check_places(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Where no key is made of latents, members and their places still decide."""
    none = np.zeros_like(case["key_weights"])
    yield from agrees(case.replace(key_weights=none), bench, "no keys from latents")


__all__ = ["LATENT"]
