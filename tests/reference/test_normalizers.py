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
from attnspec.reference.entmax15 import entmax15
from attnspec.reference.relu import relu_by_length, relu_by_visible
from attnspec.reference.sigmoid import sigmoid
from attnspec.reference.sparsemax import sparsemax
from tests.reference._bounds import UNIT, gamma
from tests.reference._problems import Array, score_rows, sizes

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
    ids = {id(law): f"{kind}-{word}" for word, law in LAWS.WEIGHT_LAWS.items()}
    expected = KEPT[name] | ALWAYS
    actual = {said for said, law in LAWS.LAWS.items() if ids[id(law)] in INVARIANTS}

    assert expected == actual


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
    """To subtract the peak costs u range; the rest is that of the formula."""

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
