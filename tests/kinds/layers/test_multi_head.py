from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict, check_implementation
from attnspec.judge.case import Case
from attnspec.judge.claims import Capabilities
from attnspec.judge.domain import Domain
from attnspec.kinds.layers.multi_head import MULTI_HEAD
from attnspec.rogues import CONTROLS
from tests.kinds._by_hand import agree, case_of, right, verdicts


def case(key_heads: int) -> Case:
    """Two heads that ask nothing, and hand on one and ten times what they find.

    The members are 1 and 3; the first key head takes them once, the second twice.
    """
    ones = np.ones((2, 1, 1))
    return case_of(
        (1, 1, 1),
        {
            "readers": np.ones((1, 1, 1)),
            "members": np.reshape([1.0, 3.0], (1, 2, 1)),
            "query_weights": 0.0 * ones,
            "key_weights": ones[:key_heads],
            "value_weights": np.reshape([1.0, 2.0], (2, 1, 1))[:key_heads],
            "output_weights": np.reshape([1.0, 10.0], (2, 1, 1)),
        },
    )


def test_what_heads_find_is_summed() -> None:
    # Means of 2 and of 4: 1 * 2 + 10 * 4.
    assert agree([[[42.0]]], right(MULTI_HEAD, case(2)))


def test_two_query_heads_may_share_a_key_head() -> None:
    # A mean of 2 for both: 1 * 2 + 10 * 2.
    assert agree([[[22.0]]], right(MULTI_HEAD, case(1)))


def test_query_heads_that_take_turns_are_caught() -> None:
    assert verdicts("multi-head-tiled") == {"multi-head-shared": Verdict.FAILED}


def test_under_a_causal_mask_the_last_of_both_stand_together_or_the_first() -> None:
    # One reader and the members 1 and 3: the mean of both, or the first alone.
    causal = case(2).replace(causal=True)

    assert agree([[[42.0]]], right(MULTI_HEAD, causal))
    assert agree([[[21.0]]], right(MULTI_HEAD, causal, alignment="upper_left"))


def test_widths_that_follow_from_one_number_are_claimed_away() -> None:
    tied = {"value_width", "free_widths", "member_width"}
    claims = frozenset(MULTI_HEAD.vocabulary) - tied
    domain = Domain("multi-head", MULTI_HEAD.table, Capabilities(claims=claims))

    for recipe in domain.pinned():
        inner = recipe["key_heads"] * recipe["group"] * recipe["width"]
        outer = {recipe[f"{name}_width"] for name in ("reader", "member", "output")}
        assert outer == {inner}
        assert recipe["value_width"] == recipe["width"]


def test_a_layer_of_tied_widths_is_asked_of_no_other() -> None:
    report = check_implementation(CONTROLS["multi-head-tied"].fresh(), tier="smoke")

    unasked = {o.invariant for o in report.outcomes if o.verdict == "unsupported"}
    assert report.conforms
    assert unasked == {
        *("multi-head-sum", "multi-head-joined", "multi-head-independence"),
        *("multi-head-shared", "multi-head-value-width"),
    }
