from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from attnspec.judge.case import checksum
from attnspec.judge.recipe import Recipe
from attnspec.kinds.attention.build import build
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import SPEC
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.kinds.attention.options import (
    AXES,
    BIASES,
    HIDING_BIASES,
    MASKS,
    SCORES,
    SINKS,
    VALUES,
)
from attnspec.kinds.attention.probes import scores, visible_keys, winners
from attnspec.numerics.dtypes import DTYPES
from attnspec.reference import attention
from tests.judge._attention import recipes


@given(recipes())
def test_the_same_recipe_makes_the_same_data(recipe: Recipe) -> None:
    assert checksum(build(recipe)) == checksum(build(recipe))


def test_a_checksum_is_the_same_everywhere() -> None:
    recipe = ATTENTION.recipe(
        queries=3, keys=5, width=2, causal=True, mask="holes", seed=1
    )

    assert checksum(build(recipe)) == "438f8292"


def test_every_number_changes_the_checksum() -> None:
    case = build(ATTENTION.recipe(queries=2, keys=2, width=2))
    value = case.value.copy()
    value[0, 0, 1, 0] += np.float32(1)

    assert checksum(case) != checksum(case.replace(value=value))


@given(recipes())
def test_the_definition_accepts_every_case(recipe: Recipe) -> None:
    case = build(recipe)

    output = ATTENTION.definition(case.query, case.key, case.value, **case.options)

    assert output.shape == (*case.query.shape[:3], case.sizes.Ev)
    assert not np.isnan(output).any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", SCORES)
def test_scores_of_every_kind_are_finite_in_every_dtype(kind: str, dtype: str) -> None:
    recipe = ATTENTION.recipe(dtype=dtype, queries=5, keys=65, width=16, scores=kind)
    case = build(recipe)

    table = scores(case, SPEC)

    assert np.isfinite(table).all()
    assert np.abs(table).max() < 65504


@pytest.mark.parametrize("kind", VALUES)
def test_values_of_every_kind_are_finite_in_float16(kind: str) -> None:
    case = build(ATTENTION.recipe(dtype="float16", keys=65, value_width=8, values=kind))

    assert np.isfinite(case.value).all()


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("kind", MASKS)
def test_a_mask_broadcasts_to_the_scores(kind: str, axes: str) -> None:
    recipe = ATTENTION.recipe(batch=2, query_heads=3, key_heads=3, queries=4, keys=5)

    mask = build(recipe.replace(mask=kind, mask_axes=axes)).mask

    assert mask is not None
    assert np.broadcast_to(mask, (2, 3, 4, 5)).dtype == np.bool_


@pytest.mark.parametrize("kind", [k for k in MASKS if k not in {"empty_rows", "none"}])
def test_a_mask_that_is_not_about_empty_rows_leaves_a_key(kind: str) -> None:
    case = build(ATTENTION.recipe(queries=7, keys=7, mask=kind))

    assert visible_keys(case, SPEC).any(-1).all()


@pytest.mark.parametrize("kind", BIASES)
def test_a_bias_holds_minus_infinity_only_where_it_says_so(kind: str) -> None:
    bias = build(ATTENTION.recipe(queries=9, keys=33, bias=kind)).bias

    assert bias is not None
    assert np.isneginf(bias).any() == (kind in HIDING_BIASES)
    assert not np.isnan(bias).any()


@pytest.mark.parametrize("kind", SINKS)
def test_there_is_a_sink_for_every_query_head(kind: str) -> None:
    sink = build(ATTENTION.recipe(query_heads=6, key_heads=2, sink=kind)).sink

    assert sink is not None
    assert sink.shape == (6,)
    assert np.isneginf(sink).all() == (kind == "minus_infinity")


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_gather_has_clear_winners(dtype: str) -> None:
    case = build(
        ATTENTION.recipe(dtype=dtype, queries=9, keys=33, width=8, scores="gather")
    )

    _, clear = winners(case, SPEC)

    assert clear.all()


def test_ascending_scores_ascend() -> None:
    case = build(ATTENTION.recipe(queries=1, keys=129, width=4, scores="ascending"))
    table = scores(case, SPEC)[0, 0, 0]

    tiles = table[:128].reshape(8, 16).max(1)
    assert (np.diff(tiles) > 0).all()


def test_huge_numbers_lie_only_where_no_query_looks() -> None:
    recipe = ATTENTION.recipe(
        batch=2, query_heads=4, key_heads=2, queries=3, keys=9, width=4, value_width=4
    )
    recipe = recipe.replace(mask="padding", mask_axes="B11S")

    plain, huge = build(recipe), build(recipe.replace(hidden="huge"))

    expected = attention(plain.query, plain.key, plain.value, mask=plain.mask)
    actual = attention(huge.query, huge.key, huge.value, mask=huge.mask)
    np.testing.assert_array_equal(expected, actual)
    assert np.abs(huge.key.astype(np.float64)).max() > 1e6


@pytest.mark.parametrize("layout", ["broadcast_batch", "broadcast_heads"])
def test_a_broadcast_operand_repeats_along_its_axis(layout: str) -> None:
    recipe = ATTENTION.recipe(batch=3, query_heads=3, key_heads=3, keys=4, width=2)

    case: AttentionCase = build(recipe.replace(layouts=(("key", layout),)))

    axis = 0 if layout == "broadcast_batch" else 1
    first = np.take(case.key, [0], axis)
    np.testing.assert_array_equal(np.broadcast_to(first, case.key.shape), case.key)
