from __future__ import annotations

import math

import numpy as np

from attnspec.conformance import Verdict
from attnspec.kinds.positions.transformer_xl import TRANSFORMER_XL
from tests.kinds._by_hand import agree, case_of, right, verdicts

LOG_3 = math.log(3.0)
NOTHING = {
    "query": np.zeros((1, 1, 1)),
    "key": np.array([[[1.0], [0.0]]]),
    "value": np.array([[[0.0], [4.0]]]),
    "distance_weights": np.array([[[LOG_3 / math.sin(1.0)], [0.0]]]),
    "content_bias": np.zeros((1, 1)),
    "place_bias": np.zeros((1, 1)),
}
"""A query of zero at the second of two keys: their distances from it are 1 and 0."""


def test_a_query_that_wants_nothing_hears_all_alike() -> None:
    assert agree([[[2.0]]], right(TRANSFORMER_XL, case_of((1, 1, 1), NOTHING)))


def test_what_is_always_wanted_of_contents_is_scored_against_keys() -> None:
    # The scores are log 3 and 0, the weights 3/4 and 1/4.
    case = case_of((1, 1, 1), NOTHING).replace(content_bias=np.full((1, 1), LOG_3))

    assert agree([[[1.0]]], right(TRANSFORMER_XL, case))


def test_what_is_always_wanted_of_places_is_scored_against_distances() -> None:
    # The sine of 1 times its weight is log 3, and the sine of 0 is 0.
    case = case_of((1, 1, 1), NOTHING).replace(place_bias=np.ones((1, 1)))

    assert agree([[[1.0]]], right(TRANSFORMER_XL, case))


def test_a_query_sees_the_keys_after_it_only_where_it_is_said() -> None:
    # The first of two queries hears its own value, 0, or both.
    case = case_of((1, 2, 1), {**NOTHING, "query": np.zeros((1, 2, 1))})

    assert agree([[[0.0], [2.0]]], right(TRANSFORMER_XL, case))
    both = right(TRANSFORMER_XL, case.replace(bidirectional=True))
    assert agree([[[2.0], [2.0]]], both)


def test_what_the_shift_moves_in_is_caught_where_no_mask_hides_it() -> None:
    assert verdicts("transformer-xl-moved-in") == {
        "transformer-xl-rows": Verdict.FAILED
    }
