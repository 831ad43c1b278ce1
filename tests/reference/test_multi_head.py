r"""Many heads on small integers, so that projections are exact.

What is left is the error of attention, which the last matrices carry on, and that
of their own products and sums, gamma(Hq Ev) of the absolute ones.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    HeadProjections,
    Projections,
    attention,
    cached_numbers,
    merge_heads,
    multi_head_attention,
    projected_heads,
    self_attention,
    split_heads,
    summed_heads,
)
from tests.reference._bounds import bounds, gamma
from tests.reference._problems import Array, Problem, generators, sizes, tiny

SWITCHES = st.fixed_dictionaries(
    {"causal": st.booleans()},
    optional={
        "scale": st.sampled_from([0.25, 1.0]),
        "softcap": st.just(3.0),
        "window": st.tuples(sizes(0, 3), st.none() | sizes(0, 3)),
        "alignment": st.sampled_from(["upper_left", "lower_right"]),
    },
)


class Layer(NamedTuple):
    """Readers, members, and the matrices of the heads."""

    readers: Array
    members: Array
    by: HeadProjections


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    """Layers whose widths D, F, E, Ev and Dout differ, with shared key heads."""
    rng, key_heads = draw(generators()), draw(sizes(1, 3))
    heads = key_heads * draw(sizes(1, 3))
    width, read, inner = draw(sizes(1, 4)), draw(sizes(1, 4)), draw(sizes(1, 4))
    value, out = draw(sizes(1, 4)), draw(sizes(1, 4))
    by = HeadProjections(
        tiny(rng, heads, width, inner),
        tiny(rng, key_heads, read, inner),
        tiny(rng, key_heads, read, value),
        tiny(rng, heads, value, out),
    )
    readers = tiny(rng, 2, draw(sizes(0, 6)), width)
    return Layer(readers, tiny(rng, 2, draw(sizes(0, 6)), read), by)


def problem(layer: Layer, options: dict[str, Any]) -> Problem:
    """The problem that the heads of a layer solve."""
    return Problem(
        projected_heads(layer.readers, layer.by.query),
        projected_heads(layer.members, layer.by.key),
        projected_heads(layer.members, layer.by.value),
        options,
    )


def close(expected: Array, actual: Array, layer: Layer, options: Any) -> bool:
    """Compare two evaluations of a layer within twice the bound on each."""
    solved = problem(layer, options)
    error = bounds(solved).output
    size = np.abs(attention(*solved.arrays, **options)) + error
    last = np.abs(layer.by.output)
    carried = summed_heads(error, last) * (1.0 + gamma(2 * last[..., 0].size + 2))
    limit = carried + gamma(last[..., 0].size + 2) * summed_heads(size, last)
    return bool((np.abs(expected - actual) <= 2.0 * limit).all())


@given(layers(), SWITCHES)
def test_the_output_is_the_sum_of_what_each_head_gives(
    layer: Layer, options: dict[str, Any]
) -> None:
    readers, members, by = layer
    groups, expected = len(by.query) // len(by.key), 0.0
    for head, (query, last) in enumerate(zip(by.query, by.output, strict=True)):
        key, value = by.key[head // groups], by.value[head // groups]
        alone = readers @ query, members @ key, members @ value
        arrays = [array[:, None] for array in alone]
        expected = expected + attention(*arrays, **options)[:, 0] @ last
    actual = multi_head_attention(*layer, **options)

    assert close(np.asarray(expected), actual, layer, options)


@given(layers(), SWITCHES)
def test_the_sum_over_heads_is_one_matrix_times_the_joined_heads(
    layer: Layer, options: dict[str, Any]
) -> None:
    last = layer.by.output.reshape(-1, layer.by.output.shape[-1])
    joined = merge_heads(attention(*problem(layer, options).arrays, **options))
    actual = multi_head_attention(*layer, **options)

    assert close(joined @ last, actual, layer, options)


@given(layers())
def test_the_matrices_of_all_heads_side_by_side_are_one_matrix(layer: Layer) -> None:
    heads = layer.by.query
    matrix = merge_heads(heads[None])[0]

    assert np.array_equal(heads, split_heads(matrix[None], len(heads))[0])
    assert np.array_equal(
        split_heads(layer.readers @ matrix, len(heads)),
        projected_heads(layer.readers, heads),
    )


@given(generators(), sizes(0, 6), sizes(1, 4), sizes(1, 4), sizes(1, 4))
def test_one_head_is_self_attention_followed_by_a_matrix(
    rng: np.random.Generator, length: int, width: int, inner: int, value: int
) -> None:
    shapes = (1, width, inner), (1, width, inner), (1, width, value), (1, value, 3)
    by = HeadProjections(*(tiny(rng, *shape) for shape in shapes))
    x = tiny(rng, 2, length, width)
    expected = self_attention(x, Projections(by.query[0], by.key[0], by.value[0]))
    actual = multi_head_attention(x, x, by)

    assert close(expected @ by.output[0], actual, Layer(x, x, by), {})


@given(layers(), SWITCHES)
def test_shared_key_heads_are_key_heads_with_equal_matrices(
    layer: Layer, options: dict[str, Any]
) -> None:
    """Multi-query attention, with one key head, among them."""
    readers, members, by = layer
    groups = len(by.query) // len(by.key)
    repeated = by._replace(
        key=np.repeat(by.key, groups, axis=0), value=np.repeat(by.value, groups, axis=0)
    )
    expected = multi_head_attention(readers, members, repeated, **options)

    assert np.array_equal(expected, multi_head_attention(*layer, **options))


@given(layers(), generators(), SWITCHES)
def test_heads_in_another_order_with_their_matrices_give_the_same(
    layer: Layer, rng: np.random.Generator, options: dict[str, Any]
) -> None:
    """Groups may change places, and the query heads within each group."""
    readers, members, by = layer
    groups, order = len(by.query) // len(by.key), rng.permutation(len(by.key))
    heads = [h * groups + g for h in order for g in rng.permutation(groups)]
    moved = HeadProjections(
        by.query[heads], by.key[order], by.value[order], by.output[heads]
    )
    expected = multi_head_attention(*layer, **options)
    actual = multi_head_attention(readers, members, moved, **options)

    assert close(expected, actual, layer, options)


def test_a_query_head_does_not_change_its_group_for_free() -> None:
    """The order is free for tiny groups only: the tiled map is another layer."""
    one, zero = np.ones((1, 1, 1)), np.zeros((4, 1, 1))
    value = np.array([1.0, 10.0])[:, None, None]
    output = np.array([1.0, 2.0, 4.0, 8.0])[:, None, None]
    by = HeadProjections(zero, zero[:2], value, output)
    tiled = by._replace(output=output[[0, 2, 1, 3]])

    assert multi_head_attention(one, one, by).item() == 1 + 2 + 10 * (4 + 8)
    assert multi_head_attention(one, one, tiled).item() == 1 + 4 + 10 * (2 + 8)


@given(layers(), sizes(0, 4), SWITCHES)
def test_values_may_be_cut_into_parts_of_any_width(
    layer: Layer, cut: int, options: dict[str, Any]
) -> None:
    """What is done to one entry of the values does not depend on the others."""
    readers, members, by = layer
    parts = [
        by._replace(value=value, output=output)
        for value, output in (
            (by.value[..., :cut], by.output[:, :cut]),
            (by.value[..., cut:], by.output[:, cut:]),
        )
    ]
    first, second = (
        multi_head_attention(readers, members, part, **options) for part in parts
    )
    actual = multi_head_attention(*layer, **options)

    assert close(first + second, actual, layer, options)


@given(layers())
def test_a_layer_keeps_the_keys_and_values_of_every_token(layer: Layer) -> None:
    _, members, by = layer
    kept = [projected_heads(members, weight) for weight in (by.key, by.value)]
    tokens = members.shape[0] * members.shape[1]
    count = cached_numbers(len(by.key), by.key.shape[-1], by.value.shape[-1])

    assert sum(array.size for array in kept) == count * tokens


@pytest.mark.parametrize(
    ("name", "shape", "words"),
    [
        ("query", (4, 1, 2), "query: expected shape (Hq, 3, E), got (4, 1, 2)"),
        ("key", (2, 1, 2), "key: expected shape (Hkv, 5, 2), got (2, 1, 2)"),
        ("key", (2, 5, 1), "key: expected shape (Hkv, 5, 2), got (2, 5, 1)"),
        ("value", (1, 5, 6), "value: expected shape (2, 5, Ev), got (1, 5, 6)"),
        ("output", (1, 6, 7), "output: expected shape (4, 6, Dout), got (1, 6, 7)"),
        ("output", (4, 1, 7), "output: expected shape (4, 6, Dout), got (4, 1, 7)"),
    ],
)
def test_matrices_fit_the_vectors_and_each_other(
    name: str, shape: tuple[int, ...], words: str
) -> None:
    by = HeadProjections(
        np.ones((4, 3, 2)), np.ones((2, 5, 2)), np.ones((2, 5, 6)), np.ones((4, 6, 7))
    )._replace(**{name: np.ones(shape)})

    with pytest.raises(InvalidArgument) as caught:
        multi_head_attention(np.ones((1, 1, 3)), np.ones((1, 1, 5)), by)

    assert f"projections.{words}" == str(caught.value)
