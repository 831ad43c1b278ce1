from __future__ import annotations

import numpy as np
import pytest

from attnspec.judge.bits import bits, integers, normals, uniforms


def test_bits_are_the_same_everywhere() -> None:
    expected = [14982007297691793571, 11195226607738028738]

    assert bits(7, "key", (2,)).tolist() == expected


def test_a_smaller_array_holds_the_same_numbers_as_a_larger_one() -> None:
    large = normals(1, "value", (3, 4, 5, 6))

    small = normals(1, "value", (2, 1, 5, 3))

    np.testing.assert_array_equal(large[:2, :1, :, :3], small)


@pytest.mark.parametrize("label", ["query", "key"])
def test_seed_label_and_every_coordinate_matter(label: str) -> None:
    draws = [bits(seed, label, (7, 11, 13)) for seed in range(3)]

    assert len(np.unique(np.stack(draws))) == 3 * 7 * 11 * 13


def test_bits_are_half_ones() -> None:
    found = bits(0, "any", (64, 1024))
    ones = np.unpackbits(found.view(np.uint8)).sum()

    total = found.size * 64
    six_deviations = 3 * np.sqrt(total)
    assert abs(int(ones) - total // 2) <= six_deviations


def test_normals_stay_within_their_range_and_have_low_bits() -> None:
    found = normals(3, "any", (1000, 100))

    assert np.abs(found).max() <= 3.5
    mantissas = np.frexp(found)[0] * 2.0**53
    assert (mantissas.astype(np.int64) % 8 != 0).any()


def test_uniforms_lie_in_the_half_open_unit_interval() -> None:
    found = uniforms(3, "any", (1000,))

    assert ((found >= 0) & (found < 1)).all()


def test_integers_reach_both_ends() -> None:
    found = integers(3, "any", (1000,), -2, 2)

    assert set(found.tolist()) == {-2, -1, 0, 1, 2}


def test_an_empty_shape_gives_an_empty_array() -> None:
    assert normals(0, "any", (2, 0, 3)).shape == (2, 0, 3)
