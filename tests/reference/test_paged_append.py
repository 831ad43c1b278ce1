from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import append_to_pages, gather_pages, new_slots

ROOM = 12
"""Tokens for which each of three sequences has pages."""


@st.composite
def _calls(draw: st.DrawFn) -> tuple[Any, ...]:
    page = draw(st.sampled_from([1, 2, 3, 4, 6, 12]))
    width = ROOM // page
    order = draw(st.permutations(range(3 * width + 1)))[: 3 * width]
    lengths = np.array(draw(st.tuples(*[st.integers(0, 8)] * 3)))
    counts = np.array(draw(st.tuples(*[st.integers(0, 4)] * 3)))
    pools = np.arange(2.0 * (3 * width + 1) * page).reshape(2, -1, page, 1, 1)
    new = -1.0 - np.arange(24.0).reshape(2, 3, 4, 1, 1)
    return new, pools, np.reshape(order, (3, width)), lengths, counts


def _after(call: tuple[Any, ...]) -> tuple[Any, Any]:
    (key, value), (key_pages, value_pages), table, lengths, counts = call
    pages = key_pages, value_pages, table, lengths
    return append_to_pages(key, value, *pages, counts=counts)


@given(_calls())
def test_new_tokens_are_read_behind_the_old_ones(call: tuple[Any, ...]) -> None:
    new, pools, table, lengths, counts = call

    after = _after(call)

    for tokens, pool, found in zip(new, pools, after, strict=True):
        before = gather_pages(pool, table, lengths)
        read = gather_pages(found, table, lengths + counts)
        for b, (old, more) in enumerate(zip(lengths, counts, strict=True)):
            expected = [*before[b, :old].ravel(), *tokens[b, :more].ravel()]
            assert read[b, : old + more].ravel().tolist() == expected
        assert (found != pool).sum() == counts.sum()


@given(_calls())
def test_a_slot_is_a_place_in_the_pool(call: tuple[Any, ...]) -> None:
    new, pools, table, lengths, counts = call

    slots = new_slots(table, lengths, counts, pools.shape[2])
    _, after = _after(call)

    flat = after.ravel()
    for b, row in enumerate(slots):
        assert (row >= 0).sum() == counts[b]
        assert flat[row[row >= 0]].tolist() == new[1, b, : counts[b]].ravel().tolist()


def _at(table: list[list[int]], lengths: list[int]) -> tuple[Any, Any]:
    return np.array(table), np.array(lengths)


def test_all_tokens_are_appended_unless_counts_say_less() -> None:
    pages, new = np.zeros((1, 3, 1, 1)), np.ones((1, 2, 1, 1))

    after, _ = append_to_pages(new, new, pages, pages, *_at([[0]], [1]))

    assert after.ravel().tolist() == [0.0, 1.0, 1.0]
    assert not pages.any()


@pytest.mark.parametrize(
    ("table", "lengths", "message"),
    [
        ([[0], [1]], [1, 2], "lengths: expected 0 to 2, got 3"),
        ([[0], [2]], [1, 1], "table: expected 0 to 1, got 2"),
        ([[1], [1]], [1, 1], "table: expected a slot of its own"),
        ([[0], [-1]], [1, 1], "table: expected 0 or more, got -1"),
    ],
)
def test_every_token_has_a_slot_of_its_own(
    table: Any, lengths: Any, message: str
) -> None:
    pages, new = np.zeros((2, 2, 1, 1)), np.ones((2, 1, 1, 1))

    with pytest.raises(InvalidArgument, match=message):
        append_to_pages(new, new, pages, pages, *_at(table, lengths))


def test_a_count_is_no_more_than_there_are_tokens() -> None:
    pages, new = np.zeros((2, 2, 1, 1)), np.ones((1, 1, 1, 1))

    with pytest.raises(InvalidArgument, match="counts: expected 0 to 1, got 2"):
        append_to_pages(new, new, pages, pages, *_at([[0]], [0]), counts=np.array([2]))
