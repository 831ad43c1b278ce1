from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.judge.case import Case
from attnspec.judge.claims import Capabilities
from attnspec.judge.domain import Domain
from attnspec.kinds.windows.banded import BANDED
from tests.kinds._by_hand import agree, asked_with_one, right, verdicts


def case(key: list[float]) -> Case:
    """Three positions whose scores are their keys; each sees itself and one before."""
    return asked_with_one(key, [0.0, 4.0, 8.0], window=(1, 0))


def test_equal_scores_take_the_mean_of_the_window() -> None:
    # The means of {0}, of {0, 4} and of {4, 8}.
    found = right(BANDED, case([0.0, 0.0, 0.0]))

    assert agree([[[[0.0], [2.0], [6.0]]]], found)


def test_a_high_score_counts_within_its_window_alone() -> None:
    # The last key weighs 3 to 1 where it is seen: (4 + 3 * 8) / 4 is 7.
    found = right(BANDED, case([0.0, 0.0, np.log(3.0)]))

    assert agree([[[[0.0], [2.0], [7.0]]]], found)


def test_weights_that_are_cut_after_the_softmax_are_caught() -> None:
    assert verdicts("banded-zeroed-after") == {"banded-before": Verdict.FAILED}


def _windows(*without: str) -> set[tuple[int, int]]:
    """The windows of all recipes that are drawn without these claims."""
    claims = frozenset(BANDED.vocabulary) - set(without)
    domain = Domain("banded", BANDED.table, Capabilities(claims=claims))
    return {recipe["window"] for recipe in domain.pinned()}


def test_a_window_may_look_back_alone_or_have_equal_sides() -> None:
    assert any(left != right > 0 for left, right in _windows())
    assert {right for _, right in _windows("keys_after")} == {0}
    assert {left - right for left, right in _windows("unequal_sides")} == {0}
    assert _windows("keys_after", "unequal_sides") == {(0, 0)}


def test_what_a_law_would_rather_have_is_not_asked_if_it_is_not_claimed() -> None:
    law = BANDED.laws["banded-influence"]
    claims = frozenset(BANDED.vocabulary) - {"keys_after"}
    capabilities = Capabilities(claims=claims)
    domain = Domain("banded", BANDED.table, capabilities, fields=law.fields)

    # The law has no window (3, 0), and the first that it has looks ahead.
    assert domain.fit(BANDED.recipe(length=5, window=(3, 1)))["window"] == (1, 0)
