"""Packed recurrences, beside flash-linear-attention 0.6 by Triton's interpreter.

Its kernels are Triton's; with ``TRITON_INTERPRET=1`` they run on a CPU, in NumPy. With
small whole numbers nothing is rounded, so both sides have to be equal. What differs: it
scales queries by 1 / sqrt(E), has tokens before heads, and packs only a batch of one.
Kernels that look for their fastest form first ask for a GPU: those of linear attention.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnspec.reference import delta_rule
from tests.reference._problems import Array, generators, sizes

pytest.importorskip("triton")
torch = pytest.importorskip("torch")
if os.environ.get("TRITON_INTERPRET") != "1":
    pytest.skip("TRITON_INTERPRET is not 1", allow_module_level=True)
deltas = pytest.importorskip("fla.ops.delta_rule")

FEW = settings(max_examples=20)
LENGTHS = st.lists(sizes(1, 5), min_size=1, max_size=4)


def _whole(rng: np.random.Generator, *shape: int) -> Array:
    return rng.integers(-2, 3, size=shape).astype(np.float32)


def _packed(function: Any, arrays: list[Array], lengths: list[int]) -> Array:
    """Return what theirs makes of tokens (T, H, E), one sequence behind the other."""
    given_ = [torch.from_numpy(array[None]) for array in arrays]
    sums = torch.tensor([0, *np.cumsum(lengths)])
    found, _ = function(*given_, scale=1.0, cu_seqlens=sums)
    packed: Array = found[0].numpy()
    return packed


def _one_by_one(function: Any, arrays: list[Array], lengths: list[int]) -> Array:
    """Return what the definition makes of each sequence, head by head."""
    ends = np.cumsum(lengths)[:-1]
    parts = zip(*(np.split(array, ends) for array in arrays), strict=True)
    found = [function(*(a.swapaxes(0, 1) for a in part)) for part in parts]
    return np.concatenate([answer.swapaxes(0, 1) for answer, _ in found])


@FEW
@given(LENGTHS, generators())
def test_the_delta_rule_begins_anew_in_each_packed_sequence(
    lengths: list[int], rng: np.random.Generator
) -> None:
    shapes = ((2, 4), (2, 4), (2, 3), (2,))
    arrays = [_whole(rng, sum(lengths), *shape) for shape in shapes]
    theirs = _packed(deltas.fused_recurrent_delta_rule, arrays, lengths)

    assert np.array_equal(theirs, _one_by_one(delta_rule, arrays, lengths))
