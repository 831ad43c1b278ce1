from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.layers.latent_cache import LATENT_CACHE
from tests.kinds._by_hand import agree, case_of, right, verdicts


def case(rotary: list[list[float]]) -> Case:
    """Two members, 1 and 1, whose latents are three times as large."""
    weights = np.array(rotary)
    return case_of(
        (1, 2, 1 + weights.shape[1]),
        {
            "members": np.ones((1, 2, 1)),
            "latent_weights": np.full((1, 1), 3.0),
            "rotary_key_weights": weights,
        },
    )


def test_the_first_key_is_kept_and_the_second_is_turned_by_one() -> None:
    # The key (1, 0) is turned by as many radians as its place says.
    expected = [[[3.0, 1.0, 0.0], [3.0, np.cos(1.0), np.sin(1.0)]]]

    assert agree(expected, right(LATENT_CACHE, case([[1.0, 0.0]])))


def test_the_pairing_says_which_entries_turn_together() -> None:
    # Of (1, 0, 0, 0) the second or the third entry belongs to the first.
    one = case([[1.0, 0.0, 0.0, 0.0]])
    first, cosine, sine = [3.0, 1.0, 0.0, 0.0, 0.0], np.cos(1.0), np.sin(1.0)

    near = [[first, [3.0, cosine, sine, 0.0, 0.0]]]
    far = [[first, [3.0, cosine, 0.0, sine, 0.0]]]
    assert agree(near, right(LATENT_CACHE, one))
    assert agree(far, right(LATENT_CACHE, one, pairing="half_split"))


def test_keys_that_are_not_turned_are_caught() -> None:
    assert verdicts("latent-cache-unturned") == {
        "latent-cache-agreement": Verdict.FAILED
    }
