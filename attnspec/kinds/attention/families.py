"""The named ways of drawing recipes.

Each family presses on one thing that real kernels get wrong. Its fields are small
domains, simplest value first; what it does not fix varies as everywhere. Boundary
sizes and pairs of options are enumerated outright, because drawing misses them:
640 random lengths up to 300 need not contain 65.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from attnspec.judge.family import Family
from attnspec.kinds.attention.case import OPTIONS
from attnspec.kinds.attention.options import AXES, FAR_SINKS
from attnspec.kinds.attention.sizes import SIZES

TILES = (8, 16, 32, 64, 128)
BOUNDARIES = tuple(
    sorted({m * t + d for t in TILES for m in (1, 2) for d in (-1, 0, 1)})
)
"""One less than, equal to and one more than one and two tiles of every size."""

MASKED = (9, 17, 33, 65, 129)
"""Lengths of which the last tile holds one key, for tiles of every size."""

GROUPED = ((2, 1), (3, 1), (6, 2), (5, 1), (10, 2), (7, 1), (9, 3), (6, 3), (14, 2))
"""Head counts whose group size is 2, 3, 5 and 7, mostly other than Hkv."""


def _layouts() -> tuple[tuple[tuple[str, str], ...], ...]:
    """Return each layout of each operand on its own, and of query, key and value."""
    shared = ("transposed", "sliced", "offset")
    pairs = [
        (operand, layout)
        for operand in ("query", "key", "value", "mask", "bias")
        for layout in shared
    ]
    pairs += itertools.product(
        ("query", "key", "value"), ("broadcast_batch", "broadcast_heads")
    )
    operands = ("query", "key", "value")
    together = (tuple((operand, layout) for operand in operands) for layout in shared)
    return (*((pair,) for pair in pairs), *together)


def _boundaries(
    lengths: Callable[[int], tuple[int, int]],
) -> tuple[Mapping[str, Any], ...]:
    sizes = {"width": 4, "value_width": 4}
    return tuple({"lengths": lengths(n), **sizes} for n in BOUNDARIES)


def _option_pairs() -> tuple[Mapping[str, Any], ...]:
    sets = [(), *((o,) for o in OPTIONS), *itertools.combinations(OPTIONS, 2)]
    sizes = itertools.cycle(((5, 9), (9, 5), (4, 17), (7, 7), (3, 65)))
    return tuple(
        {"options": chosen, "lengths": size, "heads": (2, 2), "batch": 2}
        for chosen, size in zip(sets, sizes, strict=False)
    )


def _family(name: str, sentence: str, *needs: str, **fields: Any) -> Family:
    pinned = fields.pop("pinned", ())
    return Family(name, sentence, fields, frozenset(needs), pinned)


_BOUNDARY_LENGTHS = tuple(
    (q, s) for s in BOUNDARIES for q in (1, 3, 17) if q * s <= 4400
) + tuple((s, s) for s in (8, 16, 32, 33, 64, 65))

FAMILIES = (
    _family("plain", "anything that is claimed, small"),
    _family(
        "tile-boundaries",
        "lengths around the tiles of every size from 8 to 128, exact multiples too",
        lengths=_BOUNDARY_LENGTHS,
        # A mask has tiles of its own: its end is padded where the keys' end is.
        pinned=(
            *_boundaries(lambda n: (3, n)),
            *({"options": ("mask",), "lengths": (3, n), "mask": "all"} for n in MASKED),
        ),
    ),
    _family(
        "query-boundaries",
        "numbers of queries around the tiles of every size from 8 to 128",
        "unequal_lengths",
        lengths=tuple((n, s) for n in BOUNDARIES for s in (5, 2)),
        pinned=_boundaries(lambda n: (n, 5)),
    ),
    _family(
        "option-pairs",
        "every option, alone and with every other",
        scores=("spread", "normal", "peaked", "integers", "offset_up", "offset_down"),
        pinned=_option_pairs(),
    ),
    _family(
        "unequal-lengths",
        "fewer queries than keys, and more",
        "unequal_lengths",
        lengths=((1, 2), (2, 1), (2, 5), (5, 2), (3, 17), (17, 3), (9, 64), (64, 9)),
        pinned=tuple(
            {"options": options, "lengths": lengths, "window": (1, 1)}
            for options in (("causal",), ("window",), ("causal", "window"))
            for lengths in ((2, 5), (5, 2), (17, 3))
        ),
    ),
    _family(
        "grouped-heads",
        "group sizes 2, 3, 5 and 7, most of them other than Hkv",
        "grouped_query",
        heads=GROUPED,
        batch=(1, 2),
        pinned=tuple({"heads": h, "lengths": (3, 5), "batch": 2} for h in GROUPED),
    ),
    _family(
        "odd-widths",
        "widths that are no power of two, and 1",
        widths=(
            *((n, n) for n in (1, 3, 5, 7, 17, 40, 65, 80, 96, 128)),
            *((1, 3), (3, 1), (5, 40), (7, 65), (17, 5), (40, 96), (65, 7), (80, 17)),
            *((96, 1), (128, 65)),
        ),
        heads=((1, 1), (2, 2)),
        # Wider than the 64 channels that many kernels are written for.
        pinned=({"widths": (128, 128), "lengths": (5, 5)},),
    ),
    _family(
        "strided-operands",
        "operands transposed, sliced or at an offset, or one with a stride of 0",
        layouts=_layouts(),
        batch=(2, 3),
        heads=((2, 2), (3, 3), (6, 2)),
        pinned=tuple(
            {
                "layouts": layout,
                "batch": 2,
                "heads": (2, 2),
                "lengths": (5, 33),
                "width": 8,
                "value_width": 8,
                "options": tuple(o for o, _ in layout if o in ("mask", "bias")),
            }
            for layout in _layouts()
        ),
    ),
    _family(
        "masks-with-holes",
        "boolean masks of every kind on every set of axes",
        "mask",
        mask=("holes", "sparse", "one_key", "padding", "prefix_hidden", "all"),
        # Masks that differ wherever they may, and a square one that can be turned.
        pinned=tuple(
            {"options": ("mask",), "mask_axes": axes, "batch": 2, "heads": (2, 2)}
            | {"lengths": lengths, "mask": mask, "scores": "normal"}
            for axes, lengths, mask in (
                *((axes, (4, 9), "holes") for axes in AXES),
                *((axes, (7, 7), "prefix_hidden") for axes in ("B11S", "111S")),
                ("BHL1", (7, 7), "holes"),
            )
        )
        + tuple(
            {"options": ("mask", "causal"), "mask_axes": axes, "batch": 2}
            | {"lengths": lengths, "mask": "holes", "heads": (2, 2)}
            for axes, lengths in (("S", (7, 7)), ("1S", (4, 9)))
        ),
    ),
    _family(
        "biases",
        "additive biases of every kind on every set of axes",
        "bias",
        bias=("normal", "row_offset", "distance", "holes"),
        pinned=tuple(
            {"options": ("bias",), "bias_axes": axes, "batch": 2, "heads": (2, 2)}
            | {"lengths": (7, 7), "bias": "normal"}
            for axes in ("S", "1S")
        ),
    ),
    _family(
        "empty-rows",
        "queries that see no key",
        "mask",
        mask=("empty_rows", "none", "left_padding"),
        bias=("normal", "empty_rows", "holes"),
        pinned=tuple(
            {"options": o, "mask": m, "lengths": (5, 9), "mask_axes": "BHLS"}
            for o in (("mask",), ("mask", "causal"), ("mask", "sink"))
            for m in ("empty_rows", "none", "left_padding")
        ),
    ),
    _family(
        "far-sinks",
        "sinks far below and above all scores, and rows that see nothing else",
        "sink",
        sink=FAR_SINKS,
        mask=("empty_rows", "none", "holes"),
        lengths=((3, 3), (2, 5), (5, 9), (3, 17)),
        pinned=tuple(
            {"options": options, "sink": number, "mask": "empty_rows"}
            | {"lengths": (5, 9), "heads": (2, 2), "mask_axes": "11LS"}
            for number in FAR_SINKS
            for options in (("sink",), ("sink", "mask"))
        ),
    ),
    _family(
        "poisoned-padding",
        "keys that nobody sees hold huge numbers",
        "mask",
        mask=("padding", "left_padding", "holes", "prefix_hidden"),
        mask_axes=("B11S", "111S", "BHLS", "11LS"),
        hidden=("huge",),
    ),
    _family(
        "offset-scores",
        "all scores near +100 or -100",
        scores=("offset_down", "offset_up"),
    ),
    _family(
        "far-below-zero",
        "all scores near -60,000: lower than a number that stands for hidden",
        scores=("far_down",),
        lengths=((5, 5), (5, 9), (9, 5), (3, 33), (17, 17)),
        pinned=tuple(
            {"options": (option,), "lengths": (5, 5), "width": 4, "scores": "far_down"}
            for option in ("causal", "mask", "window", "bias")
        ),
    ),
    _family("peaked-scores", "one key takes nearly all weight", scores=("peaked",)),
    _family(
        "flat-scores", "all scores equal, or few values", scores=("uniform", "ties")
    ),
    _family(
        "ascending-scores",
        "each key scores higher than the one before",
        scores=("ascending",),
        lengths=((1, 9), (3, 17), (5, 65), (2, 129), (33, 33)),
    ),
    _family(
        "exact-gather",
        "one key leaves no weight to any other: its value is the output, to the bit",
        scores=("gather",),
        values=("integers", "normal"),
        width=(16, 64, 8),
        lengths=((3, 5), (9, 9), (17, 33), (5, 65), (4, 129), (33, 17)),
        scale=(0.5, 1.0),
    ),
    _family(
        "exact-uniform",
        "equal scores and a power of two of keys: the mean is the output, to the bit",
        scores=("uniform",),
        values=("integers",),
        lengths=((1, 1), (2, 2), (3, 4), (5, 8), (3, 16), (9, 32), (3, 64), (2, 128)),
    ),
    _family(
        "long-rows",
        "a thousand keys and more",
        lengths=((1, 513), (2, 1025), (3, 2049), (1, 4096), (5, 3000)),
        heads=((1, 1), (2, 1)),
        batch=(1,),
        width=(4, 16, 64),
        value_width=(4, 16),
        # Where values lie far from 0, one key of a thousand hides behind the bound.
        pinned=(
            {"lengths": (2, 1025), "width": 16, "value_width": 16}
            | {"scores": "normal", "values": "normal"},
        ),
    ),
    *SIZES,
)
"""Every family, the plainest first."""

__all__ = ["BOUNDARIES", "FAMILIES", "GROUPED", "TILES"]
