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
from attnspec.rogues.attention import recurrence as attention_recurrence
from attnspec.rogues.attention.controls import CONTROLS as KERNELS
from attnspec.rogues.convolution import (
    convolution,
    convolution_2d,
    distance_attention,
)
from attnspec.rogues.layers import (
    cross_attention,
    decoding,
    latent,
    latent_cache,
    merge_heads,
    multi_head,
    pooling,
    self_attention,
    split_heads,
)
from attnspec.rogues.normalizers import sharing, weights
from attnspec.rogues.normalizers import softmax as activations
from attnspec.rogues.positions import alibi as distance_biases
from attnspec.rogues.positions import placed_attention as placed
from attnspec.rogues.positions import rope as rotary
from attnspec.rogues.positions import shaw as relative_keys
from attnspec.rogues.positions import sinusoidal as absolute
from attnspec.rogues.positions import t5 as distance_buckets
from attnspec.rogues.positions import transformer_xl as distance_terms
from attnspec.rogues.recurrence import (
    chain_length,
    delta_rule,
    linear_attention,
    normalized_linear,
    rnn,
)
from attnspec.rogues.relevance import additive as relevance
from attnspec.rogues.windows import (
    band_cost,
    banded,
    block_mask,
    dilated_mask,
    document_mask,
    global_mask,
    grid_mask,
    neighborhood,
    neighborhood_2d,
    prefix_mask,
    window_mask,
)

_KINDS = (
    activations,
    sharing,
    weights,
    relevance,
    self_attention,
    cross_attention,
    pooling,
    decoding,
    multi_head,
    split_heads,
    merge_heads,
    latent,
    latent_cache,
    absolute,
    placed,
    rotary,
    distance_biases,
    distance_buckets,
    relative_keys,
    distance_terms,
    banded,
    band_cost,
    window_mask,
    neighborhood,
    neighborhood_2d,
    prefix_mask,
    dilated_mask,
    block_mask,
    document_mask,
    global_mask,
    grid_mask,
    convolution,
    convolution_2d,
    distance_attention,
    rnn,
    chain_length,
    linear_attention,
    normalized_linear,
    delta_rule,
)
"""The modules of functions of other kinds; each has its rogues and controls."""

_MODULES = (
    *(memory, state, masks, diagonals, tiles, running),
    *(scores, rows, heads, precision, attention_recurrence, nulls),
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
