from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import (
    CacheStep,
    attention_with_logsumexp,
    cache_attention,
    tokens_held,
)

SEQUENCES = 2


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """Steps that can be done, with two sequences."""
    steps, caches, used = [], [[0, 0], [0, 0]], 0
    for _ in range(draw(st.integers(1, 8))):
        what = draw(st.sampled_from(CacheStep))
        at = draw(st.integers(-1, SEQUENCES - 1))
        asked = range(SEQUENCES) if at < 0 else [at]
        there = min(caches[used][b] for b in asked)
        most = there if what == CacheStep.BACK else 3
        count = draw(st.integers(0, most))
        for b in asked:
            change = {CacheStep.APPEND: count, CacheStep.BACK: -count}.get(what, 0)
            caches[used][b] += change
            caches[used][b] *= what != CacheStep.RESET
        used ^= what == CacheStep.OTHER
        steps.append((int(what), count, at))
    return steps


def _come(steps: list[tuple[int, int, int]], what: CacheStep) -> int:
    return sum(count for word, count, _ in steps if word == what)


@given(histories())
def test_tokens_stand_as_in_lists_that_are_appended_to(
    steps: list[tuple[int, int, int]],
) -> None:
    lists: list[Any] = [[[], []], [[], []]]
    used = come = 0
    for (what, count, at), held in zip(
        steps, tokens_held(np.array(steps), SEQUENCES), strict=True
    ):
        if what == CacheStep.OTHER:
            used = 1 - used
        for b in range(SEQUENCES) if at < 0 else [at]:
            own = lists[used][b]
            if what == CacheStep.APPEND:
                own.extend(range(come, come + count))
            elif what == CacheStep.BACK:
                del own[len(own) - count :]
            elif what == CacheStep.RESET:
                own.clear()
        come += count * (what == CacheStep.APPEND)
        assert held == lists[used]


@given(histories(), st.sampled_from([{}, {"causal": True}]), st.integers(0, 99))
def test_each_answer_is_attention_to_the_tokens_that_stand(
    steps: list[tuple[int, int, int]], options: dict[str, Any], seed: int
) -> None:
    numbers = np.random.default_rng(seed)
    asked, come = (_come(steps, s) for s in (CacheStep.ATTEND, CacheStep.APPEND))
    shapes = (SEQUENCES, 2, asked, 3), (SEQUENCES, 1, come, 3), (SEQUENCES, 1, come, 2)
    query, key, value = (numbers.normal(size=shape) for shape in shapes)

    output, lse = cache_attention(query, key, value, np.array(steps), **options)

    start = 0
    for (what, count, at), held in zip(
        steps, tokens_held(np.array(steps), SEQUENCES), strict=True
    ):
        if what != CacheStep.ATTEND:
            continue
        rows = slice(start, start + count)
        for b in range(SEQUENCES):
            own = np.s_[b : b + 1, :, held[b]]
            arrays = query[b : b + 1, :, rows], key[own], value[own]
            expected = attention_with_logsumexp(*arrays, **options)
            if at not in (-1, b):
                expected = np.zeros((1, 2, count, 2)), np.full((1, 2, count), -np.inf)
            np.testing.assert_array_equal(output[b : b + 1, :, rows], expected[0])
            np.testing.assert_array_equal(lse[b : b + 1, :, rows], expected[1])
        start += count


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ((7, 1, -1), "steps: expected 0 to 4, got 7"),
        ((0, 1, 2), "steps: expected 0 to 2, got 3"),
        ((2, 1, -1), "steps: expected at most 0 tokens to go, got 1"),
        ((0, -2, -1), "steps: expected 0 or more, got -2"),
    ],
)
def test_a_step_that_cannot_be_done_is_refused(
    step: tuple[int, int, int], message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        tokens_held(np.array([step]), SEQUENCES)


@pytest.mark.parametrize(
    "steps",
    [
        [(0, 2, -1), (1, 1, -1)],
        [(0, 2, -1)],
        [(0, 2, -1), (2, 1, -1), (1, 1, -1)],
        [(0, 1, -1), (1, 1, -1), (1, 1, -1)],
    ],
)
def test_there_are_no_more_tokens_or_queries_than_come(
    steps: list[tuple[int, int, int]],
) -> None:
    x = np.zeros((1, 1, 1, 1))

    with pytest.raises(InvalidArgument, match="steps: expected 0 to 1, got 2"):
        cache_attention(x, x, x, np.array(steps))
