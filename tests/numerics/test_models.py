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
