"""Normalizers and relevances, beside those of PyTorch, entmax and Keras.

All run in float64, on the same numbers. What differs, and why:

- A row without visible keys is zero here. PyTorch's softmax makes it NaN, and entmax
  cannot index it: it raises.
- Keras' sparsemax is wrong up to 3.15.1 whenever two keys or more have weight: it
  takes the sum of all cumulative sums for the last of them. Mended after that, in
  pull request 23469.
- Keras' AdditiveAttention has no projections, and its score mode "concat" adds.
- PyTorch's cosine takes a norm below 1e-8 for 1e-8; here only zero has no direction.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.reference import (
    additive,
    bilinear,
    cosine,
    entmax15,
    relu_by_length,
    relu_by_visible,
    sigmoid,
    softmax,
    sparsemax,
)
from tests.agreement._formats import FLOAT64, gamma
from tests.reference._bounds import UNDERFLOW
from tests.reference._problems import Array, generators, score_rows, sizes

torch = pytest.importorskip("torch")
entmax = pytest.importorskip("entmax")
keras = pytest.importorskip("keras")

Rows = tuple[Array, Array]

SPARSE = [(sparsemax, entmax.sparsemax), (entmax15, entmax.entmax15)]


def hidden(rows: Rows) -> Any:
    """Say to a library without masks which keys are hidden."""
    scores, mask = rows
    return torch.from_numpy(np.where(mask, scores, -np.inf))


@given(score_rows(empty=False))
def test_softmax_is_that_of_torch(rows: Rows) -> None:
    """The same differences; exp is off by 4 u, and sum and quotient by n u."""
    expected = torch.softmax(hidden(rows), dim=-1).numpy()
    bound = gamma(2 * rows[0].shape[-1] + 20, FLOAT64) * expected + UNDERFLOW

    assert (np.abs(expected - softmax(*rows)) <= bound).all()


@given(score_rows(), st.sampled_from([-3.0, 0.0, 3.0]))
def test_sigmoid_is_that_of_torch(rows: Rows, offset: float) -> None:
    """Of the same sum: exp is off by 4 u, sum and quotient by u each, on both sides."""
    expected = torch.sigmoid(hidden(rows) + offset).numpy()
    bound = gamma(14, FLOAT64) * expected + UNDERFLOW

    assert (np.abs(expected - sigmoid(*rows, offset=offset)) <= bound).all()


@pytest.mark.parametrize(
    "relu", [torch.relu, keras.activations.relu], ids=["torch", "keras"]
)
@given(score_rows(), st.sampled_from([0.0, 0.5, 1.0]))
def test_relu_is_that_of_other_libraries_over_a_count(
    relu: Any, rows: Rows, power: float
) -> None:
    positive = relu(hidden(rows)).numpy()
    length, visible = rows[0].shape[-1], rows[1].sum(axis=-1, keepdims=True)
    over = positive / max(length, 1.0) ** power
    expected = positive / np.maximum(visible, 1.0) ** power

    assert np.array_equal(over, relu_by_length(*rows, power=power))
    assert np.array_equal(expected, relu_by_visible(*rows, power=power))


@pytest.mark.parametrize(("ours", "theirs"), SPARSE)
@given(rows=score_rows(empty=False), part=st.sampled_from([None, 1, 2, 5]))
def test_sparsemax_and_entmax_are_those_of_their_authors(
    ours: Any, theirs: Any, rows: Rows, part: int | None
) -> None:
    """However many scores they sort at first; both subtract the same peak.

    Each side is off by no more than docs/scripts/normalizer_laws.py derives; entmax
    has two more roundings in its squared distance.
    """
    expected = theirs(hidden(rows), k=part).numpy()
    keys = rows[0].shape[-1]
    bound = 2.0 * gamma(6 * keys**2 + 12 * keys + 16, FLOAT64)

    assert (np.abs(expected - ours(*rows)) <= bound).all()
    assert not ours(*rows)[~rows[1]].any()


@pytest.mark.parametrize("keys", [1, 4])
def test_rows_without_visible_keys_are_zero_here_and_no_numbers_there(
    keys: int,
) -> None:
    scores, mask = np.zeros((1, keys)), np.zeros((1, keys), dtype=np.bool_)
    row = hidden((scores, mask))

    for normalizer in (softmax, sparsemax, entmax15):
        assert np.array_equal(scores, normalizer(scores, mask))
    assert torch.isnan(torch.softmax(row, dim=-1)).all()
    for _, theirs in SPARSE:
        with pytest.raises(RuntimeError, match="out of bounds"):
            theirs(row)


@given(generators(), sizes(1), st.sampled_from([1.0, 2.0, 7.0]))
def test_sparsemax_is_that_of_keras_where_one_key_has_all(
    rng: np.random.Generator, keys: int, margin: float
) -> None:
    """Whole numbers, so that both sides are exact: this is what its tests draw."""
    scores = -margin * rng.permutation(keys)
    expected = keras.activations.sparsemax(torch.from_numpy(scores)).numpy()

    assert np.array_equal(expected, sparsemax(scores))


def test_sparsemax_of_keras_loses_weight_where_two_keys_share_it() -> None:
    """The threshold is (1.5 - 1) / 2; Keras 3.15.1 takes (1 + 1.5 - 1) / 2."""
    scores = np.array([1.0, 0.5, -0.5])
    theirs = keras.activations.sparsemax(torch.from_numpy(scores)).numpy()

    assert np.array_equal([0.75, 0.25, 0.0], sparsemax(scores))
    assert np.array_equal([0.25, 0.0, 0.0], theirs)


@given(st.integers(-12, 12))
def test_the_sparse_sigmoid_of_keras_is_a_sparsemax_against_zero(quarters: int) -> None:
    """As the sigmoid is a softmax against zero. Quarters are exact on both sides."""
    scores = np.array([quarters / 4.0, 0.0])
    expected = keras.activations.sparse_sigmoid(torch.from_numpy(scores)).numpy()

    assert expected[0] == sparsemax(scores)[0]


@given(generators(), sizes(1, 5), sizes(2, 6), sizes(1, 5))
def test_additive_relevance_is_that_of_keras_without_projections(
    rng: np.random.Generator, length: int, keys: int, width: int
) -> None:
    """Each side has a score that is off by d, and two of them in a quotient: 4 d.

    Keras warns of a softmax over one key.
    """
    query, key = rng.normal(size=(length, width)), rng.normal(size=(keys, width))
    vector, mask = rng.normal(size=width), rng.random(keys) < 0.7
    mask[0] = True
    layer = keras.layers.AdditiveAttention(dtype="float64")
    layer.build([(1, length, width), (1, keys, width), (1, keys, width)])
    layer.set_weights([vector])
    arrays = [torch.from_numpy(x[None]) for x in (query, key, key)]
    _, expected = layer(
        arrays,
        mask=[None, torch.from_numpy(mask[None])],
        return_attention_scores=True,
    )
    one = np.eye(width)
    actual = softmax(additive(query, key, one, one, vector), mask[None])
    size = np.abs(vector).sum()
    score = gamma(width + 12, FLOAT64) * size
    spread = np.expm1(4.0 * score + 4.0 * FLOAT64 * size)
    bound = (spread + gamma(2 * keys + 20, FLOAT64)) * actual + UNDERFLOW

    assert (np.abs(expected[0].detach().numpy() - actual) <= bound).all()


@given(generators(), sizes(1), sizes(1, 5), sizes(1, 5))
def test_bilinear_relevance_is_that_of_torch(
    rng: np.random.Generator, rows: int, width: int, key_width: int
) -> None:
    """Torch pairs row by row: the diagonal. Whole numbers are exact on both sides."""
    shapes = (rows, width), (rows, key_width), (width, key_width)
    arrays = [rng.integers(-4, 5, shape).astype(np.float64) for shape in shapes]
    query, key, weight = (torch.from_numpy(array) for array in arrays)
    expected = torch.nn.functional.bilinear(query, key, weight[None]).numpy()[:, 0]

    assert np.array_equal(expected, np.diag(bilinear(*arrays)))


@given(generators(), sizes(1), sizes(1), sizes(1, 8))
def test_cosines_are_those_of_torch(
    rng: np.random.Generator, length: int, keys: int, width: int
) -> None:
    """A norm is off by gamma(E / 2 + 2), a direction by one more, a sum by gamma(E).

    Twice, for both vectors and for both sides; the absolute products sum to one at
    most.
    """
    query, key = rng.normal(size=(length, width)), rng.normal(size=(keys, width))
    sides = torch.from_numpy(query)[:, None], torch.from_numpy(key)[None]
    expected = torch.nn.functional.cosine_similarity(*sides, dim=-1).numpy()
    bound = 2.0 * gamma(2 * width + 8, FLOAT64)

    assert (np.abs(expected - cosine(query, key)) <= bound).all()
