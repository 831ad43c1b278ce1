"""The evaluator is the definition, however it goes about it."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from attnspec.exceptions import InvalidArgument
from attnspec.kinds.attention.bounds import evaluator
from attnspec.kinds.attention.bounds import seen_keys as _seen
from attnspec.kinds.attention.bounds.evaluator import Evaluation, evaluate
from attnspec.kinds.attention.bounds.problem import prepare
from attnspec.kinds.attention.build import build
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import SPEC, alignment_of, dialect_of
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.numerics import PRESETS, within
from attnspec.reference import attention_with_logsumexp
from tests.kinds.attention.bounds._problems import dialect, problem

FLOAT64, FLOAT32 = PRESETS["float64"], PRESETS["float32"]


def _agree(left: Evaluation, right: Evaluation, *, spare: float = 1.0) -> None:
    """Require two evaluations of one case to lie within the bound of either."""
    assert left.output_bound is not None
    assert left.lse_bound is not None
    assert within(left.output, right.output, left.output_bound * spare).holds
    assert within(left.lse, right.lse, left.lse_bound * spare).holds
    assert np.array_equal(left.visible, right.visible)


@pytest.mark.parametrize("seed", range(60))
def test_the_evaluator_is_the_definition(seed: int) -> None:
    """Both are float64, so they differ by rounding alone."""
    case, choices = problem(seed, "float32"), dialect(seed)
    exact = evaluate(case, choices, FLOAT64)
    output, lse = attention_with_logsumexp(
        case.query,
        case.key,
        case.value,
        alignment=alignment_of(choices),
        **case.options,
    )
    assert exact.output_bound is not None
    assert exact.lse_bound is not None

    assert within(output, exact.output, exact.output_bound).holds
    assert within(lse, exact.lse, exact.lse_bound).holds


@pytest.mark.parametrize("seed", range(20))
def test_chosen_rows_are_the_rows_of_the_whole(seed: int) -> None:
    """The rest of the queries has no influence."""
    case, choices = problem(seed, "float32"), dialect(seed)
    whole = evaluate(case, choices, FLOAT64)
    for rows in (slice(1, None), slice(0, 1), slice(2, 9, 3), slice(0, 0)):
        part = evaluate(case, choices, FLOAT64, rows=rows)
        assert whole.output_bound is not None
        bound_here = whole.output_bound[:, :, rows]

        assert within(whole.output[:, :, rows], part.output, bound_here).holds
        assert np.array_equal(whole.visible[:, :, rows], part.visible)


@pytest.mark.parametrize("together", [1, 100, 1000])
@pytest.mark.parametrize("name", ["float64", "float32", "naive-bfloat16"])
@pytest.mark.parametrize("seed", range(12))
def test_blocks_groups_of_heads_and_threads_change_nothing(
    seed: int, name: str, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way of a large case gives what the way of a small one does."""
    case, choices = problem(seed, "float32"), dialect(seed)
    small = evaluate(case, choices, PRESETS[name])
    monkeypatch.setattr(evaluator, "SMALL", 0)
    monkeypatch.setattr(_seen, "BLOCK", 3 * case.sizes.S)
    monkeypatch.setattr(_seen, "TOGETHER", together)
    large = evaluate(case, choices, PRESETS[name], threads=2)

    _agree(small, large)
    assert small.output_bound is not None
    assert large.output_bound is not None
    # Some bounds depend on what other queries of the block see.
    assert np.all(large.output_bound <= 2 * small.output_bound)
    assert np.all(small.output_bound <= 2 * large.output_bound)


@pytest.mark.parametrize("name", ["float64", "float32", "flash-bfloat16"])
@pytest.mark.parametrize("seed", range(20))
def test_a_bound_computed_in_float32_is_rounded_outward(
    seed: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is never less than the same bound computed in float64."""
    case, choices = problem(seed, "float32"), dialect(seed)
    double = evaluate(case, choices, PRESETS[name])
    monkeypatch.setattr(evaluator, "SINGLE", 0)
    single = evaluate(case, choices, PRESETS[name])
    assert double.output_bound is not None
    assert single.output_bound is not None
    assert double.lse_bound is not None
    assert single.lse_bound is not None

    rounded_up = 1 + 2.0**-20  # Both have this factor to spare.
    assert np.all(double.output_bound <= single.output_bound * rounded_up)
    assert np.all(double.lse_bound <= single.lse_bound * rounded_up)


def _empty_case(sink: float | None = None) -> AttentionCase:
    """Return a case with one row that sees a key and one that does not."""
    value = np.array([2.0, 6.0], np.float32).reshape(1, 1, 2, 1)
    given = None if sink is None else np.array([sink], np.float32)
    mask = np.array([[True, False], [False, False]])
    return AttentionCase.of(value, value, value, mask=mask, sink=given)


@pytest.mark.parametrize(
    ("choice", "answer"), [("zero", 0.0), ("nan", np.nan), ("mean", 4.0)]
)
def test_an_empty_row_has_the_value_of_the_dialect(choice: str, answer: float) -> None:
    """The other rows do not notice."""
    exact = evaluate(_empty_case(), dialect_of(empty_row=choice), FLOAT32)

    assert np.array_equal([2.0, answer], exact.output.ravel(), equal_nan=True)
    assert exact.visible.ravel().tolist() == [1, 0]


@pytest.mark.parametrize(
    ("choice", "answer"),
    [
        ("minus_infinity", -np.inf),
        ("plus_infinity", np.inf),
        ("nan", np.nan),
        ("finite", -1e4),
    ],
)
def test_an_empty_row_has_the_logsumexp_of_the_dialect(
    choice: str, answer: float
) -> None:
    """It is exact: its bound is zero."""
    exact = evaluate(_empty_case(), dialect_of(empty_lse=choice), FLOAT32)
    assert exact.lse_bound is not None

    assert np.array_equal(answer, exact.lse[0, 0, 1], equal_nan=True)
    assert exact.lse_bound[0, 0, 1] == 0.0


def test_an_empty_row_with_a_sink_is_zero_and_its_logsumexp_the_sink() -> None:
    """Whatever the dialect says of empty rows."""
    exact = evaluate(_empty_case(1.5), dialect_of(empty_row="nan", empty_lse="nan"))

    assert exact.output[0, 0, 1, 0] == 0.0
    assert exact.lse[0, 0, 1] == 1.5


def test_a_sink_of_minus_infinity_is_no_sink() -> None:
    """An empty row is empty again."""
    sunk, plain = _empty_case(-np.inf), _empty_case()
    choices = dialect_of(empty_row="mean")

    expected = evaluate(plain, choices, FLOAT32)
    actual = evaluate(sunk, choices, FLOAT32)

    assert np.array_equal(expected.output, actual.output)
    assert np.array_equal(expected.lse, actual.lse)


@pytest.mark.parametrize("shape", [(0, 1, 2), (1, 0, 2), (1, 2, 0), (2, 2, 2)])
@pytest.mark.parametrize("keys", [0, 3])
@pytest.mark.parametrize("width", [0, 2])
def test_axes_of_length_zero_work(
    shape: tuple[int, int, int], keys: int, width: int
) -> None:
    """Without keys the output is that of the dialect."""
    batch, heads, queries = shape
    query = np.ones((batch, heads, queries, width), np.float32)
    key = np.ones((batch, heads, keys, width), np.float32)
    case = AttentionCase.of(query, key, np.ones((batch, heads, keys, 2), np.float32))
    exact = evaluate(case, dialect_of(empty_keys="nan"), FLOAT32)
    answer = 1.0 if keys else np.nan

    assert exact.output.shape == (*shape, 2)
    assert np.array_equal(np.full((*shape, 2), answer), exact.output, equal_nan=True)


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf, 3e38])
@pytest.mark.parametrize("name", ["key", "value"])
def test_hidden_keys_and_values_have_no_influence(name: str, poison: float) -> None:
    """Not even NaN, nor on rows beside those that see it."""
    case = problem(0, "float32").replace(
        mask=None, bias=None, causal=False, window=None, sink=None
    )
    sizes = case.sizes
    mask = np.ones((sizes.L, sizes.S), np.bool_)
    mask[:-1, -1] = False  # Only the last query sees the last key.
    spoiled = {name: getattr(case, name).copy()}
    spoiled[name][:, :, -1, 0] = poison
    clean = evaluate(case.replace(mask=mask), SPEC, FLOAT64)
    actual = evaluate(case.replace(mask=mask, **spoiled), SPEC, FLOAT64)

    assert np.array_equal(clean.output[:, :, :-1], actual.output[:, :, :-1])
    assert clean.output_bound is not None
    assert actual.output_bound is not None
    # A bound may be computed by another route, but not grow beyond use.
    assert np.all(actual.output_bound[:, :, :-1] <= 2 * clean.output_bound[:, :, :-1])
    if name == "value" and not np.isfinite(poison):
        worst = actual.output[:, :, -1, 0]
        assert np.array_equal(np.full_like(worst, poison), worst, equal_nan=True)


def test_memory_grows_at_most_linearly() -> None:
    """Four times as many queries and keys take at most four times the memory."""
    peaks = []
    for length in (1024, 4096):
        query = np.ones((1, 1, length, 4), np.float32)
        case = AttentionCase.of(query, query, query)
        tracemalloc.start()
        evaluate(case, SPEC, FLOAT32, threads=1)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] <= 4 * peaks[0]


@pytest.mark.parametrize(
    ("batch", "heads", "groups"), [(257, 257, 2), (1, 65_537, 4), (2000, 33, 4)]
)
def test_many_key_heads_are_evaluated_in_few_groups(
    batch: int, heads: int, groups: int
) -> None:
    """Each head is what it is alone, and a group holds no more than it must."""
    fields = {"query_heads": heads, "key_heads": heads, "queries": 1, "keys": 3}
    case = build(ATTENTION.recipe(batch=batch, width=2, **fields))
    whole = evaluate(case, SPEC, FLOAT32)
    cut = _seen.head_groups(prepare(case, SPEC, slice(None)))
    for b, h in ((0, 0), (batch - 1, heads - 1), (batch // 2, heads // 3)):
        here = (slice(b, b + 1), slice(h, h + 1))
        alone = evaluate(
            AttentionCase.of(case.query[here], case.key[here], case.value[here]),
            SPEC,
            FLOAT64,
        )
        assert alone.output_bound is not None
        assert within(alone.output, whole.output[here], alone.output_bound).holds

    assert np.all(whole.visible == 3)
    assert groups <= len(cut) <= 64


def test_without_a_model_there_is_no_bound() -> None:
    assert evaluate(problem(1, "float32"), SPEC).output_bound is None


def test_heads_that_cannot_be_shared_are_rejected() -> None:
    """Query heads are a multiple of key heads."""
    query, key = np.ones((1, 3, 2, 2)), np.ones((1, 2, 2, 2))

    with pytest.raises(InvalidArgument, match="query: expected a multiple of 2 heads"):
        evaluate(AttentionCase.of(query, key, key))


def test_no_threads_are_rejected() -> None:
    """At least one has to do the work."""
    with pytest.raises(InvalidArgument, match="threads: expected at least 1, got 0"):
        evaluate(problem(1, "float32"), threads=0)
