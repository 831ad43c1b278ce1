"""The bounds: no right kernel leaves them, and small faults do."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from attnspec.kinds.attention.bounds.admissible import admissible
from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import SPEC
from attnspec.numerics import PRESETS, NumericModel, relaxations, within
from tests.kinds.attention.bounds._kernels import Kernel
from tests.kinds.attention.bounds._problems import dialect, problem

HALF, BRAIN = np.float16, ml_dtypes.bfloat16

SPLIT = {"splits": True, "block": 1}

SUBJECTS: list[tuple[str, Kernel, NumericModel]] = [
    ("float64", Kernel(np.float64), PRESETS["float64"]),
    ("float64", Kernel(np.float64, tile=16), PRESETS["float64"]),
    ("float32", Kernel(), PRESETS["float32"]),
    ("float32", Kernel(tile=16), PRESETS["float32"]),
    ("float32", Kernel(tile=16, is_base_two=True), PRESETS["float32"]),
    ("float32", Kernel(splits=4), PRESETS["float32"].replace(**SPLIT)),
    ("float16", Kernel(), PRESETS["upcast-float16"]),
    ("float16", Kernel(tile=16, weights=HALF), PRESETS["flash-float16"]),
    (
        "float16",
        Kernel(tile=16, weights=HALF, is_in_sum=True),
        PRESETS["flash-float16"].replace(weights_in_sum="yes"),
    ),
    (
        "float16",
        Kernel(tile=16, weights=HALF, prescale=HALF),
        PRESETS["flash-float16"].replace(prescale="float16"),
    ),
    (
        "float16",
        Kernel(weights=HALF, scores=HALF, is_early=True),
        PRESETS["naive-float16"],
    ),
    ("bfloat16", Kernel(), PRESETS["upcast-bfloat16"]),
    ("bfloat16", Kernel(tile=16, weights=BRAIN), PRESETS["flash-bfloat16"]),
    (
        "bfloat16",
        Kernel(weights=BRAIN, scores=BRAIN, prescale=BRAIN, is_early=True),
        PRESETS["naive-bfloat16"],
    ),
]
IDS = [f"{model.name}-{number}" for number, (_, _, model) in enumerate(SUBJECTS)]


@pytest.mark.parametrize(("dtype", "kernel", "model"), SUBJECTS, ids=IDS)
def test_right_kernels_stay_within_the_bounds_of_their_model(
    dtype: str, kernel: Kernel, model: NumericModel
) -> None:
    """Whatever the data, the options and the order of summation."""
    for seed in range(120):
        case, choices = problem(seed, dtype), dialect(seed)
        if admissible(case, choices, model) is not None:
            continue
        exact = evaluate(case, choices, model)
        result = kernel(case, choices)
        assert exact.output_bound is not None
        assert exact.lse_bound is not None

        output = within(exact.output, result.output, exact.output_bound)
        lse = within(exact.lse, result.others["lse"], exact.lse_bound, what="lse")

        assert output.holds, (seed, output)
        assert lse.holds, (seed, lse)


@pytest.mark.parametrize("fault", [3e-3, 1e-3])
def test_a_small_relative_fault_of_the_weights_is_outside_the_float32_bound(
    fault: float,
) -> None:
    """What a tolerance of 1e-2 or 1e-3 would let pass."""
    exposed = 0
    for seed in range(0, 100, 10):  # Normal numbers.
        case = problem(seed, "float32").replace(scale=None, softcap=None)
        exact = evaluate(case, dialect(seed), PRESETS["float32"])
        result = Kernel(fault=fault)(case, dialect(seed))
        assert exact.output_bound is not None
        alone = exact.visible.max() < 2
        judged = within(exact.output, result.output, exact.output_bound)
        exposed += alone or not judged.holds

    assert exposed == 10


def test_the_logsumexp_sees_faults_below_the_rounding_of_the_output() -> None:
    """An error of 1e-3 in weights of a bfloat16 kernel shows in float32 sums."""
    model = PRESETS["flash-bfloat16"]
    case = problem(20, "bfloat16").replace(softcap=None, sink=None)
    exact = evaluate(case, SPEC, model)
    result = Kernel(weights=BRAIN, fault=1e-3)(case, SPEC)
    assert exact.lse_bound is not None

    judged = within(exact.lse, result.others["lse"], exact.lse_bound)

    assert not judged.holds


def _bounds(case: AttentionCase, model: NumericModel) -> tuple[np.ndarray, np.ndarray]:
    """Return both bounds."""
    exact = evaluate(case, SPEC, model)
    assert exact.output_bound is not None
    assert exact.lse_bound is not None
    return exact.output_bound, exact.lse_bound


@pytest.mark.parametrize("name", ["float64", "float32", "flash-bfloat16"])
def test_relaxations_never_shrink_a_bound(name: str) -> None:
    """Each allows the kernel more than the model did."""
    model = PRESETS[name]
    case = problem(3, "float32")
    output, lse = _bounds(case, model)

    for words, relaxed in relaxations(model):
        wider_output, wider_lse = _bounds(case, relaxed)

        # A bound computed by another route may differ in its last digits.
        assert np.all(output <= wider_output * (1 + 2.0**-7)), words
        assert np.all(lse <= wider_lse * (1 + 2.0**-7)), words


def test_a_shared_offset_of_the_values_adds_only_its_rounding() -> None:
    """Errors of weights cancel where all values are equal."""
    case = problem(0, "float32").replace(softcap=None, scale=None)
    same = case.replace(value=np.full_like(case.value, 7.0), sink=None)
    exact = evaluate(same, SPEC, PRESETS["flash-bfloat16"])
    sums = (case.sizes.S + 10) * 2.0**-24 + 2.0**-8  # The rounding of P.
    assert exact.output_bound is not None

    largest = float(exact.output_bound.max())

    assert largest <= 7.0 * (2 * sums + 2.0**-7)


def test_prescaling_is_free_when_the_scale_is_a_power_of_two() -> None:
    """Multiplication with it rounds nothing."""
    model = PRESETS["flash-bfloat16"]
    case = problem(0, "bfloat16")
    exact, rounded = case.replace(scale=0.125), case.replace(scale=0.3)
    scaled = model.replace(prescale="bfloat16")

    assert np.array_equal(_bounds(exact, model)[1], _bounds(exact, scaled)[1])
    assert np.any(_bounds(rounded, model)[1] < _bounds(rounded, scaled)[1])


def test_huge_hidden_values_cost_nothing() -> None:
    """A bound knows only what a query sees."""
    case = problem(0, "float32").replace(
        mask=None, bias=None, causal=False, window=None, softcap=None
    )
    mask = np.ones((1, case.sizes.S), np.bool_)
    mask[0, -1] = False
    poisoned = case.replace(mask=mask, key=case.key.copy(), value=case.value.copy())
    poisoned.key[:, :, -1] = poisoned.value[:, :, -1] = 1e30

    expected = _bounds(case.replace(mask=mask), PRESETS["float32"])
    actual = _bounds(poisoned, PRESETS["float32"])

    for clean, other in zip(expected, actual, strict=True):
        assert np.all(other <= clean * (1 + 2.0**-7))
