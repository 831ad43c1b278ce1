"""One mistake has one headline, two have two, and nothing else is blamed."""

from __future__ import annotations

import pytest

from attnspec.conformance import judge
from attnspec.conformance.call import InProcess
from attnspec.conformance.inputs import read_token
from attnspec.judge.likeness import Features
from attnspec.judge.verdicts import Cause, Report, Verdict
from attnspec.rogues import ROGUES
from benchmarks.causes import pairs, report_of, with_both


def _headlines(report: Report) -> list[str]:
    return [cause.headline.invariant for cause in report.causes]


@pytest.mark.parametrize(
    ("rogue", "headline"),
    [
        ("bias-scaled", "bias-added"),
        ("causal-one-more", "causal-support"),
        ("window-left-wider", "window-support"),
        ("sink-as-number", "sink-mass"),
        ("heads-tiled", "grouped-heads"),
        ("lse-of-base-two", "lse-agreement"),
    ],
)
def test_one_mistake_has_one_headline(rogue: str, headline: str) -> None:
    report = report_of(ROGUES[rogue], "smoke", 0)

    assert _headlines(report) == [headline]


@pytest.mark.parametrize("pair", pairs()[:3], ids="+".join)
def test_two_mistakes_have_two_headlines(pair: tuple[str, str]) -> None:
    report = report_of(with_both(*pair), "smoke", 0)

    assert len(report.causes) == 2


def test_a_law_that_compares_two_wrong_calls_is_held_back() -> None:
    report = report_of(ROGUES["bias-scaled"], "smoke", 0)

    verdicts = {o.invariant: o.verdict for o in report.outcomes}
    assert verdicts["history"] is Verdict.HELD_BACK
    assert verdicts["scale-default"] is Verdict.HELD_BACK


def test_by_itself_such_a_law_fails() -> None:
    kernel = ROGUES["bias-scaled"].fresh()

    report = judge(
        InProcess(kernel.function),
        kernel.description,
        only=["scale-default"],
        tier="smoke",
    )

    assert _headlines(report) == ["scale-default"]
    assert not report.conforms


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Features("wrong"), Features("wrong", {"mask": 1}), True),
        (Features("wrong"), Features("wrong", {"mask": 1}, frozenset({"mask"})), False),
        (Features("wrong", {"mask": 1}), Features("wrong"), False),
        (Features("wrong"), Features("refused"), False),
        (
            Features("wrong", {"keys size": 65}),
            Features("wrong", {"keys size": 17}),
            False,
        ),
        (
            Features("wrong", {"mask": 1}, signs=frozenset({"empty row"})),
            Features("wrong", {"causal": 1}, signs=frozenset({"empty row"})),
            True,
        ),
    ],
)
def test_a_finding_explains_what_needs_nothing_else(
    one: Features,
    other: Features,
    expected: bool,  # noqa: FBT001 - a parameter of a test
) -> None:
    assert one.explain(other) is expected


def test_every_finding_belongs_to_one_cause() -> None:
    report = report_of(ROGUES["mask-polarity"], "smoke", 0)

    def members(cause: Cause) -> list[str]:
        return [o.invariant for o in (cause.headline, *cause.others)]

    found = [name for cause in report.causes for name in members(cause)]
    assert sorted(found) == sorted(o.invariant for o in report.outcomes if o.finding)


def test_what_is_held_back_has_a_token_that_can_be_read() -> None:
    report = report_of(ROGUES["bias-scaled"], "smoke", 0)

    held = [o.finding for o in report.outcomes if o.held_back and o.finding]
    read = [read_token(finding.token).law.id for finding in held]
    assert read == [finding.invariant for finding in held]
    assert "history" in read
