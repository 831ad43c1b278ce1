from __future__ import annotations

from typing import Any

import numpy as np

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.layers.latent import LATENT
from tests.kinds._by_hand import agree, case_of, right, verdicts


def case(key: float, **options: Any) -> Case:
    """One head without places; a latent is twice its member, a value ten latents."""
    one = np.ones((1, 1, 1))
    return case_of(
        (1, 1, 1),
        {
            "readers": one,
            "members": np.reshape([0.0, np.log(3.0)], (1, 2, 1)),
            "query_weights": one,
            "latent_weights": np.full((1, 1), 2.0),
            "key_weights": key * one,
            "value_weights": 10.0 * one,
            "output_weights": one,
            "rotary_query_weights": np.zeros((1, 1, 0)),
            "rotary_key_weights": np.zeros((1, 0)),
        },
        **options,
    )


def test_keys_and_values_are_made_of_one_latent() -> None:
    # Latents of 0 and 2 log 3; keys of half of that weigh 1 to 3; values are tenfold.
    found = right(LATENT, case(0.5))

    assert agree([[[0.75 * 20.0 * np.log(3.0)]]], found)


def test_the_scale_is_that_of_the_keys_and_may_be_given() -> None:
    # A scale of zero weighs both alike.
    found = right(LATENT, case(0.5, scale=0.0))

    assert agree([[[0.5 * 20.0 * np.log(3.0)]]], found)


def test_the_scale_of_the_latents_width_is_caught() -> None:
    assert verdicts("latent-wide-scale") == {"latent-scale": Verdict.FAILED}
