"""A program that is type-checked and not run: positions."""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np
import numpy.typing as npt

from attnspec.reference.alibi import alibi, alibi_signed, alibi_slopes
from attnspec.reference.learned import learned
from attnspec.reference.placed_attention import placed
from attnspec.reference.relative_shift import relative_shift
from attnspec.reference.rope import Pairing, rotary, rotary_matrix, rotary_pairs
from attnspec.reference.shaw import clipped_vectors, shaw_outputs, shaw_scores
from attnspec.reference.sinusoidal import frequencies, sinusoidal
from attnspec.reference.t5 import t5_bias, t5_buckets
from attnspec.reference.transformer_xl import transformer_xl_scores

Array = npt.NDArray[Any]

x, spots, relative = np.zeros((2, 3, 8)), np.arange(3), np.zeros((3, 3), dtype=np.int64)

# Added to the vectors: at whole positions or fractions, or from a table.
assert_type(frequencies(8, base=500_000.0), Array)
assert_type(sinusoidal(spots / 2.0, 8), Array)
assert_type(sinusoidal(spots, 8, base=1e6), Array)
assert_type(learned(spots, np.zeros((9, 8), dtype=np.float32)), Array)
assert_type(placed(x, sinusoidal(spots, 8)), Array)

# Turned, in either pairing and in part.
half: Pairing = "half_split"
assert_type(rotary_pairs(8, pairing="interleaved"), Array)
assert_type(rotary(x, spots, pairing=half, width=4, base=1e6), Array)
assert_type(rotary_matrix(1.5, 4), Array)

# Added to the scores.
assert_type(alibi_slopes(4), Array)
assert_type(alibi(relative, alibi_slopes(4)), Array)
assert_type(alibi_signed(relative, np.ones(4)), Array)
assert_type(t5_buckets(relative, bidirectional=False), Array)
assert_type(t5_bias(relative, np.zeros((32, 4))), Array)

# Met with the query.
table, bias = np.zeros((5, 8)), np.zeros(8)
vectors = clipped_vectors(relative, table)
scores = shaw_scores(x, x, relative, table)
assert_type(vectors, Array)
assert_type(scores, Array)
assert_type(shaw_outputs(scores, x, relative, table), Array)
place = (relative, np.zeros((6, 8)), bias, bias)
assert_type(transformer_xl_scores(x, x, *place), Array)
assert_type(relative_shift(scores), Array)

# What must not pass.
sinusoidal(3, 8)  # type: ignore[arg-type]
sinusoidal(spots, 8, 500_000.0)  # type: ignore[call-arg]
frequencies(8.0)  # type: ignore[arg-type]
rotary_pairs(8)  # type: ignore[call-arg]
rotary(x, spots, pairing="tiled")  # type: ignore[arg-type]
alibi_slopes(8.0)  # type: ignore[arg-type]
t5_buckets(relative, 32)  # type: ignore[call-arg]
shaw_scores(x, x, table)  # type: ignore[call-arg]
