"""Models of a formula: what its operations store, and what the bound makes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.judge.bits import normals
from attnspec.kinds.registry import KINDS
from attnspec.numerics import PRESETS, default_model
from attnspec.numerics.dtypes import numpy_dtype
from attnspec.numerics.operations import OPERATIONS, WITH_TABLES
from attnspec.numerics.relaxations import narrower
from attnspec.numerics.tracked import Tracked, gamma
from tests.numerics.test_tracked import STEPS

HALVES = ("float16", "bfloat16")


class Stored:
    """Numbers of 16 bits: each operation computes in float32 and stores its result."""

    __array_priority__ = 1000

    def __init__(self, numbers: Any, dtype: str) -> None:
        self.dtype = dtype
        narrow = np.asarray(numbers, np.float32).astype(numpy_dtype(dtype))
        self.numbers = narrow.astype(np.float32)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **how: Any) -> Any:
        plain = [i.numbers if isinstance(i, Stored) else np.float32(i) for i in inputs]
        return Stored(getattr(ufunc, method)(*plain, **how), self.dtype)

    def _with(self, ufunc: Any, *others: Any) -> Any:
        return ufunc(self, *others)

    def __add__(self, other: Any) -> Any:
        return self._with(np.add, other)

    def __sub__(self, other: Any) -> Any:
        return self._with(np.subtract, other)

    def __mul__(self, other: Any) -> Any:
        return self._with(np.multiply, other)

    def __truediv__(self, other: Any) -> Any:
        return self._with(np.divide, other)

    def __matmul__(self, other: Any) -> Any:
        return self._with(np.matmul, other)

    def __neg__(self) -> Any:
        return self._with(np.negative)

    def __getitem__(self, index: Any) -> Stored:
        return Stored(self.numbers[index], self.dtype)

    @property
    def T(self) -> Stored:  # noqa: N802 - as NumPy calls it
        return Stored(self.numbers.T, self.dtype)


# `np.where` reads no ufunc.
_ELEMENTWISE = [step for step in STEPS if step != "where"]


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("step", _ELEMENTWISE)
@given(seed=st.integers(0, 2**16), scale=st.sampled_from([1e-3, 0.5]))
def test_the_bound_holds_for_operations_one_by_one(
    step: str, dtype: str, seed: int, scale: float
) -> None:
    tracked, computed = STEPS[step]
    model = OPERATIONS[f"eager-{dtype}"]
    x, y = (
        Stored(size * normals(seed, name, (5, 4)), dtype)
        for name, size in (("x", scale), ("y", 1.0))
    )

    found = tracked(Tracked.of(x.numbers, model), Tracked.of(y.numbers, model))
    actual = computed(x, y).numbers

    room = found.error * (1.0 + 2.0**-20)  # float64 rounds the bound, too.
    assert (np.abs(actual - found.value) <= room).all()


@pytest.mark.parametrize("dtype", HALVES)
def test_a_long_sum_stays_in_float32_and_is_stored_once(dtype: str) -> None:
    ones = Tracked.of(np.ones(1024), OPERATIONS[f"eager-{dtype}"])
    unit = 2.0**-11 if dtype == "float16" else 2.0**-8

    assert 1024 * unit <= ones.sum().error.item() < 1024 * unit * 1.5


def test_what_is_within_an_operation_is_not_stored() -> None:
    x = Tracked.of([3.0], OPERATIONS["eager-bfloat16"])

    assert (x * x).error.item() > 9.0 * 2.0**-8
    assert (x.within() * x).error.item() < 9.0 * 2.0**-22
    assert x.within().kept().error.item() == 0.0


def test_as_many_roundings_as_a_format_has_digits_leave_nothing_known() -> None:
    model = default_model("float32").replace(softmax="bfloat16", accumulator="bfloat16")
    many = Tracked.of([1.0, 0.0], model).rounding(256.0)

    assert np.isinf(many.error[0])
    assert many.error[1] < 1e-30
    assert np.isinf(gamma(256.0, 2.0**-8))


def test_the_default_model_of_every_format_has_a_name_in_every_kind() -> None:
    for kind in KINDS.values():
        for dtype in ("float32", "float64", *HALVES):
            assert default_model(dtype).name in kind.models


def test_a_name_means_the_same_model_wherever_it_is_one() -> None:
    shared = set(PRESETS) & set(WITH_TABLES)

    assert {name: PRESETS[name] for name in shared} == {
        n: WITH_TABLES[n] for n in shared
    }
    assert all(name == model.name for name, model in WITH_TABLES.items())


def test_weaker_models_of_a_formula_go_from_mild_to_wild() -> None:
    model = default_model("float32")
    found = narrower(model, tables=True)
    bounds = [
        _of_a_turn(relaxed) for words, relaxed in found if words.endswith(" bfloat16")
    ]

    assert [words for words, _ in found if "cosines" in words] == [
        f"cosines and sines are stored in {dtype}" for dtype in HALVES
    ]
    assert len(bounds) == 4
    assert bounds == sorted(bounds)
    assert not any("cosines" in word for word, _ in narrower(model))


def _of_a_turn(model: Any) -> float:
    """The bound of a function of one pair that is turned far."""
    kind = KINDS["rope"]
    case = kind.case(kind.recipe(length=3, width=4, positions="offset", data="normal"))
    return float(kind.judge(case, kind.default(), model).bound.max())


@pytest.mark.parametrize("dtype", HALVES)
def test_a_function_of_one_16_bit_format_is_never_said_to_compute_in_the_other(
    dtype: str,
) -> None:
    found = narrower(default_model(dtype), tables=True)

    assert {words.split()[-1] for words, _ in found} == {dtype}
    assert len(found) == 3
