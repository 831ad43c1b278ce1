"""Every kind by name, and every law by id."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from attnspec.judge import registry
from attnspec.judge.kind import Kind
from attnspec.judge.law import Invariant

DEFAULT_KIND = "attention"
"""The kind of function that is judged where none is named."""

GRADIENT_KINDS: Mapping[str, str] = {
    DEFAULT_KIND: "attention-gradient",
    "varlen": "varlen-gradient",
    "padded": "padded-gradient",
}
"""For each kind of functions that may claim gradients, that of their backward pass."""

CHAPTERS: Mapping[str, tuple[str, ...]] = {
    "normalizers": ("softmax", "sparsemax", "entmax15", "sigmoid", "relu"),
    "relevance": ("bilinear", "additive", "cosine"),
    "layers": (
        *("self_attention", "cross_attention", "pooling", "decoding", "multi_head"),
        *("split_heads", "merge_heads", "latent", "latent_cache"),
    ),
    "positions": (
        *("sinusoidal", "learned", "placed_attention", "rope", "alibi", "t5"),
        *("shaw", "transformer_xl", "relative_shift"),
    ),
    "windows": (
        *("banded", "band_cost", "window_mask", "neighborhood", "neighborhood_2d"),
        *("prefix_mask", "dilated_mask", "block_mask", "document_mask"),
        *("chunked_mask", "sink_window_mask", "global_mask", "grid_mask"),
    ),
    "convolution": ("convolution", "convolution_2d", "distance_attention"),
    "recurrence": (
        *("rnn", "chain_length", "linear_attention", "normalized_linear"),
        *("delta_rule",),
    ),
    "serving": (
        *("merge", "merge_all", "varlen", "padded", "paged", "paged_append"),
        *("cached", "kv_cache"),
    ),
    "training": ("attention_gradient", "varlen_gradient", "padded_gradient"),
}
"""The folders of kinds, and in each the modules of its kinds, in the book's order."""

FOR_UNDERSTANDING = frozenset(
    {
        *("band-cost", "chain-length", "cross-attention", "decoding"),
        *("dilated-mask", "distance-attention", "global-mask", "grid-mask"),
        *("latent-cache", "merge-heads", "placed-attention", "pooling"),
        *("self-attention", "split-heads"),
    }
)
"""The kinds that are in the book for the sake of understanding.

No library offers such a function under this name; the others are what kernels are
made of.
"""


def _found() -> dict[str, Kind]:
    """Import every kind; a module and its kind have the same name."""
    attention = importlib.import_module("attnspec.kinds.attention.laws").ATTENTION
    found = {DEFAULT_KIND: attention}
    for chapter, modules in CHAPTERS.items():
        for module in modules:
            contents = vars(
                importlib.import_module(f"{__package__}.{chapter}.{module}")
            )
            name = module.replace("_", "-")
            kinds = {k.name: k for k in contents.values() if isinstance(k, Kind)}
            found[name] = kinds[name]
    return found


KINDS: Mapping[str, Kind] = _found()
"""The kinds by name."""

INVARIANTS: Mapping[str, Invariant] = {
    id: law
    for kind in KINDS.values()
    for id, law in kind.laws.items()  # noqa: A001 - the field's name
}
"""The invariants of all kinds by id, in the order in which they run."""


def kind_named(name: str) -> Kind:
    """Return a kind by name.

    Raises
    ------
    UnknownName
        If there is no such kind.
    """
    return registry.kind_named(name, KINDS)


def find(id: str) -> Invariant:  # noqa: A002 - the field's name
    """Return the invariant with this id.

    Raises
    ------
    UnknownName
        If there is no such invariant.
    """
    return registry.law_named(id, KINDS)


def invariants_of(kind: str) -> tuple[Invariant, ...]:
    """Return the laws of a kind, in the order in which they run."""
    return tuple(kind_named(kind).laws.values())


__all__ = [
    "CHAPTERS",
    "DEFAULT_KIND",
    "FOR_UNDERSTANDING",
    "GRADIENT_KINDS",
    "INVARIANTS",
    "KINDS",
    "find",
    "invariants_of",
    "kind_named",
]
