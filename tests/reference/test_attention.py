from __future__ import annotations

import math
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.reference import (
    attention,
    attention_weights,
    attention_with_logsumexp,
    masks,
    repeat_kv,
    softmax,
    visible_keys,
    weighted_sum,
)
from tests.reference._bounds import UNIT, bounds, gamma
from tests.reference._problems import OPTIONS, Array, Problem, generators, problems

POSITIONAL = ("causal", "window", "alignment")
BARE = tuple(name for name in OPTIONS if name != "sink")


def solve(problem: Problem, **changes: Any) -> Array:
    return attention(*problem.arrays, **(problem.options | changes))


def plain_row(problem: Problem, place: tuple[int, int, int]) -> list[float]:
    """Answer one query in plain Python, key by key, as the formula says."""
    options, (batch, head, _) = problem.options, place
    _, heads, length, keys = problem.grid
    shared = head // (heads // problem.key.shape[1])
    query = problem.query[place]
    key, value = problem.key[batch, shared], problem.value[batch, shared]
    scale = options.get("scale")
    if scale is None:
        scale = 1.0 / math.sqrt(query.size or 1)
    bias = np.broadcast_to(options.get("bias", 0.0), problem.grid)[place]
    flags = {n: v for n, v in options.items() if n in ("mask", "bias", *POSITIONAL)}
    seen = np.broadcast_to(visible_keys(length, keys, **flags), problem.grid)[place]
    terms = {}
    for j in np.flatnonzero(seen):
        score = scale * math.fsum(query * key[j])
        if "softcap" in options:
            score = options["softcap"] * math.tanh(score / options["softcap"])
        terms[j] = score + bias[j]
    sink = options["sink"][head] if "sink" in options else -math.inf
    peak = max([sink, *terms.values()])
    if peak == -math.inf:
        return [0.0] * value.shape[1]
    total = math.fsum([math.exp(s - peak) for s in [sink, *terms.values()]])
    weights = {j: math.exp(s - peak) / total for j, s in terms.items()}
    return [
        math.fsum(weights[j] * value[j, e] for j in terms)
        for e in range(value.shape[1])
    ]


@given(problems(*OPTIONS))
def test_matrix_form_is_the_vector_by_vector_form(problem: Problem) -> None:
    places = np.ndindex(*problem.grid[:3])
    shape = *problem.grid[:3], problem.value.shape[3]
    expected = np.reshape([plain_row(problem, place) for place in places], shape)

    assert (np.abs(expected - solve(problem)) <= 2.0 * bounds(problem).output).all()


@given(problems(grouped=False))
def test_row_convention_is_the_column_convention(problem: Problem) -> None:
    """With vectors as columns: A = K^T Q, softmax of columns, O = V A'."""
    query, key, value = (x.swapaxes(2, 3) for x in problem.arrays)
    scores = key.swapaxes(2, 3) @ query
    weights = softmax(scores.swapaxes(2, 3)).swapaxes(2, 3)
    actual = attention(*problem.arrays, scale=1.0)
    scaled = Problem(*problem.arrays, {"scale": 1.0})

    error = np.abs((value @ weights).swapaxes(2, 3) - actual)
    assert (error <= 2.0 * bounds(scaled).output).all()


@given(problems(*OPTIONS))
def test_output_and_weights_belong_together(problem: Problem) -> None:
    weights = attention_weights(problem.query, problem.key, **problem.options)
    groups = problem.grid[1] // problem.key.shape[1]
    expected = weighted_sum(weights, repeat_kv(problem.value, groups))
    output, _ = attention_with_logsumexp(*problem.arrays, **problem.options)

    assert np.array_equal(expected, output)
    assert np.array_equal(output, solve(problem))


@given(problems(*OPTIONS))
def test_weights_are_a_share_of_one_at_most(problem: Problem) -> None:
    weights = attention_weights(problem.query, problem.key, **problem.options)

    assert (weights >= 0.0).all()
    assert (weights.sum(axis=-1) <= 1.0 + gamma(2 * weights.shape[-1] + 2)).all()


@given(problems(*OPTIONS, low=1), generators())
def test_hidden_keys_and_values_have_no_influence(
    problem: Problem, rng: np.random.Generator
) -> None:
    """One key is hidden from all queries; then it may be anything, NaN too."""
    hidden = rng.integers(problem.grid[3])
    mask = np.arange(problem.grid[3]) != hidden
    mask = mask & problem.options.get("mask", np.ones((), dtype=bool))
    key, value = problem.key.copy(), problem.value.copy()
    key[:, :, hidden] = rng.choice([np.nan, np.inf, -np.inf, 1e308])
    value[:, :, hidden] = rng.choice([np.nan, np.inf, -np.inf, 1e308])
    poisoned = Problem(problem.query, key, value, problem.options)

    assert np.array_equal(solve(problem, mask=mask), solve(poisoned, mask=mask))


@given(problems(*POSITIONAL, "mask", low=1), generators())
def test_a_value_that_one_query_sees_does_not_reach_the_others(
    problem: Problem, rng: np.random.Generator
) -> None:
    flags = problem.options
    seen = np.broadcast_to(visible_keys(*problem.grid[2:], **flags), problem.grid)
    chosen = rng.integers(problem.grid[3])
    value = problem.value.copy()
    value[:, :, chosen] = np.nan
    actual = solve(Problem(problem.query, problem.key, value, flags))

    assert np.array_equal(seen[..., chosen], np.isnan(actual).all(axis=-1))
    assert np.array_equal(
        np.where(seen[..., chosen, None], 0.0, solve(problem)),
        np.where(np.isnan(actual), 0.0, actual),
    )


@given(problems("scale", "softcap", "sink", low=1), st.integers(1, 20), generators())
def test_padding_changes_nothing(
    problem: Problem, more: int, rng: np.random.Generator
) -> None:
    """Zero terms are added; only the order of the sums may differ."""
    batch, heads, keys, _ = problem.key.shape
    extra = rng.normal(size=(batch, heads, more, 1))
    key, value = (
        np.concatenate([x, np.broadcast_to(extra, (*extra.shape[:3], x.shape[3]))], 2)
        for x in (problem.key, problem.value)
    )
    mask = masks.padding(np.full(batch, keys), keys + more)
    padded = Problem(problem.query, key, value, problem.options | {"mask": mask})
    error = np.abs(solve(problem) - solve(padded))

    assert (error <= bounds(problem).output + bounds(padded).output).all()


@given(problems("scale", "softcap", "sink", low=1), generators())
def test_the_order_of_keys_does_not_matter(
    problem: Problem, rng: np.random.Generator
) -> None:
    order = rng.permutation(problem.grid[3])
    key, value = problem.key[:, :, order], problem.value[:, :, order]
    actual = solve(Problem(problem.query, key, value, problem.options))

    assert (np.abs(solve(problem) - actual) <= 2.0 * bounds(problem).output).all()


@given(problems("scale", "softcap", "sink", low=1), generators())
def test_answers_follow_the_order_of_queries(
    problem: Problem, rng: np.random.Generator
) -> None:
    order = rng.permutation(problem.grid[2])
    query = problem.query[:, :, order]
    expected = solve(problem)[:, :, order]
    actual = solve(Problem(query, problem.key, problem.value, problem.options))
    bound = bounds(problem).output[:, :, order]

    assert (np.abs(expected - actual) <= 2.0 * bound).all()


@given(problems("scale", low=1), generators())
def test_self_attention_is_equivariant_to_permutations(
    problem: Problem, rng: np.random.Generator
) -> None:
    x = problem.key
    order = rng.permutation(x.shape[2])
    whole = Problem(x, x, x, problem.options)
    y = x[:, :, order]
    moved = Problem(y, y, y, problem.options)
    bound = 2.0 * bounds(whole).output[:, :, order]

    assert (np.abs(solve(whole)[:, :, order] - solve(moved)) <= bound).all()


@given(problems("scale", "softcap", "sink", low=1))
def test_equal_queries_get_equal_answers(problem: Problem) -> None:
    """Plain attention can't tell two equal words apart, wherever they stand."""
    query = np.repeat(problem.query[:, :, :1], 2, axis=2)
    actual = solve(Problem(query, problem.key, problem.value, problem.options))

    assert np.array_equal(actual[:, :, 0], actual[:, :, 1])


@given(problems(*BARE, low=1))
def test_answers_lie_in_the_hull_of_visible_values(problem: Problem) -> None:
    names = ("mask", "bias", *POSITIONAL)
    flags = {n: v for n, v in problem.options.items() if n in names}
    seen = np.broadcast_to(visible_keys(*problem.grid[2:], **flags), problem.grid)
    groups = problem.grid[1] // problem.key.shape[1]
    shape = *problem.grid, problem.value.shape[3]
    values = np.broadcast_to(repeat_kv(problem.value, groups)[:, :, None], shape)
    some = np.asarray(seen.any(axis=-1))[..., None]
    low = np.min(values, axis=3, where=seen[..., None], initial=np.inf)
    high = np.max(values, axis=3, where=seen[..., None], initial=-np.inf)
    actual, bound = solve(problem), bounds(problem).output

    assert (np.where(some, low, 0.0) - bound <= actual).all()
    assert (actual <= np.where(some, high, 0.0) + bound).all()


@given(problems(*OPTIONS), st.integers(-9, 9))
def test_answers_are_homogeneous_in_the_values(problem: Problem, power: int) -> None:
    value = -(2.0**power) * problem.value
    actual = solve(Problem(problem.query, problem.key, value, problem.options))

    assert np.array_equal(-(2.0**power) * solve(problem), actual)


@given(problems(*OPTIONS), generators())
def test_answers_are_additive_in_the_values(
    problem: Problem, rng: np.random.Generator
) -> None:
    """The sum of two values is itself rounded, which costs one unit of it."""
    more = rng.normal(size=problem.value.shape)
    terms = [
        Problem(problem.query, problem.key, value, problem.options)
        for value in (problem.value, more, problem.value + more)
    ]
    first, second, both = (solve(term) for term in terms)
    bound = sum(bounds(term).output for term in terms)
    bound = (
        bound
        + UNIT * (np.abs(problem.value) + np.abs(more)).sum(2).max(1)[:, None, None]
    )

    assert (np.abs(first + second - both) <= bound + UNIT * np.abs(both)).all()


@given(problems("mask", *POSITIONAL, low=1))
def test_equal_scores_give_the_mean_of_the_visible_values(problem: Problem) -> None:
    flags = problem.options
    seen = np.broadcast_to(visible_keys(*problem.grid[2:], **flags), problem.grid)
    groups = problem.grid[1] // problem.key.shape[1]
    total = seen.astype(float) @ repeat_kv(problem.value, groups)
    expected = total / np.maximum(seen.sum(axis=-1), 1)[..., None]
    actual = solve(problem, scale=0.0)
    flat = Problem(*problem.arrays, flags | {"scale": 0.0})

    assert (np.abs(expected - actual) <= 2.0 * bounds(flat).output).all()


@given(problems(low=1, grouped=False), generators())
def test_a_huge_margin_copies_one_value(
    problem: Problem, rng: np.random.Generator
) -> None:
    chosen = rng.integers(problem.grid[3], size=problem.grid[2])
    bias = np.where(np.arange(problem.grid[3]) == chosen[:, None], 1e4, 0.0)

    assert np.array_equal(problem.value[:, :, chosen], solve(problem, bias=bias))


@given(problems(*OPTIONS), st.integers(-5, 5))
def test_scale_folds_into_the_query(problem: Problem, power: int) -> None:
    query = 2.0**power * problem.query
    expected = solve(problem, scale=2.0**power)
    folded = Problem(query, problem.key, problem.value, problem.options)

    assert np.array_equal(expected, solve(folded, scale=1.0))


@given(problems("causal", "window", "alignment", "mask", "bias"))
def test_every_restriction_is_a_mask(problem: Problem) -> None:
    mask = visible_keys(*problem.grid[2:], **problem.options)
    bias = problem.options.get("bias", np.zeros(()))
    finite = np.where(np.isneginf(bias), 0.0, bias)

    expected = attention(*problem.arrays, mask=mask, bias=finite)
    assert np.array_equal(expected, solve(problem))


@given(problems("scale", "softcap", "mask", "sink"))
def test_a_bias_of_minus_infinity_is_a_mask(problem: Problem) -> None:
    mask = problem.options.pop("mask", np.ones((), dtype=bool))
    bias = np.where(mask, 0.0, -np.inf)

    assert np.array_equal(solve(problem, mask=mask), solve(problem, bias=bias))


@given(problems(*OPTIONS))
def test_grouped_heads_are_repeated_heads(problem: Problem) -> None:
    groups = problem.grid[1] // problem.key.shape[1]
    key, value = (repeat_kv(x, groups) for x in (problem.key, problem.value))
    spread = Problem(problem.query, key, value, problem.options)

    assert np.array_equal(solve(spread), solve(problem))


@given(problems("mask", "bias", "scale"))
def test_a_softcap_without_end_is_none(problem: Problem) -> None:
    """At 2^200 the capped score is the score: tanh(x) = x in float64."""
    assert np.array_equal(solve(problem), solve(problem, softcap=2.0**200))


@given(problems("mask", "bias", "scale", "softcap"))
def test_a_sink_of_minus_infinity_is_none(problem: Problem) -> None:
    sink = np.full(problem.grid[1], -np.inf)

    assert np.array_equal(solve(problem), solve(problem, sink=sink))


@given(problems(*BARE), generators())
def test_a_sink_shrinks_the_answer_by_its_share(
    problem: Problem, rng: np.random.Generator
) -> None:
    sink = {"sink": 4.0 * rng.normal(size=problem.grid[1])}
    shared = Problem(*problem.arrays, problem.options | sink)
    output, lse = attention_with_logsumexp(*problem.arrays, **problem.options)
    _, total = attention_with_logsumexp(*shared.arrays, **shared.options)
    size = np.where(np.isneginf(lse), 0.0, np.abs(lse)) + np.abs(total)
    moved = bounds(shared).lse + bounds(problem).lse + UNIT * (size + 8.0)
    slack = np.expm1(moved)[..., None] * np.abs(output)
    bound = bounds(problem).output + bounds(shared).output + slack
    expected = np.exp(lse - total)[..., None] * output

    assert (np.abs(expected - solve(shared)) <= bound).all()


@pytest.mark.parametrize("axis", ["batch", "query", "key", "width", "value width"])
def test_any_axis_may_be_empty(axis: str) -> None:
    size = dict.fromkeys(["batch", "query", "key", "width", "value width"], 2)
    size[axis] = 0
    query = np.ones((size["batch"], 2, size["query"], size["width"]))
    key = np.ones((size["batch"], 2, size["key"], size["width"]))
    value = np.ones((size["batch"], 2, size["key"], size["value width"]))
    shape = size["batch"], 2, size["query"], size["value width"]
    expected = np.full(shape, 0.0 if axis == "key" else 1.0)

    assert np.array_equal(expected, attention(query, key, value, causal=False))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, ml_dtypes.bfloat16])
def test_narrow_inputs_are_taken_as_the_numbers_they_are(dtype: Any) -> None:
    rng = np.random.default_rng(0)
    narrow = [rng.normal(size=(1, 2, 5, 3)).astype(dtype) for _ in range(3)]
    expected = attention(*(x.astype(np.float64) for x in narrow), causal=True)
    actual = attention(*narrow, causal=True)

    assert np.float64 == actual.dtype
    assert np.array_equal(expected, actual)
