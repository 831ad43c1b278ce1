"""A program that is type-checked and not run: convolution as attention."""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np
import numpy.typing as npt

from attnspec.reference import convolution, distances
from attnspec.reference.convolution import Border

Array = npt.NDArray[Any]

x, kernel = np.zeros((6, 2), dtype=np.float16), np.zeros((3, 2, 4))

# A convolution, and its taps as the weights of heads.
border: Border = "clip"
indices, inside = convolution.taps(6, 3, 1, border=border)
assert_type(indices, Array)
assert_type(inside, Array)
assert_type(convolution.convolve(x, kernel, left=1, border="shifted"), Array)
weights = convolution.tap_weights(6, 3, 1)
assert_type(weights, Array)
assert_type(convolution.tap_weights_2d((2, 3), (1, 2), (0, 1), border=border), Array)
assert_type(convolution.attend_by_taps(x, kernel, weights), Array)

# Attention by distance.
scores = np.zeros(3)
assert_type(distances.distance_scores(scores, 6, left=1), Array)
assert_type(distances.relative_attention(scores, x, left=1), Array)
assert_type(distances.renormalized_convolution(scores, x, left=1), Array)
assert_type(distances.sharpened_taps(6, 3, 1, sharpness=8), Array)

# What must not pass.
convolution.convolve(x, kernel)  # type: ignore[call-arg]
convolution.convolve(x, kernel, left=1, border="wrap")  # type: ignore[arg-type]
convolution.taps(6, 3, 1, border)  # type: ignore[call-arg]
convolution.tap_weights_2d((2, 3), 2, 1)  # type: ignore[arg-type]
distances.distance_scores(scores, 6, 1)  # type: ignore[call-arg]
distances.sharpened_taps(6, 3, 1)  # type: ignore[call-arg]
