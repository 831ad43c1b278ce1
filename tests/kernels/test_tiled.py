from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.kernels import tiled_attention
from attnspec.kernels.tiled import TILE
from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import SPEC
from attnspec.numerics import default_model, within
from attnspec.numerics.dtypes import DTYPES, numpy_dtype

Array = npt.NDArray[Any]
OPTIONS = ("mask", "bias", "scale", "causal", "window", "softcap", "sink")
BOUNDARIES = (0, 1, TILE - 1, TILE, TILE + 1, 2 * TILE - 1, 2 * TILE, 2 * TILE + 1)
boundaries = st.sampled_from(BOUNDARIES)


def answer(case: AttentionCase) -> tuple[Array, Array]:
    """Call the kernel on a case."""
    result = tiled_attention(
        case.query, case.key, case.value, return_lse=True, **case.options
    )
    if not isinstance(result, tuple):
        pytest.fail("return_lse must return a pair")
    return result


def assert_within_the_bound(case: AttentionCase) -> None:
    """Compare output and logsumexp with the definition under the default model."""
    right = evaluate(case, SPEC, default_model(case.dtype))
    output, lse = answer(case)

    assert right.output_bound is not None
    assert right.lse_bound is not None
    assert within(right.output, output, right.output_bound).holds
    assert within(right.lse, lse, right.lse_bound, what="lse").holds


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    dtypes: tuple[str, ...] = DTYPES,
    lengths: st.SearchStrategy[int] = boundaries,
) -> AttentionCase:
    """Cases of any options, formats and shared heads."""
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    dtype = numpy_dtype(draw(st.sampled_from(dtypes)))
    batch, key_heads, groups = draw(st.tuples(*[st.integers(1, 2)] * 3))
    heads = key_heads * groups
    queries, keys = draw(st.integers(0, 5) | lengths), draw(lengths)
    width, value_width = draw(st.tuples(*[st.sampled_from([1, 4, 8])] * 2))
    grid = batch, heads, queries, keys
    query, key, value = (
        rng.normal(size=shape).astype(dtype)
        for shape in (
            (batch, heads, queries, width),
            (batch, key_heads, keys, width),
            (batch, key_heads, keys, value_width),
        )
    )
    used = [name for name in OPTIONS if draw(st.booleans())]
    makers = dict(options(draw, rng, grid, dtype))
    return AttentionCase.of(query, key, value, **{name: makers[name] for name in used})


def options(
    draw: st.DrawFn,
    rng: np.random.Generator,
    grid: tuple[int, int, int, int],
    dtype: np.dtype[Any],
) -> Iterator[tuple[str, Any]]:
    """Give a value for every option."""
    rank = draw(st.integers(1, 4))
    sides = [n if draw(st.booleans()) else 1 for n in grid][4 - rank :]
    distance = st.none() | st.integers(0, 2 * TILE)
    yield "mask", rng.random(sides) < draw(st.sampled_from([0.02, 0.7]))
    yield (
        "bias",
        np.where(rng.random(sides) < 0.2, -np.inf, rng.normal(size=sides)).astype(
            dtype
        ),
    )
    yield "scale", draw(st.sampled_from([-0.5, 0.0, 0.3]))
    yield "causal", True
    yield "window", draw(st.tuples(distance, distance))
    yield "softcap", draw(st.sampled_from([0.5, 20.0]))
    yield "sink", np.where(rng.random(grid[1]) < 0.3, -np.inf, 2.0).astype(dtype)


@given(cases())
def test_output_and_logsumexp_lie_within_the_bound(case: AttentionCase) -> None:
    assert_within_the_bound(case)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("keys", BOUNDARIES)
def test_every_key_counts_at_tile_boundaries(keys: int, dtype: str) -> None:
    """One key is seen at a time; its value must come out as it went in."""
    value = np.arange(1.0, keys + 1.0).astype(numpy_dtype(dtype)).reshape(1, 1, keys, 1)
    query, key = np.ones_like(value), np.ones_like(value)

    actual = tiled_attention(query, key, value, mask=np.eye(keys, dtype=bool))
    assert isinstance(actual, np.ndarray)
    assert np.array_equal(value, actual)


@pytest.mark.parametrize("keys", [1, 2, 64, 128, 256])
def test_equal_scores_give_an_exact_mean(keys: int) -> None:
    """Sums of ones and of small integers, and their quotient by 2^n, are exact."""
    rng = np.random.default_rng(keys)
    value = rng.integers(-8, 9, size=(2, 2, keys, 3)).astype(np.float32)
    query, key = (
        np.zeros((2, 4, 5, 3), np.float32),
        np.ones((2, 2, keys, 3), np.float32),
    )
    expected = value.mean(axis=2, dtype=np.float64)[:, [0, 0, 1, 1], None]
    actual = tiled_attention(query, key, value)

    assert isinstance(actual, np.ndarray)
    assert np.array_equal(np.broadcast_to(expected, actual.shape), actual)


@pytest.mark.parametrize("dtype", DTYPES)
def test_results_have_the_format_of_the_query(dtype: str) -> None:
    x = np.ones((1, 2, 3, 4), numpy_dtype(dtype))
    output, lse = answer(AttentionCase.of(x, x, x))

    assert x.dtype == output.dtype
    assert np.dtype("float64" if dtype == "float64" else "float32") == lse.dtype
    assert output.shape == x.shape
    assert lse.shape == x.shape[:3]


def test_a_query_that_sees_nothing_answers_zero() -> None:
    x = np.ones((1, 1, 3, 2), np.float32)
    output, lse = answer(AttentionCase.of(x, x, x, mask=np.zeros((3, 3), dtype=bool)))

    assert np.array_equal(np.zeros_like(x), output)
    assert np.array_equal(np.full((1, 1, 3), -np.inf, np.float32), lse)


def test_a_query_that_sees_nothing_has_its_sink_as_logsumexp() -> None:
    x = np.ones((1, 2, 3, 2), np.float32)
    sink = np.array([1.5, -np.inf], np.float32)
    output, lse = answer(
        AttentionCase.of(x, x, x, mask=np.zeros(3, dtype=bool), sink=sink)
    )

    assert np.array_equal(np.zeros_like(x), output)
    assert np.array_equal(np.broadcast_to(sink[:, None], (1, 2, 3)), lse)


@given(
    cases(dtypes=("float32",), lengths=st.integers(1, 2 * TILE)),
    st.integers(0, 2 * TILE),
    st.sampled_from([np.nan, np.inf, 3e38]),
)
def test_what_no_query_sees_has_no_influence(
    case: AttentionCase, at: int, poison: float
) -> None:
    hidden = at % case.sizes.S
    mask = np.arange(case.sizes.S) != hidden
    mask = mask & (np.ones((), dtype=bool) if case.mask is None else case.mask)
    key, value = case.key.copy(), case.value.copy()
    key[:, :, hidden] = value[:, :, hidden] = poison
    expected = answer(case.replace(mask=mask))
    actual = answer(case.replace(mask=mask, key=key, value=value))

    assert np.array_equal(expected[0], actual[0])
    assert np.array_equal(expected[1], actual[1])


@pytest.mark.parametrize("keys", [2, TILE + 1])
def test_a_huge_value_stays_with_the_queries_that_see_it(keys: int) -> None:
    """The last key is hidden from all queries but the last."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1, 1, keys, 4)).astype(np.float32)
    huge = x.copy()
    huge[:, :, -1] = 3e38
    expected, _ = answer(AttentionCase.of(x, x, x, causal=True))
    actual, _ = answer(AttentionCase.of(x, x, huge, causal=True))

    assert np.array_equal(expected[:, :, :-1], actual[:, :, :-1])


@given(cases(dtypes=("float32",), lengths=st.integers(1, TILE + 9)))
def test_no_array_is_written_to(case: AttentionCase) -> None:
    before = {name: array.copy() for name, array in case.arrays().items()}
    answer(case)

    for name, array in case.arrays().items():
        assert np.array_equal(before[name], array)


def test_without_return_lse_the_output_comes_alone() -> None:
    x = np.ones((1, 1, 3, 2), np.float32)

    assert isinstance(tiled_attention(x, x, x), np.ndarray)
