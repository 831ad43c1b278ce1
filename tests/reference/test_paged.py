from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.reference import gather_pages, paged_attention
from tests.reference._sequences import Sequences, same, sequences

FILLS = st.sampled_from([0.0, 1e300, np.nan, np.inf])


def _paged(given: Sequences, page: int, fill: float, order: list[int]) -> Any:
    """Both pools, whose pages are taken in this order, the table and the lengths."""
    _, lengths = given.lengths
    counts = -(-lengths // page)
    table = np.full((len(lengths), counts.max() + 1), -1)
    shapes = (problem.shape for problem in given.problems[0].arrays[1:])
    pools = [np.full((len(order), page, n[1], n[3]), fill) for n in shapes]
    free = iter(order)
    for row, count, problem in zip(table, counts, given.problems, strict=True):
        for entry in range(count):
            row[entry] = next(free)
            for pool, array in zip(pools, problem.arrays[1:], strict=True):
                tokens = array[0, :, entry * page : (entry + 1) * page].swapaxes(0, 1)
                pool[row[entry], : len(tokens)] = tokens
    return *pools, table, lengths


@given(sequences(), st.integers(1, 5), FILLS, st.data())
def test_paged_sequences_are_answered_one_by_one(
    given: Sequences, page: int, fill: float, data: st.DataObject
) -> None:
    _, lengths = given.lengths
    pages = int((-(-lengths // page)).sum()) + data.draw(st.integers(0, 2))
    order = data.draw(st.permutations(range(pages)))
    in_pages = _paged(given, page, fill, list(order))

    for at, problem in enumerate(given.problems):
        # A call has as many queries for each sequence: here all have those of one.
        query = problem.arrays[0].swapaxes(1, 2).repeat(len(lengths), axis=0)
        output, lse = paged_attention(query, *in_pages, **given.options)
        expected, expected_lse, bound = given.alone[at]
        assert same(expected[0], output[at].swapaxes(0, 1), bound.output[0])
        assert same(expected_lse[0], lse[at], bound.lse[0])


@given(st.integers(1, 4), st.integers(0, 12), st.randoms(use_true_random=False))
def test_a_token_lies_in_a_slot_of_the_page_that_the_table_names(
    page: int, length: int, random: Any
) -> None:
    pages = np.arange(13.0 * page).reshape(13, page, 1, 1)
    table = np.array([random.sample(range(13), 12)])
    length = min(length, 12 * page)

    found = gather_pages(pages, table, np.array([length]))[0, :, 0, 0]

    for token in range(length):
        assert found[token] == pages[table[0, token // page], token % page, 0, 0]
    assert not found[length:].any()


@pytest.mark.parametrize(("length", "entry"), [(3, -1), (3, 2), (4, 9)])
def test_a_page_that_is_read_is_one_of_the_pool(length: int, entry: int) -> None:
    with pytest.raises(InvalidArgument, match="table: expected 0 to 1, got"):
        gather_pages(np.zeros((2, 2, 1, 1)), np.array([[0, entry]]), np.array([length]))


@pytest.mark.parametrize("length", [-1, 5])
def test_no_sequence_is_longer_than_its_pages(length: int) -> None:
    with pytest.raises(InvalidArgument, match="lengths: expected 0 to 4, got"):
        gather_pages(np.zeros((2, 2, 1, 1)), np.array([[0, 1]]), np.array([length]))


@pytest.mark.parametrize("shape", [(0, 2, 1, 1), (2, 0, 1, 1)])
def test_without_pages_or_slots_there_are_no_tokens(shape: tuple[int, ...]) -> None:
    query, pages = np.zeros((1, 1, 1, 1)), np.zeros(shape)

    table, lengths = np.array([[-1]]), np.array([0])
    output, lse = paged_attention(query, pages, pages, table, lengths)

    assert output.item() == 0.0
    assert np.isneginf(lse.item())
