from __future__ import annotations

from collections.abc import Callable, Iterator

from hypothesis import given

from attnspec.judge.recipe import Recipe
from attnspec.judge.shrink import shrink
from attnspec.judge.table import Table
from attnspec.kinds.attention.laws import ATTENTION
from tests.judge._attention import ALL, options, recipes

TABLE = ATTENTION.table
ANY = recipes()


def _fitting(recipe: Recipe) -> Iterator[Recipe]:
    return (TABLE.within(candidate, ALL) for candidate in TABLE.simpler(recipe))


def _shrunk(
    recipe: Recipe,
    fails: Callable[[Recipe], bool],
    attempts: int = 200,
) -> Recipe:
    return shrink(recipe, fails, _fitting, TABLE.weight, attempts=attempts)


@given(ANY)
def test_what_always_fails_shrinks_to_the_smallest_recipe(
    recipe: Recipe,
) -> None:
    found = _shrunk(recipe, lambda _: True, attempts=500)

    assert options(found) == ()
    assert found["layouts"] == ()
    names = ("batch", "query_heads", "queries", "width")
    assert [found[name] for name in names] == [1, 1, 1, 1]


@given(ANY)
def test_the_result_fails_too(recipe: Recipe) -> None:
    def fails(candidate: Recipe) -> bool:
        return candidate["keys"] >= recipe["keys"] // 2

    assert fails(_shrunk(recipe, fails))


def test_a_bug_at_one_length_keeps_its_length() -> None:
    recipe = ATTENTION.recipe(
        batch=3, query_heads=6, key_heads=2, queries=17, keys=193, width=64,
        causal=True, mask="holes", scores="peaked", softcap=2.0, seed=5,
    )  # fmt: skip

    found = _shrunk(recipe, lambda r: r["keys"] % 64 == 1 and r["keys"] > 1)

    assert found["keys"] % 64 == 1
    assert found["keys"] <= 193
    assert options(found) == ()
    assert (found["batch"], found["query_heads"], found["queries"]) == (1, 1, 1)


def test_the_option_that_matters_stays() -> None:
    recipe = ATTENTION.recipe(
        queries=9, keys=9, causal=True, window=(5, 3), mask="sparse"
    )

    found = _shrunk(recipe, lambda r: r["window"] is not None)

    assert options(found) == ("window",)
    assert found["window"] == (0, 0)


def test_the_attempts_are_limited() -> None:
    calls = []

    def fails(candidate: Recipe) -> bool:
        calls.append(candidate)
        return False

    _shrunk(ATTENTION.recipe(queries=64, keys=65, width=32), fails, attempts=5)

    assert len(calls) <= 6


def test_the_estimated_time_is_limited() -> None:
    calls = []

    def fails(candidate: Recipe) -> bool:
        calls.append(candidate)
        return False

    recipe = ATTENTION.recipe(queries=64, keys=65, width=32)
    shrink(
        recipe, fails, _fitting, TABLE.weight, attempts=200, cost=lambda _: 2, budget=9
    )

    assert len(calls) == 5


def test_the_same_failure_shrinks_the_same_way() -> None:
    recipe = ATTENTION.recipe(
        batch=2, queries=33, keys=65, width=16, causal=True, seed=3
    )

    one, two = (_shrunk(recipe, lambda r: r["keys"] > 8) for _ in range(2))

    assert one == two


STEPS = (("put", 3), ("put", 17), ("take", 2, -1), ("put", 5), ("see",), ("put", 9))
HISTORIES = Table({"history": ((("see",),), STEPS)}, steps=("history",))


def _shortest(fails: Callable[[tuple[tuple[object, ...], ...]], bool]) -> object:
    recipe = HISTORIES.recipe("kind", "float32", history=STEPS)
    found = shrink(
        recipe,
        lambda candidate: fails(candidate["history"]),
        HISTORIES.simpler,
        HISTORIES.weight,
        attempts=200,
    )
    return found["history"]


def test_steps_that_matter_stay_and_others_are_left_out() -> None:
    def fails(steps: tuple[tuple[object, ...], ...]) -> bool:
        words = [word for word, *_ in steps]
        return "take" in words and "see" in words[words.index("take") :]

    assert _shortest(fails) == (("take", 1, -1), ("see",))


def test_the_number_of_a_step_shrinks_as_a_size_does() -> None:
    found = _shortest(lambda steps: any(n > 8 for s in steps for n in s[1:]))  # type: ignore[operator]

    assert found == (("put", 9),)
