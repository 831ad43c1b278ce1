from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from attnspec.conformance import (
    Deviation,
    Implementation,
    Verdict,
    check_implementation,
    load_deviations,
)
from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.kinds.attention.laws import ATTENTION
from tests.conformance import _kernels

PINNED = ATTENTION.recipe(queries=1, keys=65, width=1, value_width=1, scores="uniform")


def _deviation(**changes: Any) -> Deviation:
    fields: dict[str, Any] = {
        "id": "tail",
        "invariants": ("tail-sweep",),
        "reason": "the last key is lost where S = 1 (mod 64)",
        "when": {"keys": [65, 129, 257]},
        "pinned": PINNED,
    }
    return Deviation(**{**fields, **changes})


def _verdict(kernel: Any, deviation: Deviation) -> tuple[Verdict, str]:
    implementation = Implementation.of(kernel, deviations=(deviation,))
    report = check_implementation(implementation, only=["tail-sweep"])
    return report.outcomes[0].verdict, report.outcomes[0].reason


def test_a_known_failure_is_a_deviation() -> None:
    assert _verdict(_kernels.tail, _deviation()) == (Verdict.DEVIATION, "")


def test_a_deviation_whose_pinned_case_passes_is_stale() -> None:
    verdict, reason = _verdict(_kernels.right, _deviation())

    assert verdict is Verdict.STALE
    assert reason == "deviation 'tail': its pinned case passes"


def test_a_failure_outside_the_condition_is_a_failure() -> None:
    narrow = _deviation(when={"keys": 65})

    assert _verdict(_kernels.tail, narrow)[0] is Verdict.FAILED


def test_an_expired_deviation_covers_nothing() -> None:
    expired = _deviation(expires=dt.date(2020, 1, 1))

    assert _verdict(_kernels.tail, expired) == (
        Verdict.FAILED,
        "deviation 'tail' expired on 2020-01-01",
    )


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"invariants": ()}, InvalidArgument, "expected at least one id"),
        (
            {"invariants": ("tails",)},
            UnknownName,
            "no invariant of attention has the id 'tails'",
        ),
        ({"when": {"key": 1}}, UnknownName, "unknown trait 'key'"),
        ({"when": {"keys": 9}}, InvalidArgument, "the pinned case does not have"),
    ],
)
def test_a_deviation_that_cannot_be_is_refused(
    changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"deviation 'tail': .*{message}"):
        Implementation.of(_kernels.right, deviations=(_deviation(**changes),))


FILE = """
[[deviation]]
id = "tail"
invariants = ["tail-sweep"]
reason = "the last key is lost where S = 1 (mod 64)"
link = "https://example.org/1"
expires = 2030-01-01
when = { keys = [65, 129, 257] }
pinned = { fields = { keys = 65, scores = "uniform" } }
"""


def test_deviations_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "deviations.toml"
    file.write_text(FILE)

    (found,) = load_deviations(file)

    assert found.pinned == PINNED
    assert found.expires == dt.date(2030, 1, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[deviation]", "is no TOML"),
        ("[deviations]", "unknown key 'deviations'"),
        ("[[deviation]]\nid = 'x'", "'invariants' is missing"),
        (FILE + "colour = 'red'\n", "unknown key 'colour'"),
        (
            FILE.replace("2030-01-01", "2030-01-01T00:00:00"),
            "expires: expected a day",
        ),
        (
            FILE.replace('["tail-sweep"]', "[[1]]"),
            r"invariants\[0\]: expected one line of",
        ),
        (
            FILE.replace('id = "tail"', "id = 3"),
            "id: expected one line of printable text",
        ),
        ("deviation = 3", r"expected tables \[\[deviation\]\]"),
        (FILE.replace("when = {", "when = 3 # {"), "when: expected a table"),
        (FILE.replace("2030-01-01", "'soon'"), "expires: expected a day"),
    ],
)
def test_a_file_that_cannot_be_read_is_explained(
    text: str, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "deviations.toml"
    file.write_text(text)

    with pytest.raises(InvalidArgument, match=message):
        load_deviations(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"none\.toml cannot be read"):
        load_deviations(tmp_path / "none.toml")
