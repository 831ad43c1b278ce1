from __future__ import annotations

from typing import Any

import numpy as np

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.kinds.layers.self_attention import SELF_ATTENTION
from tests.kinds._by_hand import agree, case_of, right, verdicts


def case(query: float, **options: Any) -> Case:
    """Three vectors, 0, 3 and 6, which are keys and values as they are."""
    return case_of(
        (3, 1),
        {
            "vectors": np.reshape([0.0, 3.0, 6.0], (3, 1)),
            "query_weights": np.full((1, 1), query),
            "key_weights": np.ones((1, 1)),
            "value_weights": np.ones((1, 1)),
        },
        **options,
    )


def test_queries_of_zero_take_the_mean() -> None:
    assert agree([[3.0], [3.0], [3.0]], right(SELF_ATTENTION, case(0.0)))


def test_a_causal_vector_takes_the_mean_of_what_came_before() -> None:
    # The means of {0}, of {0, 3} and of {0, 3, 6}.
    found = right(SELF_ATTENTION, case(0.0, causal=True))

    assert agree([[0.0], [1.5], [3.0]], found)


def test_a_mask_of_members_hides_the_same_vector_from_all() -> None:
    mask = np.array([True, True, False])

    assert agree([[1.5], [1.5], [1.5]], right(SELF_ATTENTION, case(0.0, mask=mask)))


def test_a_mask_that_hides_queries_is_caught() -> None:
    assert verdicts("self-attention-masked-rows") == {
        "self-attention-padding": Verdict.FAILED
    }
