"""Deliberately wrong kernels, and unusual right ones, to measure a judge by."""

from __future__ import annotations

from collections.abc import Mapping

from attnspec.exceptions import UnknownName
from attnspec.rogues import (
    absolute,
    activations,
    bands,
    chains,
    convolution,
    convolution_2d,
    cutting,
    decoding,
    delta,
    diagonals,
    distance_biases,
    distance_buckets,
    distance_terms,
    distances,
    grids,
    groups,
    heads,
    latent,
    latent_cache,
    linear,
    masks,
    memory,
    multihead,
    neighborhoods,
    normalized_linear,
    nulls,
    patterns,
    placed,
    pooling,
    precision,
    recurrence,
    relative_keys,
    relevance,
    rotary,
    rows,
    running,
    scores,
    self_attention,
    sets,
    sharing,
    state,
    tiles,
    weights,
    windows,
)
from attnspec.rogues._gallery import MISTAKES, Control, Rogue
from attnspec.rogues.controls import CONTROLS as KERNELS

_KINDS = (
    activations,
    sharing,
    weights,
    relevance,
    self_attention,
    sets,
    pooling,
    decoding,
    multihead,
    cutting,
    latent,
    latent_cache,
    absolute,
    placed,
    rotary,
    distance_biases,
    distance_buckets,
    relative_keys,
    distance_terms,
    bands,
    windows,
    neighborhoods,
    grids,
    patterns,
    groups,
    convolution,
    convolution_2d,
    distances,
    recurrence,
    chains,
    linear,
    normalized_linear,
    delta,
)
"""The modules of functions of other kinds; each has its rogues and controls."""

_MODULES = (
    *(memory, state, masks, diagonals, tiles, running),
    *(scores, rows, heads, precision, nulls),
    *_KINDS,
)

ROGUES: Mapping[str, Rogue] = {
    entry.id: entry for module in _MODULES for entry in module.ROGUES
}
"""The rogues by id."""


CONTROLS: Mapping[str, Control] = {
    **KERNELS,
    **{entry.id: entry for module in _KINDS for entry in module.CONTROLS},
}
"""The controls by id."""


def find(id: str) -> Rogue | Control:  # noqa: A002 - the field's name
    """Return the rogue or control with this id."""
    found = ROGUES.get(id) or CONTROLS.get(id)
    if found is None:
        msg = f"rogue: no such id {id!r}; see 'attnspec rogues'"
        raise UnknownName(msg)
    return found


__all__ = ["CONTROLS", "MISTAKES", "ROGUES", "Control", "Rogue", "find"]
