"""Latent attention, on small integers where products are exact and on any numbers.

Both forms are sums of products of the same entries, taken in other orders. With n the
sum of all lengths that are summed over, a score is off by gamma(n) times the sum of
its absolute products; exp(s - peak) by a factor of exp(2 d + 800 u + 4 u), where d is
the error of the scores and nothing beyond 800 is left of it; an output by this much,
twice for the quotient, and by gamma(S + n) for its own products, times the largest
value that a head could hand on.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    HeadProjections,
    LatentProjections,
    default_scale,
    latent_attention_absorbed,
    latent_attention_expanded,
    multi_head_attention,
    projected,
    projected_heads,
    rotary,
    summed_heads,
)
from tests.reference._bounds import UNDERFLOW, UNIT, gamma
from tests.reference._latent import Layer, layers
from tests.reference._problems import Array, generators, sizes

Form = Callable[..., Array]

FORMS = pytest.mark.parametrize(
    "form", [latent_attention_expanded, latent_attention_absorbed]
)

MASKING = st.fixed_dictionaries({"causal": st.booleans()})


def scale_of(by: LatentProjections) -> float:
    return default_scale(by.query.shape[-1] + by.rotary_query.shape[-1])


def limit(layer: Layer) -> Array:
    """Limit the error of either form; see above for the derivation."""
    readers, members = np.abs(layer.readers), np.abs(layer.members)
    by = LatentProjections(*map(np.abs, layer.by))
    latent = members @ by.latent
    key, value = projected_heads(latent, by.key), projected_heads(latent, by.value)
    content = projected_heads(readers, by.query) @ key.swapaxes(-1, -2)
    # A turned entry is at most the sum of its pair.
    place = projected_heads(readers, by.rotary_query).sum(axis=-1)[..., None]
    turned = (members @ by.rotary_key).sum(axis=-1)[:, None, None]
    scores = 1.01 * scale_of(by) * (content + 2.0 * place * turned)
    length = sum(sum(matrix.shape) for matrix in by) + 16
    error = gamma(length) * scores.max(axis=-1, initial=0.0)
    growth = 2.0 * (2.0 * error + 804.0 * UNIT) + gamma(members.shape[1] + 4)
    grown = np.expm1(growth + gamma(members.shape[1] + length)) / (1.0 - growth)
    largest = 1.01 * value.max(axis=2, initial=0.0)[:, :, None]
    floor = UNDERFLOW * members.shape[1]
    return summed_heads((grown[..., None] + floor) * largest, by.output)


def close(expected: Array, actual: Array, layer: Layer) -> bool:
    return bool((np.abs(expected - actual) <= 2.0 * limit(layer)).all())


@given(layers(exact=False), MASKING, generators())
def test_the_absorbed_form_is_the_expanded_form(
    layer: Layer, masking: dict[str, Any], rng: np.random.Generator
) -> None:
    readers, members, by = layer
    grid = 2, len(by.query), readers.shape[1], members.shape[1]
    options = {"mask": rng.random(grid) < 0.7} | masking
    expected = latent_attention_expanded(*layer, **options)

    assert close(expected, latent_attention_absorbed(*layer, **options), layer)


@given(layers(turning=0))
def test_both_forms_are_equal_to_the_bit_where_nothing_is_rounded(layer: Layer) -> None:
    """Scores of whole thousands that differ make weights of 0 and 1."""
    readers, members, by = layer
    by = by._replace(query=1000.0 * by.query)
    query = projected_heads(readers, by.query)
    key = projected_heads(members @ by.latent, by.key)
    scores = np.sort(query @ key.swapaxes(-1, -2), axis=-1)
    assume(np.diff(scores, axis=-1).all())
    expected = latent_attention_expanded(readers, members, by, scale=1.0)
    actual = latent_attention_absorbed(readers, members, by, scale=1.0)

    assert np.array_equal(expected, actual)


@given(layers(turning=0), MASKING)
def test_expanded_latents_are_the_members_of_multi_head_attention(
    layer: Layer, masking: dict[str, Any]
) -> None:
    readers, members, by = layer
    heads = HeadProjections(by.query, by.key, by.value, by.output)
    latents = projected(members, by.latent)
    expected = multi_head_attention(readers, latents, heads, **masking)

    assert np.array_equal(expected, latent_attention_expanded(*layer, **masking))


@given(layers(turning=0), MASKING)
def test_absorbed_latents_are_the_one_key_head_of_multi_query_attention(
    layer: Layer, masking: dict[str, Any]
) -> None:
    """The matrices of keys and values become part of those of query and output."""
    readers, members, by = layer
    heads = HeadProjections(
        query=by.query @ by.key.swapaxes(-1, -2),
        key=by.latent[None],
        value=by.latent[None],
        output=by.value @ by.output,
    )
    expected = multi_head_attention(
        readers, members, heads, **masking, scale=scale_of(by)
    )

    assert close(expected, latent_attention_absorbed(*layer, **masking), layer)


@FORMS
@given(layers(), MASKING)
def test_the_rotary_part_adds_to_the_scores_what_one_turned_key_answers(
    form: Form, layer: Layer, masking: dict[str, Any]
) -> None:
    readers, members, by = layer
    length, keys = readers.shape[1], members.shape[1]
    places = np.arange(length) + keys - length
    query = rotary(projected_heads(readers, by.rotary_query), places)
    key = rotary(projected(members, by.rotary_key), np.arange(keys))
    heads = HeadProjections(by.query, by.key, by.value, by.output)
    expected = multi_head_attention(
        readers,
        projected(members, by.latent),
        heads,
        bias=scale_of(by) * (query @ key.swapaxes(-1, -2)[:, None]),
        scale=scale_of(by),
        **masking,
    )

    assert close(expected, form(*layer, **masking), layer)


@FORMS
@given(layers(), sizes(1, 4))
def test_the_default_scale_is_that_of_the_expanded_keys(
    form: Form, layer: Layer, more: int
) -> None:
    """More latent entries, all zero, change nothing, the scale least of all."""
    readers, members, by = layer
    wider = by._replace(
        latent=np.pad(by.latent, ((0, 0), (0, more))),
        key=np.pad(by.key, ((0, 0), (0, more), (0, 0))),
        value=np.pad(by.value, ((0, 0), (0, more), (0, 0))),
    )
    expected = form(*layer, scale=scale_of(by))

    assert close(expected, form(readers, members, wider), layer)


@FORMS
@given(layers(exact=False), sizes(1, 3))
def test_the_last_readers_read_what_they_read_among_all(
    form: Form, layer: Layer, count: int
) -> None:
    """Token by token is all at once: positions count from the last member."""
    readers, members, by = layer
    expected = form(*layer, causal=True)[:, -count:]
    last = Layer(readers[:, -count:], members, by)

    assert close(expected, form(*last, causal=True), last)


@FORMS
@given(layers(turning=4, exact=False), generators())
def test_a_member_that_is_hidden_has_no_influence(
    form: Form, layer: Layer, rng: np.random.Generator
) -> None:
    readers, members, by = layer
    real = np.asarray(rng.random(members.shape[1]) < 0.5)
    spoiled = np.where(real[:, None], members, np.nan)
    expected = form(readers, members, by, mask=real)

    assert np.array_equal(expected, form(readers, spoiled, by, mask=real))


SHAPES = {
    "query": (4, 3, 2),
    "latent": (5, 6),
    "key": (4, 6, 2),
    "value": (4, 6, 7),
    "output": (4, 7, 8),
    "rotary_query": (4, 3, 2),
    "rotary_key": (5, 2),
}


@FORMS
@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("query", (4, 1, 2)),
        ("latent", (1, 6)),
        ("key", (1, 6, 2)),
        ("key", (4, 1, 2)),
        ("key", (4, 6, 1)),
        ("value", (1, 6, 7)),
        ("value", (4, 1, 7)),
        ("output", (1, 7, 8)),
        ("output", (4, 1, 8)),
        ("rotary_query", (1, 3, 2)),
        ("rotary_key", (1, 2)),
        ("rotary_key", (5, 4)),
    ],
)
def test_matrices_fit_the_vectors_and_each_other(
    form: Form, name: str, shape: tuple[int, ...]
) -> None:
    arrays = {key: np.ones(right) for key, right in SHAPES.items()}
    by = LatentProjections(**(arrays | {name: np.ones(shape)}))

    words = rf"projections.{name}: expected shape .*, got {re.escape(str(shape))}"
    with pytest.raises(InvalidArgument, match=words):
        form(np.ones((1, 1, 3)), np.ones((1, 1, 5)), by)
