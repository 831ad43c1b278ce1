"""Every kind by name, and every law by id."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping

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


class _Kinds(Mapping[str, Kind]):
    """Kinds by name; each is imported when it is first asked for.

    A run judges one kind, and a worker calls the kernels of one.
    """

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._modules = modules
        self.known: dict[str, Kind] = {}
        """Those that are imported already."""

    def __getitem__(self, name: str) -> Kind:
        if name not in self.known:
            module = importlib.import_module(f"{__package__}.{self._modules[name]}")
            kinds = (k for k in vars(module).values() if isinstance(k, Kind))
            self.known[name] = next(kind for kind in kinds if kind.name == name)
        return self.known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)

    def known_first(self) -> Iterator[Kind]:
        """Yield every kind, those first that are imported already."""
        known = tuple(self.known)
        yield from (self.known[name] for name in known)
        yield from (self[name] for name in self._modules if name not in known)


class _Laws(Mapping[str, Invariant]):
    """The invariants of kinds by id; kinds are imported until there is the one."""

    def __init__(self, kinds: _Kinds) -> None:
        self._kinds = kinds

    def __getitem__(self, id: str) -> Invariant:  # noqa: A002 - the field's name
        for kind in self._kinds.known_first():
            if id in kind.laws:
                return kind.laws[id]
        raise KeyError(id)

    def __iter__(self) -> Iterator[str]:
        for kind in self._kinds.values():
            yield from kind.laws

    def __len__(self) -> int:
        return sum(len(kind.laws) for kind in self._kinds.values())


KINDS = _Kinds(
    {
        DEFAULT_KIND: "attention.laws",
        **{
            module.replace("_", "-"): f"{chapter}.{module}"
            for chapter, modules in CHAPTERS.items()
            for module in modules
        },
    }
)
"""The kinds by name; a module and its kind have the same name."""

INVARIANTS: Mapping[str, Invariant] = _Laws(KINDS)
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
