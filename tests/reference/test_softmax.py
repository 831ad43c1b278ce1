from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.reference import (
    logsumexp,
    logsumexp_with_sink,
    softmax,
    softmax_with_sink,
)
from tests.reference._bounds import UNDERFLOW, UNIT, gamma
from tests.reference._problems import Array, generators, score_rows, sizes

Rows = tuple[Array, Array]


@given(score_rows(empty=False))
def test_weights_of_visible_keys_sum_to_one(rows: Rows) -> None:
    """The exact sum of n quotients by a rounded sum is off by gamma(n + 1)."""
    weights = softmax(*rows)
    keys = weights.shape[-1]

    for row in weights:
        assert abs(math.fsum(row) - 1.0) <= gamma(keys + 1) + keys * UNDERFLOW


@given(score_rows())
def test_weights_are_not_negative_and_zero_where_hidden(rows: Rows) -> None:
    weights = softmax(*rows)

    assert (weights >= 0.0).all()
    assert not weights[~rows[1]].any()


@given(score_rows(), st.sampled_from([math.nan, math.inf, -math.inf, 1e308]))
def test_hidden_scores_have_no_influence(rows: Rows, poison: float) -> None:
    scores, mask = rows
    poisoned = np.where(mask, scores, poison)

    assert np.array_equal(softmax(scores, mask), softmax(poisoned, mask))
    assert np.array_equal(logsumexp(scores, mask), logsumexp(poisoned, mask))


@given(score_rows())
def test_a_score_of_minus_infinity_is_hidden(rows: Rows) -> None:
    scores, mask = rows
    selected = np.where(mask, scores, -np.inf)

    assert np.array_equal(softmax(scores, mask), softmax(selected))
    assert np.array_equal(logsumexp(scores, mask), logsumexp(selected))


@given(score_rows(), st.integers(-1000, 1000))
def test_softmax_does_not_see_a_common_shift(rows: Rows, shift: int) -> None:
    """Integers make the shift exact, so that nothing at all may change."""
    scores, mask = np.round(rows[0]), rows[1]

    assert np.array_equal(softmax(scores, mask), softmax(scores + shift, mask))


@given(sizes(1), st.floats(-1e3, 1e3))
def test_equal_scores_share_the_weight_equally(keys: int, score: float) -> None:
    scores = np.full(keys, score)

    assert np.array_equal(np.full(keys, 1.0 / keys), softmax(scores))
    assert score + np.log(float(keys)) == logsumexp(scores).item()


@given(score_rows(empty=False), generators())
def test_softmax_follows_a_permutation_of_the_keys(
    rows: Rows, rng: np.random.Generator
) -> None:
    """Only the order of the sum differs: gamma(n) for each, and one division."""
    scores, mask = rows
    order = rng.permutation(scores.shape[1])
    expected = softmax(scores, mask)[:, order]
    actual = softmax(scores[:, order], mask[:, order])

    assert (np.abs(expected - actual) <= 2.0 * gamma(len(order) + 1) * expected).all()


@given(score_rows(empty=False))
def test_a_margin_of_800_leaves_one_key(rows: Rows) -> None:
    scores = rows[0].copy()
    scores[:, 0] = scores.max() + 800.0
    expected = np.zeros_like(scores)
    expected[:, 0] = 1.0

    assert np.array_equal(expected, softmax(scores))


@given(score_rows(empty=False))
def test_logsumexp_is_the_logarithm_of_the_denominator(rows: Rows) -> None:
    """exp(s - lse) is the weight, up to the roundings of lse and of the difference."""
    scores, mask = rows
    weights, lse = softmax(scores, mask), logsumexp(scores, mask)[:, None]
    distance = np.where(mask, np.abs(scores - lse), 0.0)
    size = 2.0 * np.abs(lse) + distance + np.abs(scores).max(initial=0.0)
    bound = np.expm1(gamma(scores.shape[1] + 12) + UNIT * 3.0 * size) * weights
    actual = np.where(mask, np.exp(np.where(mask, scores - lse, 0.0)), 0.0)

    assert (np.abs(weights - actual) <= bound + UNDERFLOW).all()


@given(score_rows(empty=False))
def test_logsumexp_is_not_below_the_largest_score(rows: Rows) -> None:
    scores, mask = rows
    largest = np.where(mask, scores, -np.inf).max(axis=1)

    assert (logsumexp(scores, mask) >= largest).all()


@pytest.mark.parametrize("keys", [0, 1, 5])
def test_a_row_without_visible_keys_is_zero(keys: int) -> None:
    hidden = np.zeros((2, keys), dtype=bool)
    scores = np.full((2, keys), np.nan)

    assert np.array_equal(np.zeros((2, keys)), softmax(scores, hidden))
    assert np.array_equal(np.full(2, -np.inf), logsumexp(scores, hidden))


@pytest.mark.parametrize("score", [math.nan, math.inf])
def test_a_visible_nan_or_infinity_makes_its_row_nan(score: float) -> None:
    actual = softmax(np.array([[0.0, score], [0.0, 0.0]]))

    assert np.array_equal([[math.nan] * 2, [0.5] * 2], actual, equal_nan=True)


@given(score_rows())
def test_a_sink_of_minus_infinity_is_none(rows: Rows) -> None:
    """It adds a zero to the sum, whose order may change with it."""
    none, keys = np.full(len(rows[0]), -np.inf), rows[0].shape[1]
    weights, lse = softmax(*rows), logsumexp(*rows)
    actual_weights = softmax_with_sink(*rows, none)
    actual_lse = logsumexp_with_sink(*rows, none)
    finite = ~np.isneginf(lse)
    moved = 2.0 * gamma(keys + 2) + 4.0 * UNIT * np.abs(lse[finite])

    assert (np.abs(weights - actual_weights) <= 2.0 * gamma(keys + 2) * weights).all()
    assert np.array_equal(finite, ~np.isneginf(actual_lse))
    assert (np.abs(lse[finite] - actual_lse[finite]) <= moved).all()


@given(score_rows(), st.floats(-30.0, 30.0))
def test_a_sink_is_a_key_whose_weight_is_dropped(rows: Rows, sink: float) -> None:
    scores, mask = rows
    ones = np.ones((len(scores), 1))
    wider = np.hstack([scores, sink * ones]), np.hstack([mask, ones > 0.0])
    sinks = np.full(len(scores), sink)

    assert np.array_equal(softmax(*wider)[:, :-1], softmax_with_sink(*rows, sinks))
    assert np.array_equal(logsumexp(*wider), logsumexp_with_sink(*rows, sinks))


@given(st.floats(-1e3, 1e3))
def test_the_logsumexp_of_an_empty_row_is_its_sink(sink: float) -> None:
    actual = logsumexp_with_sink(np.empty((1, 0)), None, np.array([sink]))

    assert sink == actual.item()


def test_a_great_sink_takes_all_weight() -> None:
    actual = softmax_with_sink(np.zeros((1, 3)), None, np.array([800.0]))

    assert np.array_equal(np.zeros((1, 3)), actual)
