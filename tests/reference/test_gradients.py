from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    Gradients,
    attention,
    attention_backward,
    attention_jacobian,
    attention_vjp,
    attention_weights,
    attention_with_logsumexp,
    repeat_kv,
    visible_keys,
)
from tests.reference._bounds import gamma
from tests.reference._derivatives import derivatives
from tests.reference._gradients import Pulled, gradient_bound
from tests.reference._problems import OPTIONS, Array, Problem, generators, problems

NAMES = Gradients._fields


@st.composite
def pulled(draw: st.DrawFn, *options: str, low: int = 0) -> Pulled:
    """Problems with cotangents, and dropout in some of them."""
    problem, rng = draw(problems(*options, low=low)), draw(generators())
    shape = (*problem.grid[:3], problem.value.shape[3])
    share = draw(st.sampled_from([0.0, 0.25, 0.5]))
    kept = np.where(rng.random(problem.grid) < share, 0.0, 1.0 / (1.0 - share))
    d_lse = rng.normal(size=shape[:3]) * draw(st.sampled_from([0.0, 1.0]))
    return Pulled(problem, rng.normal(size=shape), d_lse, kept)


def _cut(pulled: Pulled, most: int = 2) -> Pulled:
    """The same with few queries and keys, and with masks and biases to match."""
    problem = pulled.problem
    _, _, length, keys = problem.grid
    length, keys = min(length, most), min(keys, most)

    def fitted(array: Any) -> Any:
        if np.ndim(array) < 1:
            return array
        array = array[..., : keys if array.shape[-1] > 1 else 1]
        rows = array.ndim > 1 and array.shape[-2] > 1
        return array[..., :length, :] if rows else array

    options = {
        n: fitted(v) if n in ("mask", "bias") else v for n, v in problem.options.items()
    }
    small = Problem(
        problem.query[:, :, :length],
        problem.key[:, :, :keys],
        problem.value[:, :, :keys],
        options,
    )
    rows = slice(None), slice(None), slice(length)
    kept = pulled.kept[rows][..., :keys]
    return Pulled(small, pulled.d_output[rows], pulled.d_lse[rows], kept)


def _assert_near(
    expected: dict[str, Array], found: dict[str, Array], case: Pulled
) -> None:
    bound = gradient_bound(case)
    assert expected.keys() == found.keys()
    for name, array in expected.items():
        assert array.shape == found[name].shape
        assert (np.abs(array - found[name]) <= bound[name]).all(), name


@given(pulled(*OPTIONS, low=1))
def test_gradients_are_the_derivatives_to_60_digits(case: Pulled) -> None:
    small = _cut(case)
    expected = derivatives(small.problem, small.d_output, small.d_lse, small.kept)

    _assert_near(expected, small.vjp(), small)


@given(pulled("mask", "causal", "scale", "alignment", low=1))
def test_each_value_has_an_equal_share_of_a_mean(case: Pulled) -> None:
    small = _cut(case)
    given_ = small.d_output, small.d_lse, small.kept
    expected = derivatives(small.problem, *given_, empty_row="mean")
    found = small.vjp(empty_row="mean")

    _, _, length, keys = small.problem.grid
    flags = {n: v for n, v in small.problem.options.items() if n != "scale"}
    empty = ~visible_keys(length, keys, **flags).any(axis=-1)
    empty = np.broadcast_to(empty, small.problem.grid[:3])
    rows = np.where(empty[..., None], np.abs(small.d_output), 0.0)
    shares = np.where(empty[..., None], small.kept, 0.0) / keys
    of_means = shares.swapaxes(2, 3) @ rows
    shape = small.problem.value.shape
    of_means = of_means.reshape(*shape[:2], -1, *shape[2:]).sum(2)
    bound = gradient_bound(small)
    bound["dv"] = bound["dv"] + gamma(60) * of_means
    for name in NAMES[:3]:
        assert (np.abs(expected[name] - found[name]) <= bound[name]).all()
    assert not found["dq"][empty].any()


@given(pulled(*OPTIONS))
def test_the_backward_pass_of_exact_results_is_the_vjp(case: Pulled) -> None:
    problem = case.problem
    output, lse = attention_with_logsumexp(*problem.arrays, **problem.options)
    kept = np.ones(problem.grid)
    found = attention_backward(
        *(case.d_output, *problem.arrays, output, lse),
        d_lse=case.d_lse,
        **problem.options,
    )

    for name, array in case.vjp(kept=kept).items():
        assert np.array_equal(array, getattr(found, name))


@given(pulled("scale", "mask", "causal", low=1), generators())
def test_the_output_is_linear_in_the_values_and_so_is_a_finite_difference(
    case: Pulled, rng: np.random.Generator
) -> None:
    problem = case.problem
    moved = rng.integers(-2, 3, size=problem.value.shape).astype(np.float64)
    whole = np.rint(4.0 * problem.value)
    there = attention(problem.query, problem.key, whole + moved, **problem.options)
    here = attention(problem.query, problem.key, whole, **problem.options)
    expected = (case.d_output * (there - here)).sum()
    case = dataclasses.replace(case, kept=np.ones(problem.grid))
    actual = (case.vjp()["dv"] * moved).sum()

    weights = attention_weights(problem.query, problem.key, **problem.options)
    groups = problem.grid[1] // problem.key.shape[1]
    size = (
        np.abs(case.d_output) * (weights @ repeat_kv(np.abs(whole) + 2, groups))
    ).sum()
    limit = 2.0 * gradient_bound(case)["dv"].sum()
    limit += gamma(80 + 2 * whole.size) * 3.0 * size
    assert abs(expected - actual) <= limit


@given(generators(), st.integers(1, 6))
def test_it_is_the_transpose_of_the_jacobian(
    rng: np.random.Generator, length: int
) -> None:
    query, key, value, d_output = rng.normal(size=(4, length, 2))
    by_query, by_key, by_value = attention_jacobian(query, key, value)
    arrays = query[None, None], key[None, None], value[None, None]
    d_lse, kept = np.zeros((1, 1, length)), np.ones((1, 1, length, length))
    case = Pulled(Problem(*arrays, {}), d_output[None, None], d_lse, kept)
    expected = {
        "dq": np.einsum("ijve,iv->je", by_query, d_output)[None, None],
        "dk": np.einsum("ijve,iv->je", by_key, d_output)[None, None],
        "dv": (by_value.T @ d_output)[None, None],
    }

    _assert_near(expected, case.vjp(), case)


@given(pulled(*OPTIONS, low=1), generators())
def test_what_no_query_sees_has_a_gradient_of_zero_and_no_influence(
    case: Pulled, rng: np.random.Generator
) -> None:
    problem = case.problem
    hidden = rng.integers(problem.grid[3])
    mask = np.arange(problem.grid[3]) != hidden
    mask = mask & problem.options.get("mask", np.ones((), dtype=bool))
    options = problem.options | {"mask": mask}
    key, value = problem.key.copy(), problem.value.copy()
    key[:, :, hidden] = rng.choice([np.nan, np.inf, 1e308])
    value[:, :, hidden] = rng.choice([np.nan, -np.inf, 1e308])
    plain = dataclasses.replace(case, problem=Problem(*problem.arrays, options))
    poisoned = Problem(problem.query, key, value, options)
    found = dataclasses.replace(case, problem=poisoned).vjp()

    for name, array in plain.vjp().items():
        assert np.array_equal(array, found[name])
    assert not found["dk"][:, :, hidden].any()
    assert not found["dv"][:, :, hidden].any()


@given(pulled("mask", "bias", "causal", "window", "softcap", low=1))
def test_a_row_of_scores_and_its_sink_take_what_the_logsumexp_gives(
    case: Pulled,
) -> None:
    """sum_j ds_ij = dlse_i: a shift of all scores moves the logsumexp alone."""
    rng = np.random.default_rng(0)
    problem = case.problem
    bias = np.broadcast_to(problem.options.get("bias", 0.0), problem.grid).copy()
    options = problem.options | {"bias": bias, "sink": rng.normal(size=problem.grid[1])}
    options.pop("window", None)
    case = dataclasses.replace(case, problem=Problem(*problem.arrays, options))
    found = case.vjp()
    actual = found["dbias"].sum(axis=(0, 2, 3)) + found["dsink"]
    expected = case.d_lse.sum(axis=(0, 2))

    count = 4.0 * np.prod(problem.grid)
    limit = count * gradient_bound(case)["dbias"] + gradient_bound(case)["dsink"]
    assert (np.abs(expected - actual) <= limit).all()


def test_the_gradient_of_a_mask_by_bias_is_zero_there() -> None:
    one, bias = np.ones((1, 1, 2, 1)), np.array([[0.0, -np.inf], [0.0, 0.0]])
    found = attention_vjp(one, one, np.array([[[[0.0], [8.0]]]]), one, bias=bias)

    assert np.array_equal([[0.0, 0.0], [-2.0, 2.0]], np.asarray(found.dbias).round(12))


def test_an_empty_row_gives_its_cotangent_to_the_sink() -> None:
    one = np.ones((1, 1, 1, 1))
    mask, d_lse = np.zeros((1, 1), dtype=bool), np.array([[[3.0]]])
    found = attention_vjp(one, one, one, one, d_lse=d_lse, mask=mask, sink=np.zeros(1))

    assert np.array_equal([3.0], np.asarray(found.dsink))
    assert not any(a.any() for a in (found.dq, found.dk, found.dv))


def test_a_sink_of_minus_infinity_has_no_gradient() -> None:
    one = np.ones((1, 1, 1, 1))
    mask = np.zeros((1, 1), dtype=bool)
    found = attention_vjp(one, one, one, one, mask=mask, sink=np.array([-np.inf]))

    assert np.array_equal([0.0], np.asarray(found.dsink))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("d_lse", np.zeros((1, 1, 2)), r"d_lse: expected shape \(1, 1, 1\)"),
        ("kept", np.zeros(2), "kept: expected a shape that broadcasts"),
        ("empty_row", "ones", "empty_row: expected 'zero' or 'mean', got 'ones'"),
    ],
)
def test_what_does_not_fit_is_named(name: str, value: Any, said: str) -> None:
    one = np.ones((1, 1, 1, 1))

    with pytest.raises(InvalidArgument, match=said):
        attention_vjp(one, one, one, one, **{name: value})


def test_a_cotangent_of_another_shape_is_named() -> None:
    one = np.ones((1, 1, 1, 1))

    with pytest.raises(InvalidArgument, match="d_output: expected shape"):
        attention_vjp(one, one, one, np.ones((1, 1, 1, 2)))
    with pytest.raises(InvalidArgument, match="lse: expected shape"):
        attention_backward(one, one, one, one, one, np.zeros((1, 1, 2)))


@pytest.mark.parametrize("empty_row", ["zero", "mean"])
def test_without_keys_there_is_nothing_to_ask_of(empty_row: Any) -> None:
    query, none = np.ones((1, 1, 2, 3)), np.ones((1, 1, 0, 3))
    found = attention_vjp(query, none, none, query, empty_row=empty_row)

    assert not found.dq.any()
    assert found.dk.shape == found.dv.shape == none.shape
