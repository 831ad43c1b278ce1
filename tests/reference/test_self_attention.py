r"""Self-attention on small integers, so that projections and scores are exact.

What differs between the forms is then the softmax, off by gamma(S + 12) for each,
and the order of the last sum, off by gamma(S + 1) for each.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.reference import (
    Projections,
    attention,
    projected,
    self_attention,
    self_attention_by_vector,
    self_attention_of_columns,
    softmax,
    sparsemax,
    stacked,
)
from attnspec.reference.relu import relu_by_length, relu_by_visible
from tests.reference._bounds import gamma
from tests.reference._problems import Array, generators, sizes, tiny

SCALE = 0.25
NORMALIZERS = st.sampled_from([softmax, sparsemax, relu_by_length, relu_by_visible])


@st.composite
def sequences(draw: st.DrawFn) -> tuple[Array, Projections]:
    """Vectors and the matrices of a layer that keeps their width."""
    rng, length, width = draw(generators()), draw(sizes(0, 8)), draw(sizes(1, 4))
    inner = draw(sizes(1, 4))
    shapes = (width, inner), (width, inner), (width, width)
    return tiny(rng, length, width), Projections(*(tiny(rng, *s) for s in shapes))


def close(expected: Array, actual: Array, projections: Projections, x: Array) -> bool:
    """Compare within the bound; no weight of a normalizer here is above 40."""
    length = len(x)
    value = np.abs(projected(x, projections.value)).sum(axis=0)
    sums = np.abs(projected(x, projections.query) @ projected(x, projections.key).T)
    largest = max(1.0, SCALE * sums.max(initial=0.0))
    bound = 2.0 * (gamma(length + 12) + gamma(length + 1)) * largest * value
    return bool((np.abs(expected - actual) <= bound).all())


@given(sequences(), NORMALIZERS)
def test_the_matrix_form_is_the_form_vector_by_vector(
    drawn: tuple[Array, Projections], normalizer: object
) -> None:
    x, layer = drawn
    options = {"scale": SCALE, "normalizer": normalizer}
    expected = self_attention_by_vector(x, layer, **options)  # type: ignore[arg-type]
    actual = self_attention(x, layer, **options)  # type: ignore[arg-type]

    assert close(expected, actual, layer, x)


@given(sequences(), NORMALIZERS)
def test_the_form_of_columns_is_the_transpose(
    drawn: tuple[Array, Projections], normalizer: object
) -> None:
    x, layer = drawn
    options = {"scale": SCALE, "normalizer": normalizer}
    expected = self_attention(x, layer, **options)  # type: ignore[arg-type]
    turned = (weight.T for weight in layer)
    actual = self_attention_of_columns(x.T, *turned, **options).T  # type: ignore[arg-type]

    assert close(expected, actual, layer, x)


@given(sequences())
def test_self_attention_is_attention_of_the_projections(
    drawn: tuple[Array, Projections],
) -> None:
    x, layer = drawn
    query, key, value = (projected(x, w)[None, None] for w in layer)
    expected = attention(query, key, value, scale=SCALE)[0, 0]

    assert close(expected, self_attention(x, layer, scale=SCALE), layer, x)


@given(sequences())
def test_the_default_scale_is_that_of_attention_in_every_form(
    drawn: tuple[Array, Projections],
) -> None:
    x, layer = drawn
    scale = 1.0 / np.sqrt(layer.query.shape[1])
    turned = [weight.T for weight in layer]

    for form, arguments in (
        (self_attention, (x, layer)),
        (self_attention_by_vector, (x, layer)),
        (self_attention_of_columns, (x.T, *turned)),
    ):
        expected = form(*arguments, scale=scale)
        assert np.array_equal(expected, form(*arguments))


@given(sequences(), generators())
def test_self_attention_follows_a_permutation_of_its_vectors(
    drawn: tuple[Array, Projections], rng: np.random.Generator
) -> None:
    x, layer = drawn
    order = rng.permutation(len(x))
    expected = self_attention(x, layer, scale=SCALE)[order]

    assert close(expected, self_attention(x[order], layer, scale=SCALE), layer, x)


@given(sequences(), sizes(0, 3))
def test_equal_vectors_come_out_equal_however_many_layers(
    drawn: tuple[Array, Projections], depth: int
) -> None:
    """I saw the saw: the second word equals the fourth, and stays equal to it."""
    x, layer = drawn
    sentence = np.concatenate([x, x])
    actual = stacked(sentence, [layer] * depth)

    assert np.array_equal(actual[: len(x)], actual[len(x) :])


def test_a_mask_can_tell_equal_vectors_apart() -> None:
    """Causality is information on order, though no position is encoded."""
    one, x = np.eye(1), np.array([[4.0], [0.0], [4.0]])
    layer = Projections(0.0 * one, 0.0 * one, one)
    actual = self_attention(x, layer, mask=np.tri(3, dtype=np.bool_))

    assert np.array_equal([[4.0], [2.0], [8.0 / 3.0]], actual)


@given(sequences())
def test_a_projection_looks_at_one_vector_at_a_time(
    drawn: tuple[Array, Projections],
) -> None:
    x, layer = drawn
    actual = projected(x, layer.key)

    assert len(actual) == len(x)
    for vector, key in zip(x, actual, strict=True):
        assert np.array_equal(vector @ layer.key, key)


@given(sequences())
def test_layers_take_what_the_layer_before_gives(
    drawn: tuple[Array, Projections],
) -> None:
    x, layer = drawn
    expected = self_attention(self_attention(x, layer), layer)

    assert np.array_equal(expected, stacked(x, [layer, layer]))
    assert np.array_equal(x, stacked(x, []))


@pytest.mark.parametrize("depth", [1, 2, 3, 6])
def test_each_masked_layer_sees_one_vector_farther(depth: int) -> None:
    """With a band of one to the left, n layers reach n vectors back."""
    one = np.eye(1)
    layer = Projections(0.0 * one, 0.0 * one, one)
    band = np.tri(9, dtype=np.bool_) & ~np.tri(9, k=-2, dtype=np.bool_)
    seen = np.zeros((9, 1))
    seen[0] = 1.0

    actual = stacked(seen, [layer] * depth, mask=band)

    assert np.array_equal(np.arange(9) <= depth, actual[:, 0] > 0.0)
