"""Comparing by bound and by class."""

from __future__ import annotations

import numpy as np
import pytest

from attnspec.exceptions import InvalidArgument
from attnspec.numerics import identical, within

NAN, INF = np.nan, np.inf


def test_the_ratio_is_the_largest_error_in_units_of_its_bound() -> None:
    """And the place of that element is told."""
    judged = within(np.zeros((2, 2)), np.array([[0, 1], [3, 0]]), np.full((2, 2), 4.0))

    assert judged.holds
    assert judged.ratio == 0.75
    assert judged.index == (1, 0)
    assert judged.error == 3.0


@pytest.mark.parametrize(
    ("expected", "actual", "holds"),
    [
        (NAN, NAN, True),
        (NAN, 0.0, False),
        (0.0, NAN, False),
        (INF, INF, True),
        (INF, -INF, False),
        (INF, 1e300, False),
        (-INF, NAN, False),
        (1.0, INF, False),
        (0.0, -0.0, True),
    ],
)
@pytest.mark.parametrize("bound", [0.0, 1.0, INF])
def test_nan_and_infinity_are_compared_by_class(
    expected: float, actual: float, bound: float, *, holds: bool
) -> None:
    """No bound, however large, excuses a wrong one."""
    judged = within(np.array([expected]), np.array([actual]), np.array([bound]))

    assert judged.holds is holds
    assert judged.ratio == (0.0 if holds else INF)
    assert bool(judged.note) is not holds


def test_a_bound_of_zero_asks_for_equality() -> None:
    """The ratio of any error to it is infinite."""
    zero = np.zeros(1)

    assert within(np.ones(1), np.ones(1), zero).ratio == 0.0
    assert within(np.ones(1), np.ones(1) + 1e-9, zero).ratio == INF


def test_a_nan_bound_holds_for_nothing_but_equality() -> None:
    """The comparison is not (error <= bound)."""
    assert not within(np.ones(1), np.full(1, 1.5), np.array([NAN])).holds


def test_a_failing_element_is_named_before_a_passing_one() -> None:
    """Even where its ratio says less."""
    judged = within(np.zeros(3), np.array([0.0, 0.9, NAN]), np.ones(3))

    assert judged.index == (2,)
    assert judged.note == "NaN is wrong here"


def test_nothing_to_compare_holds() -> None:
    """There is no worst element then."""
    judged = within(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 3)))

    assert judged.holds
    assert judged.index is None


def test_shapes_must_agree() -> None:
    """A wrong shape is a mistake of the caller, not a verdict."""
    with pytest.raises(
        InvalidArgument, match=r"lse: expected shape \(2,\), got \(3,\)"
    ):
        within(np.zeros(2), np.zeros(3), np.zeros(2), what="lse")


def test_identical_ignores_the_sign_of_zero_alone() -> None:
    """One unit in the last place is a difference."""
    right = np.array([0.0, 1.0, NAN, INF])

    assert identical(right, np.array([-0.0, 1.0, NAN, INF])).ratio == 0.0
    assert identical(right, np.array([0.0, 1.0, NAN, -INF])).ratio == INF
    assert not identical(right[1:2], np.nextafter(right[1:2], 2.0)).holds
