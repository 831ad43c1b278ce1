from __future__ import annotations

import numpy as np

from attnspec.reference import Projections, placed, self_attention, sinusoidal


def test_a_position_that_is_added_tells_equal_vectors_apart() -> None:
    """And the order is no longer free: equivariance is what positions break."""
    layer = Projections(np.eye(2), np.eye(2), np.eye(2))
    saw, i = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    sentence = np.stack([i, saw, i, saw])
    encoding = sinusoidal(np.arange(4), 2)
    plain, marked = (
        self_attention(x, layer) for x in (sentence, placed(sentence, encoding))
    )

    assert np.array_equal(plain[1], plain[3])
    assert not np.array_equal(marked[1], marked[3])
    backward = self_attention(placed(sentence[::-1], encoding), layer)
    assert not np.array_equal(marked[::-1], backward)


def test_an_added_position_is_absolute_a_common_shift_changes_scores() -> None:
    """Of (x + e) . (y + e') the mixed terms x . e' and e . y see the places."""
    x = np.ones((2, 2))
    near, far = (placed(x, sinusoidal(np.arange(2) + p, 2)) for p in (0, 1))

    assert not np.array_equal(near @ near.T, far @ far.T)
    # By more than rounding: in the place (0, 0) from 5 to 3 + 2 (sin 1 + cos 1).
    assert near[0] @ near[0] + 0.7 < far[0] @ far[0]
