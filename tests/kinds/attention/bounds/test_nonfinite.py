"""What NaN and infinities decide, and what they leave open."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import SPEC, alignment_of, dialect_of
from attnspec.numerics import PRESETS, within
from attnspec.reference import attention_with_logsumexp
from tests.kinds.attention.bounds._problems import dialect, problem

FLOAT32 = PRESETS["float32"]
CLEAN = dialect_of(
    nan_masked_key="clean", nan_masked_value="clean", nan_zero_weight="clean"
)
NAN, INF = np.nan, np.inf


def _spoiled(seed: int) -> AttentionCase:
    """Return a drawn case with up to four numbers that are not finite."""
    case, random = problem(seed, "float32", most=12), np.random.default_rng(seed)
    for name in random.choice(["query", "key", "value", "bias"], 4):
        if case[name] is not None:
            array = case[name].copy()
            number = random.choice([NAN, INF, -INF])
            if name == "bias" and number < 0:
                number = NAN
            array.flat[random.integers(array.size)] = number
            case = case.replace(**{name: array})
    return case


@pytest.mark.parametrize("seed", range(200))
def test_where_anything_is_decided_the_definition_says_the_same(seed: int) -> None:
    case, choices = _spoiled(seed), {**CLEAN, "alignment": dialect(seed)["alignment"]}
    exact = evaluate(case, choices, PRESETS["float64"])
    output, lse = attention_with_logsumexp(
        case.query,
        case.key,
        case.value,
        alignment=alignment_of(choices),
        **case.options,
    )
    if exact.left_open is not None:
        output = np.where(exact.left_open, exact.output, output)
        lse = np.where(exact.lse_left_open, exact.lse, lse)

    assert within(output, exact.output, exact.bound).holds
    assert within(lse, exact.lse, exact.others["lse"][1]).holds


def test_some_of_these_cases_decide_something_and_leave_something_open() -> None:
    found = [evaluate(_spoiled(seed), CLEAN, FLOAT32) for seed in range(200)]
    spoiled = [one for one in found if one.left_open is not None]

    assert any(np.isnan(one.output).any() for one in spoiled)
    assert any(np.isinf(one.output).any() for one in spoiled)
    assert any(one.left_open.any() for one in spoiled if one.left_open is not None)


def _rows(
    query: list[float], key: list[float], value: list[float], **options: Any
) -> AttentionCase:
    """Return a case of width one with these queries, keys and values."""
    columns = (
        np.array(numbers, np.float32).reshape(1, 1, -1, 1)
        for numbers in (query, key, value)
    )
    return AttentionCase.of(*columns, **options)


@pytest.mark.parametrize(
    ("case", "output", "lse"),
    [
        (_rows([1, NAN], [0, 0], [2, 4]), [3, NAN], [np.log(2), NAN]),
        (_rows([0, 0], [0, NAN], [2, 4]), [NAN, NAN], [NAN, NAN]),
        (_rows([0, 0], [0, 0], [2, NAN]), [NAN, NAN], [np.log(2)] * 2),
        (_rows([1, 2], [0, -INF], [2, 4]), [2, 2], [0, 0]),
        (_rows([-1, -2], [0, INF], [2, 4]), [2, 2], [0, 0]),
        (_rows([1, 2], [0, INF], [2, 4], scale=-1.0), [2, 2], [0, 0]),
        (_rows([0, 0], [0, 0], [2, -INF]), [-INF, -INF], [np.log(2)] * 2),
        (_rows([0, 0], [0, 0], [INF, -INF]), [NAN, NAN], [np.log(2)] * 2),
        (
            _rows([0, 0], [0, 0], [2, 4], bias=np.array([[0, NAN], [0, 0]])),
            [NAN, 3],
            [NAN, np.log(2)],
        ),
        (_rows([0, 0], [0, NAN], [2, 4], causal=True), [2, NAN], [0, NAN]),
        (
            _rows([1], [-INF], [2], sink=np.array([0.5], np.float32)),
            [0],
            [0.5],
        ),
    ],
)
def test_what_is_decided(
    case: AttentionCase, output: list[float], lse: list[float]
) -> None:
    exact = evaluate(case, CLEAN, FLOAT32)

    assert exact.left_open is not None
    assert not exact.left_open.any()
    assert within(np.array(output), exact.output.ravel(), np.array(1e-12)).holds
    assert within(np.array(lse), exact.lse.ravel(), np.array(1e-12)).holds


@pytest.mark.parametrize(
    ("case", "left_open"),
    [
        (_rows([1, -1], [0, INF], [2, 4]), [True, False]),
        (_rows([1, 0], [0, -INF], [2, 4]), [False, True]),
        (_rows([1, 1e-8], [0, -INF], [2, 4]), [False, True]),
        (_rows([1, 1], [0, -INF], [2, 4], softcap=2.0), [True, True]),
        (_rows([1, 1], [-INF, -INF], [2, 4]), [True, True]),
        (_rows([1, 1], [0, -INF], [2, NAN]), [True, True]),
        (_rows([1, 2], [0, -90], [2, NAN]), [True, True]),
        (_rows([1, 1], [0, 0], [2, 4], bias=np.array([0, INF])), [True, True]),
    ],
)
def test_what_the_order_of_operations_decides_is_left_open(
    case: AttentionCase, left_open: list[bool]
) -> None:
    exact = evaluate(case, CLEAN, FLOAT32)

    assert exact.left_open is not None
    assert exact.left_open.ravel().tolist() == left_open


@pytest.mark.parametrize(
    ("field", "name", "mask"),
    [
        ("nan_masked_key", "key", [[True, False], [True, True]]),
        ("nan_masked_key", "key", [[True, False], [True, False]]),
        ("nan_masked_value", "value", [[True, False], [True, False]]),
        ("nan_zero_weight", "value", [[True, False], [True, True]]),
    ],
)
def test_what_a_row_does_not_see_is_open_unless_the_dialect_says_clean(
    field: str, name: str, mask: list[list[bool]]
) -> None:
    case = _rows([0, 0], [0, 0], [2, 4], mask=np.array(mask))
    array = case[name].copy()
    array[:, :, 1] = np.nan
    case = case.replace(**{name: array})
    whole = evaluate(case, SPEC, FLOAT32)
    clean = evaluate(case, dialect_of(**{field: "clean"}), FLOAT32)
    assert whole.left_open is not None
    assert clean.left_open is not None

    assert whole.left_open[0, 0, 0].all()
    assert not clean.left_open[0, 0, 0].any()
    assert clean.output[0, 0, 0, 0] == 2.0


def test_a_model_with_narrow_weights_leaves_more_open() -> None:
    case = _rows([1, 1], [0, -20], [2, NAN])
    whole = evaluate(case, SPEC, FLOAT32)
    narrow = evaluate(case, SPEC, PRESETS["flash-float16"])
    assert whole.left_open is not None
    assert narrow.left_open is not None

    assert not whole.left_open.any()
    assert narrow.left_open.all()


def test_a_finite_case_leaves_nothing_open() -> None:
    assert evaluate(problem(1, "float32"), SPEC, FLOAT32).left_open is None
