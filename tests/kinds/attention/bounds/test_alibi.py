"""Slopes of ALiBi and the place of the softcap: values, bounds, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from attnspec.exceptions import Inadmissible
from attnspec.judge.law import Dialect
from attnspec.kinds.attention.alibi import alibi_bias
from attnspec.kinds.attention.bounds.admissible import admissible
from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import SPEC, dialect_of
from attnspec.kinds.attention.kind import ATTENTION
from attnspec.numerics import PRESETS, NumericModel, within
from attnspec.numerics.dtypes import working_dtype
from tests.kinds.attention.bounds._enclosure import enclosure
from tests.kinds.attention.bounds._kernels import Kernel
from tests.kinds.attention.bounds._problems import problem
from tests.kinds.attention.bounds.test_bounds import IDS, SUBJECTS


def _choices(seed: int) -> Dialect:
    return dialect_of(
        alignment="upper_left" if seed % 3 == 0 else "lower_right",
        softcap_order="after_bias" if seed % 2 else "before_bias",
        causal_alibi="key" if seed % 5 < 2 else "distance",
    )


def _case(seed: int, dtype: str, *, most: int = 40) -> AttentionCase:
    """Return a case with slopes; where the softcap is last the bias hides nothing."""
    case, random = problem(seed, dtype, most=most), np.random.default_rng(seed)
    sizes = case.sizes
    shape = (sizes.B, sizes.Hq) if seed % 2 else (sizes.Hq,)
    wide = working_dtype(dtype)
    case = case.replace(alibi_slopes=random.uniform(0, 1, shape).astype(wide))
    if case.bias is None:
        return case
    return case.replace(bias=np.where(np.isneginf(case.bias), -3, case.bias))


@pytest.mark.parametrize(("dtype", "kernel", "model"), SUBJECTS, ids=IDS)
def test_right_kernels_stay_within_the_bounds(
    dtype: str, kernel: Kernel, model: NumericModel
) -> None:
    counted = 0
    for seed in range(40):
        case, choices = _case(seed, dtype), _choices(seed)
        if admissible(case, choices, model) is not None:
            continue
        counted += 1
        exact = evaluate(case, choices, model)
        found = kernel(case, choices)
        lse, bound = exact.others["lse"]

        assert within(exact.output, found.output, exact.bound).holds, seed
        assert within(lse, found.others["lse"], bound, what="lse").holds, seed
    assert counted > 20


@pytest.mark.parametrize("seed", range(24))
def test_the_evaluator_encloses_the_truth(seed: int) -> None:
    case, choices = _case(seed, "float64", most=9), _choices(seed)
    exact = evaluate(case, choices, PRESETS["float64"])
    output, radius, lse, lse_radius = enclosure(case, choices)

    # The bound of a float64 kernel holds twice the error of the evaluator.
    own, own_lse = exact.bound / 2, exact.others["lse"][1] / 2
    assert within(output, exact.output, own + radius).holds
    assert within(lse, exact.lse, own_lse + lse_radius).holds


@pytest.mark.parametrize("seed", range(6))
def test_slopes_are_the_bias_that_they_stand_for(seed: int) -> None:
    case, choices = _case(seed, "float64"), _choices(seed)
    added = alibi_bias(case, choices)
    assert added is not None
    given = 0.0 if case.bias is None else case.bias
    written = case.replace(alibi_slopes=None, bias=added + given)
    one, two = (evaluate(c, choices, PRESETS["float64"]) for c in (case, written))

    assert within(one.output, two.output, one.bound + two.bound).holds
    assert (one.visible == two.visible).all()


def test_large_cases_are_cut_in_blocks_with_the_slopes_of_their_heads() -> None:
    shape = (2, 4, 100, 2)
    random = np.random.default_rng(0)
    query = random.standard_normal(shape).astype(np.float32)
    slopes = random.uniform(0, 1, (2, 4)).astype(np.float32)
    whole = AttentionCase.of(query, query, query, alibi_slopes=slopes)
    one = AttentionCase.of(
        *(query[1:, 2:3],) * 3, alibi_slopes=slopes[1:, 2:3], causal=None
    )

    found, alone = (evaluate(c, SPEC, PRESETS["float64"]) for c in (whole, one))
    own = slice(1, None), slice(2, 3)

    assert found.lse.size * 100 > 2**16
    bound = found.bound[own] + alone.bound
    assert within(alone.output, found.output[own], bound).holds


def test_a_small_fault_of_the_slopes_is_outside_the_bound() -> None:
    query = np.zeros((1, 1, 1, 8), np.float32)
    key, value = np.zeros((1, 1, 9, 8), np.float32), np.eye(9, 8, dtype=np.float32)
    slopes = np.array([0.5], np.float32)
    case = AttentionCase.of(query, key, value[None, None], alibi_slopes=slopes)
    wrong = case.replace(alibi_slopes=slopes * np.float32(1 + 1e-5))
    exact = evaluate(case, None, PRESETS["float32"])

    assert not within(exact.output, evaluate(wrong).output, exact.bound).holds


def test_a_softcap_that_is_last_shows_what_a_bias_hides_and_promises_nothing() -> None:
    one = np.ones((1, 1, 2, 2), np.float32)
    bias = np.array([[0.0, -np.inf]], np.float32)
    case = AttentionCase.of(one, one, one, bias=bias, softcap=1.0)
    last, model = dialect_of(softcap_order="after_bias"), PRESETS["float32"]

    ATTENTION.promised(case, dialect_of(), model)
    with pytest.raises(Inadmissible, match="bias: expected finite numbers"):
        ATTENTION.promised(case, last, model)
    ATTENTION.promised(case.without("softcap"), last, model)


def test_slopes_that_overflow_a_format_are_named() -> None:
    one = np.ones((1, 1, 2, 2), np.float16)
    case = AttentionCase.of(one, one, one, alibi_slopes=np.array([4e4], np.float32))
    naive = PRESETS["naive-float16"]

    assert "scores: expected less than" in (admissible(case, dialect_of(), naive) or "")


def test_a_kernel_that_caps_elsewhere_is_outside_the_bound() -> None:
    one = np.ones((1, 1, 2, 2), np.float32)
    bias = np.array([[0.0, 3.0]], np.float32)
    value = np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2)
    case = AttentionCase.of(one, one, value, bias=bias, softcap=1.0)
    before, after = dialect_of(), dialect_of(softcap_order="after_bias")
    for right, wrong in ((before, after), (after, before)):
        exact = evaluate(case, right, PRESETS["float32"])

        assert within(exact.output, Kernel()(case, right).output, exact.bound).holds
        assert not within(exact.output, Kernel()(case, wrong).output, exact.bound).holds
