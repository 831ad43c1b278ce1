"""Formats, numeric models and their relaxations."""

from __future__ import annotations

import math
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.numerics import (
    PRESETS,
    NumericModel,
    default_model,
    format_of,
    relaxations,
)
from attnspec.numerics.dtypes import DTYPES

finfo: Any = ml_dtypes.finfo  # It has no type.
KNOWN: dict[str, Any] = {
    "float64": np.finfo(np.float64),
    "float32": np.finfo(np.float32),
    "float16": np.finfo(np.float16),
    "bfloat16": finfo("bfloat16"),
    "float8_e4m3": finfo("float8_e4m3fn"),
    "float8_e5m2": finfo("float8_e5m2"),
}


@pytest.mark.parametrize("name", KNOWN)
def test_formats_are_those_of_numpy_and_ml_dtypes(name: str) -> None:
    """Unit, range and the neighborhood of zero."""
    info, format_ = KNOWN[name], format_of(name)
    half_least = max(float(info.smallest_subnormal) / 2, 5e-324)

    assert float(info.eps) / 2 == format_.unit
    assert float(info.max) == format_.maximum
    assert float(info.tiny) == format_.tiny_flushed
    assert half_least == format_.tiny


def _cast(name: str) -> Any:
    """Return the dtype that numbers are rounded to."""
    name = {"float8_e4m3": "float8_e4m3fn"}.get(name, name)
    return np.dtype(getattr(ml_dtypes, name, name))


@pytest.mark.parametrize("name", KNOWN)
def test_a_format_holds_what_rounding_to_it_leaves_alone(name: str) -> None:
    """Subnormal numbers have fewer digits, and there is a largest number."""
    random = np.random.default_rng(0)
    exponents = random.integers(-1080, 1020, 4000)
    exponents[::2] //= 16
    wide = np.ldexp(random.uniform(-2, 2, 4000), exponents)
    with np.errstate(over="ignore"):
        few_digits = wide.astype(np.float32).astype(_cast(name)).astype(np.float64)
        numbers = np.concatenate([wide, few_digits[np.isfinite(few_digits)]])
        expected = numbers == numbers.astype(_cast(name)).astype(np.float64)

    actual = format_of(name).holds(numbers)

    assert np.array_equal(expected, actual)
    assert actual.any()
    assert name == "float64" or not actual.all()


def test_an_unknown_format_is_named() -> None:
    """With those that there are."""
    with pytest.raises(UnknownName, match=r"format: .* got 'float12'"):
        format_of("float12")
    with pytest.raises(UnknownName, match="float12"):
        NumericModel("mine", dot="float12")


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_undeclared_kernel_rounds_to_its_own_format(dtype: str) -> None:
    """Sums are float64 for float64 and float32 for everything else."""
    model = default_model(dtype)
    sums = "float64" if dtype == "float64" else "float32"

    assert model.output == dtype
    assert {sums} == {model.dot, model.softmax, model.accumulator}
    assert model.weights == (dtype if dtype.endswith("16") else None)


def test_an_unknown_dtype_has_no_default_model() -> None:
    """A model is for the formats that cases come in."""
    with pytest.raises(UnknownName, match=r"dtype: .* got 'int8'"):
        default_model("int8")


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
@pytest.mark.parametrize("name", ["exp_relative", "dot_unit", "max_slack"])
def test_an_error_rate_is_finite_and_not_negative(name: str, value: float) -> None:
    """Else it would bound nothing."""
    with pytest.raises(InvalidArgument, match=f"{name}: expected a finite number"):
        default_model("float32").replace(**{name: value})


def test_a_block_has_a_key() -> None:
    """The number of rescalings is keys by block."""
    with pytest.raises(InvalidArgument, match="block: expected at least 1 key, got 0"):
        default_model("float32").replace(block=0)


def test_sums_over_blocks_and_merges_are_at_least_one() -> None:
    for name in ("sum_block", "merges"):
        with pytest.raises(InvalidArgument, match=f"{name}: expected at least 1"):
            default_model("float32").replace(**{name: 0})


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_found_by_their_own_name(name: str) -> None:
    """And a model is a value: hashable, equal to its copy."""
    assert PRESETS[name].name == name
    assert hash(PRESETS[name]) == hash(PRESETS[name].replace())


@pytest.mark.parametrize("name", PRESETS)
def test_every_relaxation_differs_from_the_model_and_has_its_own_words(
    name: str,
) -> None:
    """The words complete the sentence: it passes if ..."""
    model = PRESETS[name]
    words, models = zip(*relaxations(model), strict=True)

    assert model not in models
    assert len(words) == len(set(words))


@pytest.mark.parametrize("name", PRESETS)
def test_a_relaxation_rounds_nothing_that_comes_rounded(name: str) -> None:
    """A bfloat16 value is not rounded to bfloat16 again, nor to TF32."""
    model = PRESETS[name]
    own = format_of(model.output).unit
    for words, relaxed in relaxations(model):
        if words.startswith("everything"):
            continue
        new = {*relaxed.inputs, *relaxed.values} - {*model.inputs, *model.values}
        assert all(format_of(one).unit > own for one in new), words


def test_what_a_scale_may_explain_is_asked_before_what_scores_may() -> None:
    """Each model is asked before those that include it."""
    words = [words for words, _ in relaxations(default_model("float32"))]
    order = (
        "the exponential has a relative error of 1e-5",
        "the scale is rounded to bfloat16",
        "query and key are rounded to TF32",
        "scores are rounded to bfloat16",
        "query and key are rounded to bfloat16",
        "query and key are truncated to bfloat16",
        "key and value are rounded to float8_e4m3",
        "operands of both products are rounded to bfloat16",
        "operands and output are rounded to bfloat16",
        "everything is computed in bfloat16",
    )

    assert list(order) == sorted(order, key=words.index)


def test_weights_of_one_are_exact_unless_a_model_says_otherwise() -> None:
    exact = {name for name, model in PRESETS.items() if model.is_exact_on_ones}
    ways = ("split", "two-pass", "folded", "tensor-core", "tfloat32")

    assert exact == {name for name in PRESETS if not name.startswith(ways)}
    plain = default_model("float32")
    for changes in (
        {"max_slack": 1.0},
        {"values": ("bfloat16",)},
        {"stored_row_sum": "bfloat16"},
        {"stored_accumulator": "bfloat16"},
        {"row_sum": "float16"},
        {"accumulator": "float16"},
    ):
        assert not plain.replace(**changes).is_exact_on_ones
