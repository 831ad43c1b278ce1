"""What is wrong at real sizes alone is right at small ones, to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnspec.judge.bits import normals
from attnspec.rogues import find
from attnspec.rogues.attention import grids, groups, tile_sizes, widths
from attnspec.rogues.attention._kernel import KERNEL

APART = ("latent-split-without-keys",)
"""What adds in another order than the kernel without a mistake."""

IDS = [
    rogue.id
    for module in (widths, groups, grids, tile_sizes)
    for rogue in module.ROGUES
    if rogue.id not in APART
]


@pytest.mark.parametrize("id", IDS)
def test_a_rogue_of_real_sizes_is_right_at_small_ones(id: str) -> None:  # noqa: A002 - the field's name
    shapes = ((2, 4, 7, 8), (2, 2, 33, 8), (2, 2, 33, 5))
    operands = [
        normals(seed, "operand", shape).astype(np.float32)
        for seed, shape in enumerate(shapes)
    ]
    options: dict[str, Any] = {
        "causal": True,
        "mask": normals(3, "mask", (2, 1, 7, 33)) < 1,
    }

    expected = KERNEL(*operands, return_lse=True, **options)
    actual = find(id).fresh().function(*operands, return_lse=True, **options)

    assert [part.tobytes() for part in actual] == [part.tobytes() for part in expected]
