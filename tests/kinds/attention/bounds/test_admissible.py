"""Which cases a bound can judge."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnspec.kinds.attention.bounds.admissible import admissible
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import SPEC
from attnspec.numerics import PRESETS, NumericModel
from tests.kinds.attention.bounds._problems import dialect, problem


def _case(query: float, key: float, value: float, **options: Any) -> AttentionCase:
    """Return a case of two keys with constant arrays."""
    first, second, third = (
        np.full((1, 1, 2, 1), number, np.float32) for number in (query, key, value)
    )
    return AttentionCase.of(first, second, third, **options)


@pytest.mark.parametrize("seed", range(30))
def test_ordinary_data_is_admissible(seed: int) -> None:
    """Under the models that a kernel in float32 or float64 declares."""
    for name in ("float32", "float64", "flash-bfloat16"):
        assert (
            admissible(problem(seed, "float32"), dialect(seed), PRESETS[name]) is None
        )


@pytest.mark.parametrize(
    ("case", "model", "word"),
    [
        (_case(1e30, 1e30, 1), "float32", "products"),
        (_case(300, 300, 1), "naive-float16", "scores"),
        (_case(7e4, 1e-4, 1), "naive-float16", "operands"),
        (_case(1, 1, 7e4), "flash-float16", "value"),
        (_case(1, 1, 3e38), "float32", "values summed"),
        (_case(1, 1, 1, bias=np.array([1e39])), "float32", "scores"),
        (_case(1, 1, 1, sink=np.array([np.nan])), "float32", "sink"),
    ],
)
def test_the_violated_precondition_is_named(
    case: AttentionCase, model: str, word: str
) -> None:
    """By the intermediate number that overflows."""
    assert str(admissible(case, SPEC, PRESETS[model])).startswith(f"{word}: ")


def test_a_sum_may_be_too_long_for_its_format() -> None:
    """Bfloat16 cannot add up 1,000 weights."""
    case = AttentionCase.of(*(np.ones((1, 1, 1000, 1), np.float32),) * 3)
    model: NumericModel = PRESETS["naive-bfloat16"].replace(softmax="bfloat16")

    assert admissible(case, SPEC, model) == (
        "softmax: 1062 terms are too many for a sum in bfloat16"
    )


def test_what_is_hidden_may_be_anything() -> None:
    """Only what a query sees can overflow."""
    case = _case(1, 1, 1, mask=np.array([True, False]))
    case.key[:, :, 1] = case.value[:, :, 1] = 3e38

    assert admissible(case, SPEC, PRESETS["float32"]) is None
    assert admissible(case.replace(mask=None), SPEC, PRESETS["float32"])


@pytest.mark.parametrize("name", ["query", "key", "value", "bias"])
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_has_a_class_and_overflows_nothing(
    name: str, number: float
) -> None:
    case = _case(1, 1, 1, bias=np.zeros(2))
    array = case[name].copy()
    array.flat[-1] = number

    assert admissible(case.replace(**{name: array}), SPEC, PRESETS["float32"]) is None


def test_minus_infinity_hides_and_does_not_overflow() -> None:
    """In a bias it is a mask; in a sink it is no sink."""
    bias, sink = np.array([0.0, -np.inf]), np.array([-np.inf])
    case = _case(1, 1, 1, bias=bias, sink=sink)

    assert admissible(case, SPEC, PRESETS["float32"]) is None
