"""What is tracked contains what a computation in the working format really does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.judge.bits import normals
from attnspec.numerics import default_model
from attnspec.numerics.tracked import Tracked, judged

MODEL = default_model("float32")
F32 = npt.NDArray[np.float32]


def _work(array: Any) -> F32:
    return np.asarray(array, np.float32)


STEPS: dict[str, tuple[Callable[..., Tracked], Callable[..., Any]]] = {
    "add": (lambda x, y: x + y, lambda x, y: x + y),
    "subtract": (lambda x, y: x - y, lambda x, y: x - y),
    "multiply": (lambda x, y: x * y, lambda x, y: x * y),
    "divide": (lambda x, y: x / (y * y + 1.0), lambda x, y: x / (y * y + _work(1.0))),
    "negate": (lambda x, _: -x, lambda x, _: -x),
    "product": (
        lambda x, y: x @ y.swapaxes(0, 1) @ y,
        lambda x, y: x @ y.T @ y,
    ),
    "sum": (
        lambda x, y: (x * y).sum(0),
        lambda x, y: np.add.accumulate(x * y, axis=0)[-1],
    ),
    "exp": (lambda x, y: (x + y).exp(), lambda x, y: np.exp(x + y)),
    "log": (
        lambda x, y: ((x + y).exp() + 1.0).log(),
        lambda x, y: np.log(np.exp(x + y) + _work(1.0)),
    ),
    "tanh": (lambda x, y: (x * y).tanh(), lambda x, y: np.tanh(x * y)),
    "cosine": (lambda x, y: (x * y).cosine(), lambda x, y: np.cos(x * y)),
    "sine": (lambda x, y: (x * y).sine(), lambda x, y: np.sin(x * y)),
    "root": (
        lambda x, y: (x * x + y * y).sqrt(),
        lambda x, y: np.sqrt(x * x + y * y),
    ),
    "maximum": (lambda x, y: (x + y).maximum(x), lambda x, y: np.maximum(x + y, x)),
    "part": (lambda x, y: (x * y)[1:, ::2], lambda x, y: (x * y)[1:, ::2]),
    "where": (
        lambda x, y: (x * y).where(np.eye(5, 4) > 0, y),
        lambda x, y: np.where(np.eye(5, 4) > 0, x * y, y),
    ),
    "chain": (
        lambda x, y: ((x * y).exp() / (x * x + 1.0) - y).tanh() @ y.swapaxes(0, 1),
        lambda x, y: np.tanh(np.exp(x * y) / (x * x + _work(1.0)) - y) @ y.T,
    ),
}


def _pair(seed: int, scale: float) -> tuple[F32, F32]:
    shape = (5, 4)
    return _work(scale * normals(seed, "x", shape)), _work(normals(seed, "y", shape))


@pytest.mark.parametrize("step", STEPS)
@given(seed=st.integers(0, 2**16), scale=st.sampled_from([1e-3, 1.0, 3.0]))
def test_the_bound_holds_for_what_float32_does(
    step: str, seed: int, scale: float
) -> None:
    tracked, computed = STEPS[step]
    x, y = _pair(seed, scale)

    found = tracked(Tracked.of(x, MODEL), Tracked.of(y, MODEL))
    actual = np.asarray(computed(x, y), np.float32)

    assert actual.shape == found.value.shape
    room = found.error * (1.0 + 2.0**-20)  # float64 rounds the bound, too.
    assert (np.abs(actual - found.value) <= room).all()


@pytest.mark.parametrize("step", STEPS)
def test_the_bound_is_of_the_size_of_float32(step: str) -> None:
    """A bound that is always kept but a thousand times too wide would hide mistakes."""
    x, y = _pair(0, 1.0)
    tracked, _ = STEPS[step]

    bound = judged(tracked(Tracked.of(x, MODEL), Tracked.of(y, MODEL)), MODEL)

    size = np.abs(bound.output).max() + 1.0
    assert bound.bound.max() <= 2.0**-15 * size


def test_a_divisor_that_may_be_zero_has_no_bound() -> None:
    x = Tracked.of([1.0], MODEL)
    nothing = x * 0.1 - x.like([0.1 - 1e-12])

    assert np.isinf((x / nothing).error).all()


@pytest.mark.filterwarnings("error")
def test_nothing_is_promised_of_zero_times_what_has_no_bound() -> None:
    x = Tracked.of([1.0], MODEL)
    nothing = x * 0.1 - x.like([0.1 - 1e-12])

    assert np.isnan((x / nothing * 0.0).error).all()


def test_the_logarithm_of_what_may_be_zero_has_no_bound() -> None:
    small = Tracked.of(np.array([0.5]), MODEL).exp() - np.exp(0.5)

    assert small.log().error == np.inf


def test_a_narrow_output_adds_its_rounding() -> None:
    x = Tracked.of([1.0 + 2.0**-10], MODEL)

    narrow = judged(x, default_model("bfloat16"))
    wide = judged(x, MODEL)

    assert narrow.bound.item() > 2.0**-9 > wide.bound.item()


def test_float64_pays_for_its_own_evaluation() -> None:
    model = default_model("float64")
    x = Tracked.of([3.0], model)

    assert judged(x * x, model).bound.item() >= 2.0 * 9.0 * 2.0**-53
