"""The sizes that real kernels get wrong: tried outright on every seed, never drawn.

Few fields are fixed beside the sizes; the others have their first, plainest value, so
that an example is sharp and cheap.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attnspec.judge.family import Family

COMPOSITE = 960
"""A multiple of 13 of the multiples of 8 up to 256: their tiles all end here."""

TILED = tuple(n + d for n in (128, 256, 896) for d in (-1, 0, 1))
"""The lengths of common tiles with their neighbors."""

EVERY_TILE = (1856, 1872, 1920, 1936, 1944, 1976, 1984, 2000, 2016, 2024, 2040, 2048)
"""Between them they are multiples of every multiple of 8 up to 256."""

MODEL_WIDTHS = (
    *((64, 64), (80, 80), (96, 96), (128, 128), (160, 160), (192, 128), (256, 256)),
    *((512, 512), (576, 512)),
)
"""Widths (E, Ev) of real models; the last is that of latent attention."""

MODEL_GROUPS = ((8, 2), (8, 1), (32, 2), (64, 1))
"""Head counts with 4, 8, 16 and 64 query heads to a key head."""

ROWS = 2**16 + 64
"""More rows than 16 bits count, and than a grid has blocks in most dimensions."""

_SMALL = {"width": 4, "value_width": 4}
_OFFSET = {"lengths": (17, COMPOSITE + 1), "widths": (4, 64), "values": "offset"}
_SHORT = ((5, 9), (1, 17), (17, 17))


def _around(length: int) -> tuple[int, int, int]:
    return length - 1, length, length + 1


def _keys(lengths: Iterable[int]) -> tuple[dict[str, Any], ...]:
    return tuple({"lengths": (3, n), **_SMALL} for n in lengths)


def _queries(lengths: Iterable[int]) -> tuple[Mapping[str, Any], ...]:
    return tuple({"lengths": (n, 5), **_SMALL} for n in lengths)


def _every_tile() -> tuple[int, ...]:
    return tuple(n for length in EVERY_TILE for n in _around(length))


def _masked_sizes() -> Iterator[Mapping[str, Any]]:
    """Yield the sizes at which kernels that hide keys are wrong."""
    for widths in ((64, 64), (128, 128), (192, 128), (256, 256), (576, 512)):
        yield {"widths": widths}
    for length in _around(COMPOSITE):
        yield {"lengths": (3, length), **_SMALL}
    for heads, queries in itertools.product(((8, 2), (64, 1)), (1, 5)):
        yield {"heads": heads, "lengths": (queries, 9), **_SMALL}


def _outright(
    name: str,
    sentence: str,
    pinned: tuple[Mapping[str, Any], ...],
    *needs: str,
    tier: str = "standard",
) -> Family:
    """Return a family of which every recipe is tried; its data are normal ones."""
    sharp = {"scores": ("normal",), "values": ("normal",)}
    return Family(
        name, sentence, sharp, frozenset(needs), pinned, tier=tier, outright=True
    )


SIZES = (
    _outright(
        "composite-keys",
        "959, 960 and 961 keys: tiles of 13 sizes lack one, end, or have one over",
        # Where values lie far from 0, the roundings of a long sum add up.
        (*_keys(_around(COMPOSITE)), _OFFSET),
    ),
    _outright(
        "composite-queries",
        "959, 960 and 961 queries",
        _queries(_around(COMPOSITE)),
        "unequal_lengths",
    ),
    _outright(
        "tiled-keys", "numbers of keys around tiles of 128, 256 and 896", _keys(TILED)
    ),
    _outright(
        "tiled-queries",
        "numbers of queries around tiles of 128, 256 and 896",
        _queries(TILED),
        "unequal_lengths",
    ),
    _outright(
        "every-tile",
        "keys around multiples of every multiple of 8 up to 256",
        _keys(_every_tile()),
        tier="thorough",
    ),
    _outright(
        "every-query-tile",
        "queries around multiples of every multiple of 8 up to 256",
        _queries(_every_tile()),
        "unequal_lengths",
        tier="thorough",
    ),
    _outright(
        "very-long-rows",
        "16,384, 65,536 and 131,072 keys, and one more: few queries see many keys",
        _keys(n + over for n in (2**14, 2**16, 2**17) for over in (0, 1)),
        tier="thorough",
    ),
    _outright(
        "causal-squares",
        "4,095, 4,096 and 4,097 queries of as many keys, behind the causal diagonal",
        tuple(
            {"options": ("causal",), "lengths": (n, n), **_SMALL}
            for n in _around(2**12)
        ),
        "causal",
        tier="thorough",
    ),
    _outright(
        "model-widths",
        "the widths of real models, from 64 to 576 and 512",
        tuple(
            {"widths": widths, "lengths": _SHORT[place % 3]}
            for place, widths in enumerate(MODEL_WIDTHS)
        ),
    ),
    _outright(
        "model-groups",
        "4, 8, 16 and 64 query heads to a key head, of one query and of several",
        tuple(
            {"heads": heads, "lengths": lengths, "width": 8, "value_width": 8}
            for heads in MODEL_GROUPS
            for lengths in ((1, 9), (5, 9))
        ),
        "grouped_query",
    ),
    _outright(
        "sizes-with-masks",
        "widths, groups and lengths of real models where some keys are hidden",
        tuple(
            {"options": (option,), "lengths": (5, 17), **sizes}
            for option in ("causal", "mask")
            for sizes in _masked_sizes()
        ),
    ),
    _outright(
        "many-rows",
        "more than 65,535 queries",
        ({"lengths": (ROWS, 3), **_SMALL},),
        "many_rows",
        "unequal_lengths",
    ),
    _outright(
        "many-heads",
        "more than 65,535 heads, and more than 65,535 in a batch of fewer",
        (
            {"heads": (ROWS, ROWS), "lengths": (1, 2), **_SMALL},
            {"batch": 257, "heads": (257, 257), "lengths": (1, 2), **_SMALL},
        ),
        "many_rows",
    ),
)
"""The families of sizes."""

ALL_SIZES = tuple(family.name for family in SIZES)
"""The names of all of them, for laws that can see any of them."""

MOST_SIZES = tuple(name for name in ALL_SIZES if name != "many-heads")
"""The names of those that cost little."""

__all__ = [
    "ALL_SIZES",
    "COMPOSITE",
    "EVERY_TILE",
    "MODEL_GROUPS",
    "MODEL_WIDTHS",
    "MOST_SIZES",
    "ROWS",
    "SIZES",
    "TILED",
]
