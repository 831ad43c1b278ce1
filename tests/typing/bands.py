"""A program that is type-checked and not run: bands, patterns and windows."""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np
import numpy.typing as npt

from attnspec.reference import (
    band,
    banded_attention,
    blocks,
    dilated,
    documents,
    global_tokens,
    over_grid,
    pairs,
    prefix,
    reach,
    shifted_window,
    window_of_cudnn,
    window_of_flash_attention,
    window_of_flashinfer,
    window_of_jax,
    window_of_keras,
    window_of_longformer,
    window_of_transformers,
    window_of_xformers,
    zeroed_after,
)

Array = npt.NDArray[Any]

Open = tuple[int | None, int | None]

query, key = np.zeros((2, 4, 3, 8)), np.zeros((2, 2, 5, 8), dtype=np.float32)
spots, near = np.arange(5), np.ones((5, 5), dtype=np.bool_)

# A band is indices and whether they exist; attention along it is an array.
indices, inside = band(3, 5, (1, 1), alignment="upper_left")
assert_type(indices, Array)
assert_type(inside, Array)
assert_type(banded_attention(query, key, key, window=(2, 0)), Array)
assert_type(zeroed_after(np.zeros((4, 5, 5)), near), Array)
assert_type(reach(near, 3), Array)
assert_type(pairs(near), int)

# Patterns and grids are masks, and masks combine.
assert_type(dilated(spots, spots, 2), Array)
assert_type(prefix(spots, spots, 2), Array)
assert_type(documents(spots // 2, spots // 2), Array)
assert_type(blocks(near, 2, 2, queries=9, keys=10), Array)
assert_type(global_tokens(near[0], near[0]), Array)
assert_type(prefix(spots, spots, 2) | near, npt.NDArray[np.bool_])
assert_type(shifted_window(5, 3, dilation=1), Array)
assert_type(over_grid(near, near, near), Array)

# What every system calls a window is ours, open sides and all.
assert_type(window_of_flash_attention(3, -1), Open)
assert_type(window_of_flashinfer(-1), Open)
assert_type(window_of_jax(3), Open)
assert_type(window_of_jax((3, 1)), Open)
assert_type(window_of_transformers(4, causal=False), Open)
assert_type(window_of_xformers(4), Open)
assert_type(window_of_cudnn(4), Open)
assert_type(window_of_longformer(4), Open)
assert_type(window_of_keras(4), Open)

# What must not pass.
band(3, 5, (1, None))  # type: ignore[arg-type]
banded_attention(query, key, key)  # type: ignore[call-arg]
banded_attention(query, key, key, window=2)  # type: ignore[arg-type]
blocks(near, 2, 2, 9, 10)  # type: ignore[call-arg]
dilated(spots, spots)  # type: ignore[call-arg]
over_grid((near, near))  # type: ignore[arg-type]
window_of_jax(None)  # type: ignore[arg-type]
window_of_flash_attention((3, 3))  # type: ignore[call-arg,arg-type]
