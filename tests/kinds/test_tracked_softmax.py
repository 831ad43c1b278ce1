"""Softmax attention with its errors: what it is, and that its bound holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec._typing import Array
from attnspec.kinds.layers._projected_attention import chain
from attnspec.kinds.layers._tracked_softmax import mixed, weighed
from attnspec.numerics import default_model, within
from attnspec.numerics.tracked import Tracked, judged
from attnspec.rogues.layers._attention_forms import online

MODEL = default_model("float32")
SIZES = st.integers(1, 9)
SEEDS = st.integers(0, 2**32 - 1)


def tracked(array: Array) -> Tracked:
    return Tracked.of(array, MODEL)


@given(SEEDS, SIZES, SIZES, st.sampled_from([1, 8, 64]))
def test_a_kernel_that_reads_key_by_key_stays_within_the_bound(
    seed: int, readers: int, keys: int, size: int
) -> None:
    rng = np.random.default_rng(seed)
    query, key, value = (
        (rng.normal(size=(n, 4)) * size).astype(np.float32)
        for n in (readers, keys, keys)
    )
    seen = rng.random((readers, keys)) < 0.5
    seen[:, 0] = True
    scores = (tracked(query) @ tracked(key.T)) * 0.5

    right = judged(mixed(scores, tracked(value), seen), MODEL)

    actual = online(query, key, value, seen, 0.5)
    assert within(right.output, actual, right.bound).holds
    assert np.isfinite(right.bound).all()


@given(SEEDS, SIZES, SIZES)
def test_the_value_is_the_softmax_of_what_is_visible(
    seed: int, readers: int, keys: int
) -> None:
    rng = np.random.default_rng(seed)
    scores, seen = rng.normal(size=(readers, keys)), rng.random((readers, keys)) < 0.5
    sizes = np.where(seen, np.exp(scores), 0.0)
    expected = sizes / np.where(seen.any(-1), sizes.sum(-1), 1.0)[:, None]

    actual = weighed(Tracked.of(scores, default_model("float64")), seen)

    assert within(expected, actual.value, actual.error).holds


def test_a_row_without_visible_keys_gives_zeros_that_are_exact() -> None:
    output = mixed(tracked(np.ones((2, 3))), tracked(np.ones((3, 4))), np.zeros(3))

    assert not output.value.any()
    assert output.error.max() <= 4 * output.tiny


def test_a_hidden_key_has_no_influence_however_large_it_is() -> None:
    scores, value = (
        np.array([[1.0, 2.0, 2.0**100]]),
        np.array([[1.0], [3.0], [2.0**99]]),
    )
    seen = np.array([True, True, False])

    whole = mixed(tracked(scores), tracked(value), seen)
    part = mixed(tracked(scores[:, :2]), tracked(value[:2]), seen[:2])

    assert whole.value == part.value
    assert np.isfinite(whole.error).all()


@pytest.mark.parametrize("size", [1e4, 1e30])
def test_no_score_is_so_far_off_that_a_weight_has_no_bound(size: float) -> None:
    query = tracked(np.full((2, 2), size))
    weights = weighed(query @ tracked(np.eye(2)) + query, np.ones(2, bool))

    assert weights.error.max() <= 1.0


@given(SEEDS, SIZES, SIZES)
def test_a_chain_of_matrices_may_be_multiplied_in_any_order(
    seed: int, one: int, other: int
) -> None:
    rng = np.random.default_rng(seed)
    shapes = ((2, one), (one, other), (other, 3))
    a, b, c = (rng.normal(size=shape).astype(np.float32) for shape in shapes)

    right = chain(*map(tracked, (a, b, c)))

    for actual in ((a @ b) @ c, a @ (b @ c)):
        assert within(right.value, actual, right.error).holds
