"""Right values that a bound once refused, and what each part of a bound is for."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.bounds.rates import rates
from attnspec.kinds.attention.case import AttentionCase
from attnspec.numerics import PRESETS, NumericModel, within
from attnspec.reference import attention_with_logsumexp
from attnspec.reference.merge import merge_all
from attnspec.rogues.attention._arithmetic import (
    by_exponentials,
    by_logistic,
    by_one_exponential,
)

E4M3 = np.dtype(ml_dtypes.float8_e4m3fn)


def _holds(case: AttentionCase, output: Any, model: NumericModel) -> bool:
    """Return whether an output is within the bound."""
    exact = evaluate(case, None, model)
    return within(
        exact.output, np.asarray(output).reshape(1, 1, 1, -1), exact.bound
    ).holds


def _row(
    dtype: str, key: list[float], value: list[float], **options: Any
) -> AttentionCase:
    """Return a case of one query, the number 1, with these scores and values."""
    shape = (1, 1, len(key), 1)
    keys = np.array(key, dtype).reshape(shape)
    values = np.array(value, dtype).reshape(shape)
    return AttentionCase.of(
        np.ones((1, 1, 1, 1), dtype), keys, values, scale=1.0, **options
    )


@pytest.mark.parametrize("score", [100.3, 1000.3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_merging_by_exp_of_differences_of_logsumexps_is_admitted(
    dtype: str, score: float
) -> None:
    """The rounding of the merged logsumexp, u|lse|, scales the whole output.

    Both values are 1, so the exact output is 1 whatever the weights are.
    """
    case = _row(dtype, [score, score], [1.0, 1.0])
    real = np.dtype(dtype).type
    parts = np.array([score, score], dtype)
    lse = real(parts[0] + np.log(real(2)))
    output = np.exp(parts - lse).sum(dtype=dtype)

    assert _holds(case, output, PRESETS[f"split-{dtype}"])
    assert _holds(case, output, PRESETS[f"two-pass-{dtype}"])
    assert not _holds(case, output, PRESETS[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scores", [1.0, 100.0, 1000.0, 60_000.0])
def test_the_definition_of_merging_conforms_as_a_split_kernel(
    dtype: str, scores: float
) -> None:
    """Its parts are stored in the format of the kernel."""
    random = np.random.default_rng(int(scores))
    query, key, value = random.standard_normal((3, 1, 2, 9, 4)).astype(dtype)
    query[..., 0], key[..., 0] = math.sqrt(scores), 2 * math.sqrt(scores)
    case = AttentionCase.of(query, key, value)
    parts = []
    for cut in np.array_split(np.arange(9), 5):
        found = attention_with_logsumexp(query, key[:, :, cut], value[:, :, cut])
        parts.append((found[0].astype(dtype), found[1].astype(dtype)))
    output, lse = (x.astype(dtype) for x in merge_all(parts))

    exact = evaluate(case, None, PRESETS[f"split-{dtype}"])

    assert exact.lse_bound is not None
    assert within(exact.output, output, exact.bound).holds
    assert within(exact.lse, lse, exact.lse_bound, what="lse").holds


def test_more_merges_need_a_wider_bound_and_one_key_needs_none() -> None:
    case = _row("float32", [50.0] * 20, [1.0] * 20)
    split = PRESETS["split-float32"]
    once, often = (evaluate(case, None, split.replace(merges=n)) for n in (1, 19))
    few, many = once.bound.item(), often.bound.item()

    assert few < many
    assert once.others["lse"][1] < often.others["lse"][1]
    alone = _row("float32", [50.0], [1.0])
    assert rates(split, 1, 1, 1.0).merges == 0
    assert evaluate(alone, None, split).bound.item() <= few


def test_the_rounding_of_a_parts_logsumexp_moves_its_share() -> None:
    """Even where the output is 0, which no common factor can change."""
    case = _row("float32", [1000.0, 1000.0], [1.0, -1.0])

    alone = evaluate(case, None, PRESETS["float32"]).bound.item()
    merged = evaluate(case, None, PRESETS["split-float32"]).bound.item()

    assert merged - alone >= 1000 * 2.0**-24


TANHS = [np.tanh, by_logistic, by_exponentials, by_one_exponential]


@pytest.mark.parametrize("tanh", TANHS)
@pytest.mark.parametrize("cap", [1.0, 30.0, 1000.0])
def test_every_usual_way_to_compute_tanh_is_admitted(tanh: Any, cap: float) -> None:
    """Near zero those made of exponentials are off absolutely, times the cap."""
    random = np.random.default_rng(3)
    for score in (0.1 * random.standard_normal(100)).astype(np.float32):
        case = _row("float32", [score, 0.0], [1.0, 0.0], softcap=cap)
        most = np.float32(cap)
        capped = most * tanh(np.array([score, 0.0], np.float32) / most)
        weights = np.exp(capped - capped.max())
        output = weights[0] / weights.sum()

        assert _holds(case, output, PRESETS["float32"])


def test_a_tanh_that_is_exact_relatively_may_say_so() -> None:
    case = _row("float32", [1e-3, 0.0], [1.0, 0.0], softcap=1000.0)
    model = PRESETS["float32"]

    absolute = evaluate(case, None, model).bound.item()
    relative = evaluate(case, None, model.replace(tanh_absolute=0.0)).bound.item()

    assert relative * 50 < absolute


def test_a_sink_far_above_all_scores_leaves_a_bound() -> None:
    """The weight is e**-400 and so is the output; a product of roots does not vanish.

    The exact output is exp(-400) / (1 + exp(-400)); Python's exp is right to one unit.
    One rounding of an argument of 400 changes it by 400 units.
    """
    case = _row("float64", [0.0], [1.0], sink=np.array([400.0]))
    exact = evaluate(case, None, PRESETS["float64"])
    right = Fraction(math.exp(-400.0))

    assert exact.bound.item() >= 400 * 2.0**-53 * right
    assert abs(Fraction(exact.output.item()) - right) <= Fraction(exact.bound.item())


@pytest.mark.parametrize("keys", [17, 257, 1025, 4097])
@pytest.mark.parametrize("factor", [0.999, 1.001])
def test_weights_in_eight_bits_may_vanish_or_double_in_the_sum(
    keys: int, factor: float
) -> None:
    """A weight next to half the least number of the format is 0 or that number."""
    least = 2.0**-9
    case = _row(
        "float32",
        [0.0] + [math.log(factor * least / 2)] * (keys - 1),
        [1.0] + [0.0] * (keys - 1),
    )
    rounded = np.exp(case.key.ravel()).astype(E4M3).astype(np.float32)
    model = PRESETS["float32"].replace(weights="float8_e4m3", weights_in_sum="yes")

    assert set(rounded[1:]) == {0.0 if factor < 1 else least}
    assert _holds(case, 1 / rounded.sum(), model)


def test_values_that_a_format_holds_cost_nothing() -> None:
    model = PRESETS["float32"].replace(values=("bfloat16",))
    held = _row("float32", [0.5, 0.25, 0.0], [1.0, -3.0, 0.5])
    other = _row("float32", [0.5, 0.25, 0.0], [1.01, -3.0, 0.5])

    assert evaluate(held, None, model).bound < 1e-5
    assert evaluate(other, None, model).bound > 1e-3


def test_queries_and_keys_that_a_format_holds_cost_nothing() -> None:
    model = PRESETS["float32"].replace(inputs=("bfloat16",))
    held = _row("float32", [0.5, 0.25, 0.0], [1.0, -3.0, 0.5])
    other = _row("float32", [0.51, 0.25, 0.0], [1.0, -3.0, 0.5])

    assert evaluate(held, None, model).bound < 1e-5
    assert evaluate(other, None, model).bound > 1e-4


def test_a_scale_that_a_format_holds_costs_nothing() -> None:
    model, plain = PRESETS["float32"].replace(scale="bfloat16"), PRESETS["float32"]
    case = _row("float32", [0.5, 0.25, 0.0], [1.0, -3.0, 0.5])

    for scale, is_rounded in ((1.0, False), (0.3, True), (0.75, False)):
        scaled = case.replace(scale=scale)
        wider = (
            evaluate(scaled, None, model).bound > evaluate(scaled, None, plain).bound
        )
        assert wider.item() is is_rounded


@pytest.mark.parametrize(
    ("query", "scale", "is_rounded"),
    [(1.0, 1.0, False), (1.5, 0.5, False), (1.0, 0.1, True), (1 + 2.0**-9, 1.0, True)],
)
def test_a_scaled_query_is_rounded_where_the_format_does_not_hold_it(
    query: float,
    scale: float,
    is_rounded: bool,  # noqa: FBT001 - a parameter of a test
) -> None:
    plain = PRESETS["float32"]
    one = np.full((1, 1, 1, 1), query, np.float32)
    key = np.ones((1, 1, 2, 1), np.float32)
    value = np.array([0.0, 1.0], np.float32).reshape(1, 1, 2, 1)
    case = AttentionCase.of(one, key, value, scale=scale)

    bounds = [
        evaluate(case, None, model).bound.item()
        for model in (plain, plain.replace(prescale="bfloat16"))
    ]

    assert (bounds[1] > 100 * bounds[0]) is is_rounded


def test_roundings_do_not_vanish_in_float64() -> None:
    """(1 + 2**-53)**4 - 1 is 0 in float64."""
    own = rates(PRESETS["split-float64"], 4, 4, 0.3)

    assert own.score >= 3 * 2.0**-53
    assert own.lse >= 4 * 2.0**-53
    assert own.sink >= 3 * 2.0**-53


def test_sums_over_blocks_narrow_the_bound_of_long_rows() -> None:
    """A term then goes through 128 + 64 additions, and not through 8,192."""
    random = np.random.default_rng(0)
    query, key = (
        random.standard_normal((1, 1, 1, 8)),
        random.standard_normal((1, 1, 8192, 8)),
    )
    case = AttentionCase.of(*(x.astype(np.float32) for x in (query, key, key)))
    model = PRESETS["float32"].replace(block=128)

    any_order = evaluate(case, None, model).bound.max()
    in_blocks = evaluate(case, None, model.replace(sum_block=128)).bound.max()

    assert in_blocks * 10 < any_order


def test_truncation_costs_twice_what_rounding_does() -> None:
    case = _row("float32", [0.0], [1.1])
    model = PRESETS["float32"].replace(output="bfloat16")
    cut = model.replace(output_unit=2.0)
    truncated = np.float32(1.1).view(np.uint32) & np.uint32(0xFFFF0000)
    output = truncated.view(np.float32)

    assert not _holds(case, output, model)
    assert _holds(case, output, cut)
