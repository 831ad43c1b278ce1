from __future__ import annotations

import decimal
import importlib.util
import itertools
import math
import pathlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.kinds.registry import INVARIANTS
from attnspec.reference.activations import (
    entmax15,
    relu_by_length,
    relu_by_visible,
    sigmoid,
    sparsemax,
)
from attnspec.reference.normalizers import softmax
from tests.reference._bounds import UNDERFLOW, UNIT, gamma
from tests.reference._problems import Array, generators, score_rows, sizes

Rows = tuple[Array, Array]

ALL = [sigmoid, relu_by_length, relu_by_visible, sparsemax, entmax15]
SPARSE = [sparsemax, entmax15]

BOOK = pathlib.Path(__file__).parents[2] / "docs" / "scripts" / "normalizer_laws.py"
SPEC = importlib.util.spec_from_file_location("normalizer_laws", BOOK)
assert SPEC is not None
assert SPEC.loader is not None
LAWS: Any = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(LAWS)

ALWAYS = {"not negative", "order", "monotone"}
KEPT = {
    "softmax": {"sums to 1", "convex", "shift", "padding", "merge"},
    "softmax, sink 0": {"padding", "merge"},
    "sparsemax": {"sums to 1", "convex", "shift", "zeros", "padding"},
    "entmax-1.5": {"sums to 1", "convex", "shift", "zeros", "padding"},
    "sigmoid": {"alone", "padding", "merge"},
    "relu / visible": {"zeros", "alone", "padding", "merge"},
    "relu / S": {"zeros", "alone", "merge"},
}
"""What each normalizer keeps beside the laws that all of them keep."""


@st.composite
def quarters(draw: st.DrawFn) -> Rows:
    """Scores that are multiples of a quarter, in rows with a visible key."""
    rng, shape = draw(generators()), draw(st.tuples(sizes(1, 4), sizes(1, 9)))
    mask = rng.random(shape) < draw(st.sampled_from([0.3, 0.7, 1.0]))
    mask[:, 0] = True
    return rng.integers(-12, 13, size=shape) / 4.0, mask


@pytest.mark.parametrize(
    ("name", "law"), [*itertools.product(LAWS.NORMALIZERS, LAWS.LAWS)]
)
def test_the_table_of_the_book_says_which_laws_are_kept(name: str, law: str) -> None:
    expected = law in KEPT[name] | ALWAYS
    actual = LAWS.keeps(name, LAWS.LAWS[law], count=40)

    assert expected is actual


@pytest.mark.parametrize("name", ["softmax", "sparsemax", "entmax-1.5", "sigmoid"])
def test_a_normalizer_is_judged_by_the_laws_that_the_table_says_it_keeps(
    name: str,
) -> None:
    kind = LAWS.NORMALIZERS[name][0].name
    ids = {id(law): f"{kind}-{word}" for word, law in LAWS.SHARED.items()}
    expected = KEPT[name] | ALWAYS
    actual = {said for said, law in LAWS.LAWS.items() if ids[id(law)] in INVARIANTS}

    assert expected == actual


def limit(weights: Array) -> float:
    """Bound the error of a threshold that is found by sorting, for either of them."""
    keys = weights.shape[-1]
    return 2.0 * max(1.0, float(weights.max())) * gamma(6 * keys**2 + 12 * keys + 14)


def threshold(scores: list[float], power: int) -> decimal.Decimal:
    """Find by bisection where the positive parts, to a power, sum to one."""
    low, high = decimal.Decimal(max(scores)) - 1, decimal.Decimal(max(scores))
    exact = [decimal.Decimal(score) for score in scores]
    for _ in range(100):
        middle = (low + high) / 2
        total = sum(max(score - middle, decimal.Decimal(0)) ** power for score in exact)
        low, high = (middle, high) if total > 1 else (low, middle)
    return low


@pytest.mark.parametrize(("normalizer", "power"), [(sparsemax, 1), (entmax15, 2)])
def test_sorting_finds_the_threshold_that_bisection_finds(
    normalizer: Any, power: int
) -> None:
    """To subtract the peak costs u range; the rest is that of `limit`."""

    @given(score_rows(empty=False))
    def holds(rows: Rows) -> None:
        for row, mask, actual in zip(*rows, normalizer(*rows), strict=True):
            scores = [score / power for score in row[mask]]
            tau, keys = threshold(scores, power), len(row)
            lost = 2.0 * UNIT * (max(row[mask]) - min(row[mask]) + 2.0)
            bound = gamma(6 * keys**2 + 12 * keys + 14) + 2.0 * lost
            for score, weight in zip(scores, actual[mask], strict=True):
                part = max(decimal.Decimal(score) - tau, decimal.Decimal(0))
                assert abs(float(part**power) - weight) <= bound

    with decimal.localcontext(prec=80):
        holds()


@given(quarters())
def test_sparsemax_is_the_nearest_point_of_the_simplex(rows: Rows) -> None:
    """From the nearest point w, no corner c lies ahead: (s - w) . (c - w) <= 0."""
    scores, mask = rows
    weights = sparsemax(scores, mask)

    for row, seen, nearest in zip(scores, mask, weights, strict=True):
        ahead = np.where(seen, row, 0.0) - nearest
        slack = 16.0 * limit(nearest) * len(row)
        inner = math.fsum(ahead * nearest)
        assert all(a - inner <= slack for a in ahead[seen])


@pytest.mark.parametrize(("normalizer", "margin"), [(sparsemax, 1.0), (entmax15, 2.0)])
@pytest.mark.parametrize("keys", [1, 2, 5])
def test_a_small_margin_leaves_one_key(
    normalizer: Any, margin: float, keys: int
) -> None:
    expected = np.eye(keys)[:1]

    assert np.array_equal(expected, normalizer(margin * expected))


@pytest.mark.parametrize("normalizer", SPARSE)
@given(sizes(1), st.integers(-99, 99))
def test_equal_scores_share_the_weight_equally(
    normalizer: Any, keys: int, score: int
) -> None:
    """One quotient in sparsemax; a root and a square more in entmax."""
    weights = normalizer(np.full(keys, score / 4.0))

    assert (np.abs(weights - 1.0 / keys) <= gamma(6.0)).all()


def test_entmax_lies_between_softmax_and_sparsemax() -> None:
    """Two keys at a distance of 1: 0.73, (1 + root 7 / 4) / 2 = 0.83, 1."""
    expected = (1.0 + math.sqrt(7.0) / 4.0) / 2.0
    weights = [f(np.array([1.0, 0.0]))[0] for f in (softmax, entmax15, sparsemax)]

    assert weights == sorted(weights)
    assert abs(weights[1] - expected) <= gamma(6 * 4 + 12 * 2 + 14)


@given(score_rows(), st.sampled_from([-3.0, 0.0, 3.0]))
def test_sigmoid_is_the_logistic_function_of_each_score(
    rows: Rows, offset: float
) -> None:
    """1 / (1 + exp(-x)): x is rounded once, exp is off by 4 u, then two roundings."""
    scores, mask = rows

    for score, seen, weight in zip(
        scores.flat, mask.flat, sigmoid(*rows, offset=offset).flat, strict=True
    ):
        x = min(max(score + offset, -700.0), 700.0)
        expected = 1.0 / (1.0 + math.exp(-x)) if seen else 0.0
        bound = np.expm1(UNIT * (2.0 * abs(x) + 16.0)) * expected
        assert abs(expected - weight) <= bound + UNDERFLOW


@given(sizes(1, 40))
def test_the_advised_offset_makes_equal_zeros_sum_to_about_one(keys: int) -> None:
    """The sum is n / (n + 1): never one, and near it for many keys."""
    total = sigmoid(np.zeros(keys), offset=-math.log(keys)).sum()

    assert abs(total - keys / (keys + 1.0)) <= gamma(keys + 8.0 * math.log(keys) + 16)


@given(quarters())
def test_the_two_divisors_of_relu_are_the_length_and_the_visible(rows: Rows) -> None:
    scores, mask = rows
    positive = np.where(mask, np.maximum(scores, 0.0), 0.0)
    visible = mask.sum(axis=-1, keepdims=True)

    assert np.array_equal(positive / scores.shape[-1], relu_by_length(*rows))
    assert np.array_equal(positive / visible, relu_by_visible(*rows))
    assert np.array_equal(relu_by_length(scores), relu_by_visible(scores))


@given(quarters())
def test_the_power_of_the_divisor_may_be_chosen(rows: Rows) -> None:
    scores, mask = rows
    positive = np.where(mask, np.maximum(scores, 0.0), 0.0)

    assert np.array_equal(positive, relu_by_length(*rows, power=0.0))
    assert np.array_equal(positive, relu_by_visible(*rows, power=0.0))


@pytest.mark.parametrize("normalizer", ALL)
@given(score_rows(), st.sampled_from([math.nan, math.inf, -math.inf, 1e308]))
def test_hidden_scores_have_no_influence(
    normalizer: Any, rows: Rows, poison: float
) -> None:
    scores, mask = rows
    poisoned = np.where(mask, scores, poison)
    actual = normalizer(poisoned, mask)

    assert np.array_equal(normalizer(scores, mask), actual)
    assert not actual[~mask].any()


@pytest.mark.parametrize("normalizer", ALL)
@given(score_rows())
def test_a_score_of_minus_infinity_is_hidden(normalizer: Any, rows: Rows) -> None:
    scores, mask = rows
    expected = normalizer(scores, mask)

    assert np.array_equal(expected, normalizer(np.where(mask, scores, -np.inf)))


@pytest.mark.parametrize("normalizer", ALL)
@pytest.mark.parametrize("keys", [0, 1, 5])
def test_a_row_without_visible_keys_is_zero(normalizer: Any, keys: int) -> None:
    hidden, scores = np.zeros((2, keys), dtype=np.bool_), np.full((2, keys), np.nan)

    assert np.array_equal(np.zeros((2, keys)), normalizer(scores, hidden))


@pytest.mark.parametrize("normalizer", SPARSE)
@pytest.mark.parametrize("score", [math.nan, math.inf])
def test_a_visible_nan_or_infinity_makes_its_row_nan(
    normalizer: Any, score: float
) -> None:
    actual = normalizer(np.array([[0.0, score], [0.0, 0.0]]))

    assert np.isnan(actual[0]).all()
    assert np.isfinite(actual[1]).all()


@pytest.mark.parametrize("normalizer", [sigmoid, relu_by_length, relu_by_visible])
def test_a_visible_nan_stays_alone_where_keys_are_judged_alone(normalizer: Any) -> None:
    actual = normalizer(np.array([0.0, math.nan]))

    assert np.array_equal([False, True], np.isnan(actual))
