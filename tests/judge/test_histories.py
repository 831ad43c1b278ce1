from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import InvalidArgument
from attnspec.judge.histories import length, shorter
from attnspec.judge.shrink import shrink
from attnspec.judge.written import check_values
from attnspec.kinds.serving.cached import CACHED

STEPS = st.tuples(st.sampled_from(["append", "back"]), st.integers(1, 9))
HISTORIES = st.lists(STEPS, max_size=6).map(tuple)


@given(HISTORIES)
def test_what_is_shorter_is_easier_to_read(
    history: tuple[tuple[str, int], ...],
) -> None:
    assert all(length(other) < length(history) for other in shorter(history))


@given(HISTORIES)
def test_any_step_may_be_left_out(history: tuple[tuple[str, int], ...]) -> None:
    found = [*shorter(history)]

    for at in range(len(history)):
        assert history[:at] + history[at + 1 :] in found


def test_the_shortest_history_that_fails_is_found() -> None:
    steps = (("append", 3), ("attend", 1), ("back", 2), ("append", 2), ("move", 1))
    recipe = CACHED.recipe(steps=steps)

    def goes_back_and_on(words: list[str]) -> bool:
        return "back" in words and "append" in words[words.index("back") :]

    found = shrink(
        recipe,
        lambda each: goes_back_and_on([word for word, _ in each["steps"]]),
        CACHED.table.simpler,
        CACHED.table.weight,
        attempts=200,
    )

    assert found["steps"] == (("back", 1), ("append", 1))


def test_a_history_that_somebody_wrote_has_any_number_of_steps() -> None:
    check_values(CACHED.recipe(steps=(("append", 7),) * 9), CACHED)
    check_values(CACHED.recipe(steps=()), CACHED)

    with pytest.raises(InvalidArgument, match="steps: expected one like"):
        check_values(CACHED.recipe(steps=(("erase", 1),)), CACHED)
    with pytest.raises(InvalidArgument, match="steps: expected one like"):
        check_values(CACHED.recipe(steps=(("append", -1),)), CACHED)
