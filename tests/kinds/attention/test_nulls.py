"""Null answers: wrong on purpose, and robust on every case."""

from __future__ import annotations

import numpy as np
import pytest

from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.nulls import NULLS
from attnspec.numerics.dtypes import DTYPES
from tests.kinds.attention._null_answers import answer
from tests.kinds.attention.bounds._problems import dialect, problem

EVERY = ["zeros", "ones", *NULLS]


@pytest.mark.parametrize("name", sorted(set(EVERY) - {"wrong_dtype"}))
@pytest.mark.parametrize("dtype", DTYPES)
def test_null_answers_look_like_those_of_a_kernel(name: str, dtype: str) -> None:
    """Format and shape of the output are those of the definition."""
    for seed in range(12):
        case = problem(seed, dtype, most=9)
        sizes = case.sizes

        found = answer(name, case, dialect(seed)).output

        assert found.dtype == case.query.dtype
        assert found.shape == (sizes.B, sizes.Hq, sizes.L, sizes.Ev)


@pytest.mark.parametrize("name", ["zeros:lse", "first_row:lse", "scale_off:lse"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_null_of_the_logsumexp_leaves_the_output_right(name: str, dtype: str) -> None:
    statistics = np.float64 if dtype == "float64" else np.float32
    for seed in range(12):
        case = problem(seed, dtype, most=9)
        sizes = case.sizes
        exact = evaluate(case, dialect(seed))

        found = answer(name, case.with_lse(), dialect(seed))

        right = exact.output.astype(case.query.dtype)
        assert np.array_equal(right, found.output, equal_nan=True)
        assert found.others["lse"].dtype == statistics
        assert found.others["lse"].shape == (sizes.B, sizes.Hq, sizes.L)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("shape", [(0, 1, 2), (1, 0, 2), (1, 2, 0), (1, 1, 1)])
@pytest.mark.parametrize("keys", [0, 1])
def test_null_answers_exist_for_axes_of_length_zero(
    name: str, shape: tuple[int, int, int], keys: int
) -> None:
    """Whatever is asked, an answer comes."""
    query = np.ones((*shape, 2), np.float32)
    key = np.ones((*shape[:2], keys, 2), np.float32)

    found = answer(name, AttentionCase.of(query, key, key, causal=True))

    assert found.output.shape == query.shape


def _rich_case() -> AttentionCase:
    """Return a case on which every option has an effect."""
    random = np.random.default_rng(5)
    query, key, value = (random.standard_normal((2, 2, 6, 4)) for _ in range(3))
    bias = random.standard_normal((2, 6, 6))
    sink = np.array([0.5, 1.0])
    return AttentionCase.of(
        query, key, value, bias=bias, sink=sink, softcap=1.0, causal=True
    )


PLAIN = (
    *("zeros", "mean_value", "first_row", "neighbor_row", "scale_off", "mask_shifted"),
    *("copy_value", "options_dropped", "one_head", "first_batch", "last_key_dropped"),
    *("no_sink", "no_softcap", "no_bias", "no_mask"),
)
"""The nulls that are wrong on every case that has every option."""


@pytest.mark.parametrize("name", PLAIN)
def test_null_answers_are_wrong_where_they_can_be(name: str) -> None:
    """By more than rounding: some element is off by a tenth."""
    case = _rich_case()
    exact = evaluate(case)

    assert np.abs(answer(name, case).output - exact.output).max() > 0.1


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("no_sink", "sink"),
        ("no_softcap", "softcap"),
        ("no_bias", "bias"),
        ("no_mask", "causal"),
        ("mask_shifted", "causal"),
    ],
)
def test_a_null_answer_is_right_where_its_option_is_absent(
    name: str, option: str
) -> None:
    """So that it never counts as excluded there."""
    case = _rich_case().replace(**{option: False if option == "causal" else None})

    assert np.array_equal(evaluate(case).output, answer(name, case).output)
