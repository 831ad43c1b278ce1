"""A program that is type-checked and not run: convolution as attention."""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np
import numpy.typing as npt

from attnspec.reference import (
    attend_by_taps,
    convolve,
    distance_scores,
    relative_attention,
    renormalized_convolution,
    sharpened_taps,
    tap_weights,
    tap_weights_2d,
    taps,
)
from attnspec.reference.convolution import Border

Array = npt.NDArray[Any]

x, kernel = np.zeros((6, 2), dtype=np.float16), np.zeros((3, 2, 4))

# A convolution, and its taps as the weights of heads.
border: Border = "clip"
indices, inside = taps(6, 3, 1, border=border)
assert_type(indices, Array)
assert_type(inside, Array)
assert_type(convolve(x, kernel, left=1, border="shifted"), Array)
weights = tap_weights(6, 3, 1)
assert_type(weights, Array)
assert_type(tap_weights_2d((2, 3), (1, 2), (0, 1), border=border), Array)
assert_type(attend_by_taps(x, kernel, weights), Array)

# Attention by distance.
scores = np.zeros(3)
assert_type(distance_scores(scores, 6, left=1), Array)
assert_type(relative_attention(scores, x, left=1), Array)
assert_type(renormalized_convolution(scores, x, left=1), Array)
assert_type(sharpened_taps(6, 3, 1, sharpness=8), Array)

# What must not pass.
convolve(x, kernel)  # type: ignore[call-arg]
convolve(x, kernel, left=1, border="wrap")  # type: ignore[arg-type]
taps(6, 3, 1, border)  # type: ignore[call-arg]
tap_weights_2d((2, 3), 2, 1)  # type: ignore[arg-type]
distance_scores(scores, 6, 1)  # type: ignore[call-arg]
sharpened_taps(6, 3, 1)  # type: ignore[call-arg]
