"""Deliberately wrong kernels, and unusual right ones, to measure a judge by."""

from __future__ import annotations

from collections.abc import Mapping

from attnspec.exceptions import UnknownName
from attnspec.rogues._gallery import MISTAKES, Control, Rogue
from attnspec.rogues.attention import (
    diagonals,
    heads,
    masks,
    memory,
    nulls,
    precision,
    rows,
    running,
    scores,
    state,
    tiles,
)
from attnspec.rogues.attention.controls import CONTROLS as KERNELS
from attnspec.rogues.convolution import convolution, convolution_2d
from attnspec.rogues.convolution import distance_attention as distances
from attnspec.rogues.layers import cross_attention as sets
from attnspec.rogues.layers import (
    decoding,
    latent,
    latent_cache,
    pooling,
    self_attention,
)
from attnspec.rogues.layers import multi_head as multihead
from attnspec.rogues.layers import split_heads as cutting
from attnspec.rogues.normalizers import entmax15, relu, sigmoid, softmax, sparsemax
from attnspec.rogues.positions import (
    alibi,
    learned,
    placed_attention,
    relative_shift,
    rope,
    shaw,
    sinusoidal,
    t5,
    transformer_xl,
)
from attnspec.rogues.recurrence import chain_length as chains
from attnspec.rogues.recurrence import delta_rule as delta
from attnspec.rogues.recurrence import linear_attention as linear
from attnspec.rogues.recurrence import normalized_linear
from attnspec.rogues.recurrence import rnn as recurrence
from attnspec.rogues.relevance import additive, bilinear, cosine
from attnspec.rogues.windows import banded as bands
from attnspec.rogues.windows import block_mask as patterns
from attnspec.rogues.windows import document_mask as groups
from attnspec.rogues.windows import neighborhood as neighborhoods
from attnspec.rogues.windows import neighborhood_2d as grids
from attnspec.rogues.windows import window_mask as windows

_KINDS = (
    softmax,
    sparsemax,
    entmax15,
    sigmoid,
    relu,
    additive,
    bilinear,
    cosine,
    self_attention,
    sets,
    pooling,
    decoding,
    multihead,
    cutting,
    latent,
    latent_cache,
    sinusoidal,
    learned,
    placed_attention,
    rope,
    alibi,
    t5,
    shaw,
    transformer_xl,
    relative_shift,
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
