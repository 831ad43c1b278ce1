from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import numpy as np
import pytest

from attnspec.conformance.memory import Block, SharedMemory
from attnspec.kinds.attention.laws import ATTENTION

SMALL = ATTENTION.case(ATTENTION.recipe(queries=2, keys=3, width=2, value_width=2))
LARGE = ATTENTION.case(ATTENTION.recipe(queries=2, keys=513, width=64, value_width=64))


@pytest.fixture
def memory() -> Iterator[SharedMemory]:
    memory = SharedMemory()
    yield memory
    memory.close()


def _changed(block: Block, memory: SharedMemory, offset: int) -> list[str]:
    block.receive(lambda buffer: memory.read_into(buffer, offset))
    return block.changed()


def test_what_was_written_can_be_read(memory: SharedMemory) -> None:
    block = Block()
    for case in (SMALL, LARGE, SMALL):
        block.lay(case)
        offset = memory.write(block.content)

        assert _changed(block, memory, offset) == []


def test_a_byte_that_was_changed_is_found_and_its_array_named(
    memory: SharedMemory,
) -> None:
    block = Block()
    block.lay(SMALL)
    offset = memory.write(block.content)
    start = block.starts["key"]

    for place in (start, start + block.placed["key"].buffer.nbytes - 1):
        before = os.pread(memory.descriptor, 1, offset + place)
        os.pwrite(memory.descriptor, bytes([before[0] ^ 1]), offset + place)
        found = _changed(block, memory, offset)
        os.pwrite(memory.descriptor, before, offset + place)

        assert found == ["key"]


def test_memory_that_was_cut_short_has_changed(memory: SharedMemory) -> None:
    block = Block()
    block.lay(SMALL)
    offset = memory.write(block.content)
    os.ftruncate(memory.descriptor, 0)

    found = _changed(block, memory, offset)

    assert found == ["query", "key", "value"]


def test_two_calls_in_a_row_have_places_of_their_own(memory: SharedMemory) -> None:
    block = Block()
    places = []
    for case in (SMALL, SMALL, SMALL, LARGE, LARGE):
        block.lay(case)
        start = memory.write(block.content)
        places.append(range(start, start + block.size))

    for one, other in itertools.pairwise(places):
        assert not set(one) & set(other)
    assert places[0] == places[2]


def test_nothing_of_this_process_is_sent_but_the_arrays() -> None:
    block = Block()
    block.lay(SMALL)
    sent = np.frombuffer(block.content, np.uint8).copy()
    for name, start in block.starts.items():
        sent[start : start + block.placed[name].buffer.nbytes] = 0

    assert not sent.any()
