"""What two findings have in common, and when it is enough for one cause."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from attnspec.judge.likeness import Features, Likeness

LIKENESS = Likeness(several=("batch",), alike={"bias": "mask"})


def _wrong(has: Iterable[str], needs: Iterable[str] = ()) -> Features:
    return Features("wrong", dict.fromkeys(has, 1), frozenset(needs))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Features("wrong"), Features("wrong", {"mask": 1}), True),
        (Features("wrong"), _wrong(["mask"], ["mask"]), False),
        (_wrong(["mask"]), Features("wrong"), False),
        (Features("wrong"), Features("refused"), False),
        (
            Features("wrong", {"keys size": 65}),
            Features("wrong", {"keys size": 17}),
            False,
        ),
        (_wrong(["mask"]), _wrong(["mask", "sink"], ["mask", "sink"]), True),
        (_wrong(["mask"]), _wrong(["mask", "sink"], ["sink"]), False),
    ],
)
def test_a_finding_explains_what_needs_nothing_else_or_cannot_do_without(
    one: Features,
    other: Features,
    expected: bool,  # noqa: FBT001 - a parameter of a test
) -> None:
    assert one.explain(other) is expected


BATCH = "several batch"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (["mask", BATCH], ["bias", BATCH], True),
        (["mask"], ["bias"], False),
        (["causal", BATCH], ["window", BATCH], False),
        (["mask", BATCH], ["bias"], False),
        (["mask", "softcap"], ["bias", "softcap"], True),
        (["layout key", BATCH], ["layout key"], True),
        (["layout key"], ["layout value"], False),
    ],
)
def test_claims_that_are_alike_are_one_where_something_else_is_needed_in_common(
    one: list[str],
    other: list[str],
    expected: bool,  # noqa: FBT001 - a parameter of a test
) -> None:
    assert LIKENESS.is_one(_wrong(one, one), _wrong(other, other)) is expected


def test_a_number_that_is_wrong_and_a_call_that_is_refused_are_two() -> None:
    has, needs = {"mask": 1, BATCH: 1}, frozenset({"mask", BATCH})
    one, other = (Features(nature, has, needs) for nature in ("wrong", "refused"))

    assert LIKENESS.is_one(one, one)
    assert not LIKENESS.is_one(one, other)


def test_what_a_larger_size_needs_is_not_what_a_smaller_one_needs() -> None:
    needs = frozenset({"mask", BATCH})
    one = Features("wrong", {"mask": 1, BATCH: 1, "keys size": 65}, needs)
    other = Features("wrong", {"mask": 1, BATCH: 1}, needs)

    assert not LIKENESS.is_one(one, other)
    assert LIKENESS.is_one(other, one)
