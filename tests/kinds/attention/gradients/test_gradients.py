"""The evaluated gradients are the definition's, and right passes keep their bounds."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from attnspec.exceptions import InvalidArgument
from attnspec.judge.case import Case
from attnspec.judge.law import Dialect
from attnspec.kinds.attention.alibi import alibi_bias
from attnspec.kinds.attention.bounds import seen_keys as _seen
from attnspec.kinds.attention.dialect import SPEC
from attnspec.kinds.attention.gradients.evaluator import (
    GradientEvaluation,
    evaluate_gradients,
)
from attnspec.kinds.attention.gradients.problem import forward_case
from attnspec.kinds.training.attention_gradient import ATTENTION_GRADIENT
from attnspec.numerics import PRESETS, NumericModel, default_model, within
from attnspec.numerics.dtypes import DTYPES
from attnspec.reference import Gradients, attention_backward, attention_vjp
from attnspec.rogues.training._right_passes import RIGHT_PASSES, RightPass
from benchmarks.right_gradients import draw, example, saved

FLOAT64, FLOAT32 = PRESETS["float64"], PRESETS["float32"]


def _case(seed: int, dtype: str = "float32") -> Case:
    return draw(np.random.default_rng(seed), dtype)


def _outside(found: Mapping[str, Any], exact: GradientEvaluation) -> list[str]:
    """Return the gradients that do not lie within their bounds."""
    return [
        name
        for name, (value, bound) in exact.gradients.items()
        if not within(value, np.asarray(found[name]), bound).holds
    ]


@pytest.mark.parametrize("seed", range(60))
def test_the_evaluator_is_the_definition(seed: int) -> None:
    """Both are float64, so they differ by rounding alone."""
    case = _case(seed)
    choices = {
        "alignment": "upper_left" if seed % 3 == 0 else "lower_right",
        "empty_row": "mean" if seed % 2 else "zero",
    }
    exact = evaluate_gradients(case, {**SPEC, **choices}, FLOAT64)
    found = attention_vjp(*case.operands.values(), **_options(case, choices))

    assert not _outside(_of_bias(found, case), exact)


def _options(case: Case, choices: Dialect = SPEC) -> dict[str, Any]:
    """Return the options of the definition, to which slopes are a bias."""
    own = {name: choices[name] for name in ("alignment", "empty_row")}
    options: dict[str, Any] = {**case.options, **own}
    alibi = alibi_bias(forward_case(case), {**SPEC, **choices})
    if alibi is not None:
        del options["alibi_slopes"]
        options["bias"] = alibi + (0.0 if case["bias"] is None else case["bias"])
    return options


def _of_bias(found: Gradients, case: Case) -> dict[str, Any]:
    """Return the gradients by name, that of the bias in its own shape."""
    gradients = found._asdict()
    if case["bias"] is not None:
        gradients["dbias"] = _folded(gradients["dbias"], case["bias"].shape)
    return gradients


def _folded(array: Any, shape: tuple[int, ...]) -> Any:
    """Sum along the axes that a shape has not."""
    whole = (1,) * (array.ndim - len(shape)) + shape
    axes = tuple(n for n, size in enumerate(whole) if size < array.shape[n])
    return array.sum(axis=axes, keepdims=True).reshape(shape)


@pytest.mark.parametrize("seed", range(30))
def test_what_was_saved_is_what_the_gradients_are_of(seed: int) -> None:
    case = _case(seed, "bfloat16").without("kept")
    given = saved(case)
    exact = evaluate_gradients(given, SPEC, FLOAT64)
    options = _options(given.without("output", "lse"))
    query, key, value, d_output = given.operands.values()
    known = given["output"], given["lse"]
    found = attention_backward(d_output, query, key, value, *known, **options)

    assert not _outside(_of_bias(found, given), exact)


STORED = PRESETS["flash-bfloat16"].replace(stored_gradients="bfloat16", query_block=2)


@pytest.mark.parametrize("model", [FLOAT64, FLOAT32, PRESETS["flash-bfloat16"], STORED])
@pytest.mark.parametrize("seed", range(12))
def test_blocks_and_groups_of_heads_change_nothing(
    seed: int, model: NumericModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = _case(seed)
    whole = evaluate_gradients(case, SPEC, model)
    monkeypatch.setattr(_seen, "BLOCK", 3 * case["key"].shape[2])
    monkeypatch.setattr(_seen, "TOGETHER", 1)
    parts = evaluate_gradients(case, SPEC, model)

    for one, other in zip(
        whole.gradients.values(), parts.gradients.values(), strict=True
    ):
        assert (np.abs(one[0] - other[0]) <= one[1]).all()
        # Some bounds depend on what other queries of the block see.
        assert (other[1] <= 2 * one[1]).all()
        assert (one[1] <= 2 * other[1]).all()


def _long(queries: int, keys: int) -> Case:
    fields: dict[str, Any] = {"width": 8, "value_width": 8, "causal": True}
    fields["lengths"] = queries, keys
    return ATTENTION_GRADIENT.case(ATTENTION_GRADIENT.recipe("float32", **fields))


def test_memory_grows_with_the_lengths_and_not_with_their_product() -> None:
    peaks = []
    for length in (1024, 4096):
        case = _long(length, length)
        tracemalloc.start()
        evaluate_gradients(case, SPEC, FLOAT32)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] <= 4 * peaks[0]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("right", RIGHT_PASSES, ids=[r.id for r in RIGHT_PASSES])
def test_right_passes_stay_within_the_bounds(right: RightPass, dtype: str) -> None:
    if dtype not in right.dtypes:
        pytest.skip("not in this format")
    for seed in range(25):
        case = _case(seed, dtype)
        if seed % 3 == 0 and case["kept"] is None:
            case = saved(case)
        for name, found in example(right, case):
            assert (found <= 1).all(), (seed, name)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_model_that_says_less_is_allowed_no_less(dtype: str) -> None:
    model = default_model(dtype)
    narrower = (
        {"backward_weights": "lse"},
        {"backward_weights": "sum"},
        {"delta": "output"},
        {"delta": "weights"},
        {"stored_heads": False},
    )
    for seed in range(8):
        case = _case(seed, dtype)
        wide = evaluate_gradients(case, SPEC, model).gradients
        for changes in narrower:
            less = evaluate_gradients(case, SPEC, model.replace(**changes)).gradients
            assert all((less[n][1] <= wide[n][1] * (1 + 1e-9)).all() for n in wide)


def test_who_knows_output_and_logsumexp_is_judged_more_sharply() -> None:
    case = ATTENTION_GRADIENT.case(
        ATTENTION_GRADIENT.recipe(
            "bfloat16", seed=3, lengths=(65, 65), width=64, value_width=64
        )
    )
    model = default_model("bfloat16").replace(delta="output", backward_weights="lse")
    own = evaluate_gradients(case, SPEC, model).gradients
    given = evaluate_gradients(saved(case), SPEC, model).gradients

    assert np.median(given["dk"][1]) < 0.25 * np.median(own["dk"][1])
    assert np.median(given["dk"][1]) < 0.06 * np.median(np.abs(given["dk"][0]))


def test_float16_is_lost_below_its_own_least_number() -> None:
    """A gradient of scores of 2^-30 is 0 in float16, and 1 times a query of 256."""
    shape = (1, 1, 1, 1)
    case = Case(
        {
            "query": np.full(shape, 256, np.float16),
            "key": np.zeros((1, 1, 2, 1), np.float16),
            "value": np.array([0.0, 2.0**-12], np.float16).reshape(1, 1, 2, 1),
            "d_output": np.full(shape, 2.0**-16, np.float16),
        },
        {},
        (),
        "float16",
    )
    exact = evaluate_gradients(case, SPEC, default_model("float16"))
    value, bound = exact.gradients["dk"]

    assert np.array_equal([-(2.0**-22), 2.0**-22], value.ravel())
    assert (bound >= np.abs(value)).all()


def test_a_gradient_that_may_overflow_is_named() -> None:
    shape = (1, 1, 1, 1)
    case = _long(1, 2).replace(
        query=np.ones(shape, np.float16),
        key=np.ones((1, 1, 2, 1), np.float16),
        value=np.array([[[[300.0], [-300.0]]]], np.float16),
        d_output=np.full(shape, 1000, np.float16),
    )
    exact = evaluate_gradients(case, SPEC, default_model("float16"))

    limit = "expected less than 6.45e+04 (float16)"
    assert exact.overflow is not None
    assert exact.overflow.startswith(f"gradients: {limit}, got")


@pytest.mark.parametrize("hidden", ["unseen", "dropped"])
def test_what_is_hidden_may_overflow_where_its_gradient_is_narrow(hidden: str) -> None:
    """A product of float16 is infinite there, and times a weight of zero no number."""
    shape = (1, 1, 1, 1)
    options = {
        "unseen": {"mask": np.array([[True, False]])},
        "dropped": {"kept": np.array([[[[2.0, 0.0]]]], np.float32)},
    }
    case = _long(1, 2).replace(
        query=np.ones(shape, np.float16),
        key=np.ones((1, 1, 2, 1), np.float16),
        value=np.array([[[[1.0], [4096.0]]]], np.float16),
        d_output=np.full(shape, 30, np.float16),
        **options[hidden],
    )
    model = PRESETS["flash-float16"]
    kept, formed_anew = (
        evaluate_gradients(case, SPEC, model.replace(backward_weights=words)).overflow
        for words in ("sum", "lse")
    )

    assert kept is not None
    assert formed_anew is None


def test_a_multiplier_of_two_numbers_is_no_dropout() -> None:
    case = _long(2, 2)
    kept = np.array([[1.0, 2.0], [0.0, 1.0]], np.float32)

    with pytest.raises(InvalidArgument, match="kept: expected 0 and one positive"):
        evaluate_gradients(case.replace(kept=kept), SPEC, FLOAT32)


def test_one_percent_more_is_seen_in_float32() -> None:
    case = _case(3)
    exact = evaluate_gradients(case, SPEC, FLOAT32)
    value, bound = exact.gradients["dv"]

    assert within(value, value, bound).holds
    assert not within(value, 1.01 * value, bound).holds
