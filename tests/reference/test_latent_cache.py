"""What latent attention keeps of its members."""

from __future__ import annotations

import numpy as np
from hypothesis import given

from attnspec.reference import cached_latent_numbers, cached_numbers, latent_cache
from tests.reference._latent import Layer, layers
from tests.reference._problems import sizes


@given(layers(exact=False), sizes())
def test_what_is_kept_of_a_member_depends_on_nothing_after_it(
    layer: Layer, count: int
) -> None:
    expected = latent_cache(layer.members, layer.by)[:, :count]

    assert np.array_equal(expected, latent_cache(layer.members[:, :count], layer.by))


@given(layers())
def test_what_is_kept_is_one_latent_and_one_rotary_key_for_all_heads(
    layer: Layer,
) -> None:
    _, members, by = layer
    count = cached_latent_numbers(by.latent.shape[-1], by.rotary_key.shape[-1])

    assert latent_cache(members, by).shape == (*members.shape[:2], count)


def test_the_latents_of_deepseek_v2_are_two_and_a_quarter_groups() -> None:
    """The paper's own account of its sizes."""
    assert cached_latent_numbers(512, 64) == 2.25 * cached_numbers(1, 128, 128)
