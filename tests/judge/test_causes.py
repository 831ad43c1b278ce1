"""One mistake has one headline, two have two, and nothing else is blamed."""

from __future__ import annotations

import functools

import pytest

from attnspec.conformance import judge
from attnspec.conformance.call import InProcess
from attnspec.conformance.inputs import read_token
from attnspec.judge.verdicts import Cause, Report, Verdict
from attnspec.rogues import ROGUES
from benchmarks.causes import pairs, report_of, with_both
from tests._in_ci import share

pytestmark = [pytest.mark.slow, pytest.mark.once]


@functools.cache
def _report(*ids: str) -> Report:
    """Return the report of a rogue, or of a kernel with the mistakes of two."""
    return report_of(ROGUES[ids[0]] if len(ids) == 1 else with_both(*ids), "smoke", 0)


def _headlines(report: Report) -> list[str]:
    return [cause.headline.invariant for cause in report.causes]


@pytest.mark.parametrize(
    ("rogue", "headline"),
    share(
        [
            ("bias-scaled", "bias-added"),
            ("window-left-wider", "window-support"),
            ("causal-one-more", "causal-support"),
            ("sink-as-number", "sink-mass"),
            ("lse-of-base-two", "lse-agreement"),
            ("heads-tiled", "grouped-heads"),
        ],
        3,
    ),
)
def test_one_mistake_has_one_headline(rogue: str, headline: str) -> None:
    report = _report(rogue)

    assert _headlines(report) == [headline]


@pytest.mark.parametrize(
    ("rogue", "words"),
    [
        # What they give is no number that bfloat16 would have stored.
        ("placed-attention-ignored", ""),
        ("multi-head-normed", ""),
        ("shaw-unscaled", ""),
        ("softmax-epsilon", ""),
        # What these give is.
        ("alibi-bfloat16", "the output is rounded to bfloat16"),
        ("rope-one-by-one", "each operation stores its result in bfloat16"),
    ],
)
def test_precision_is_blamed_where_every_output_is_of_its_format(
    rogue: str, words: str
) -> None:
    (cause,) = _report(rogue).causes

    assert (cause.relaxation or "") == words


@pytest.mark.parametrize("pair", share(pairs()[:3], 3), ids="+".join)
def test_two_mistakes_have_two_headlines(pair: tuple[str, str]) -> None:
    report = _report(*pair)

    assert len(report.causes) == 2


def test_a_law_that_compares_two_wrong_calls_is_held_back() -> None:
    report = _report("bias-scaled")

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
    ("rogue", "headline"),
    share(
        [
            # A mask and a bias are read by the same code.
            ("mask-of-next-head", "exact-gather"),
            # Whatever hides a key, it is wrong that it counts.
            ("exp-never-zero", "exact-gather"),
            # What several heads need, all their findings need.
            ("heads-by-key-heads", "head-independence"),
            # An exact law has large scores in every case, a far sink has them too.
            ("peak-of-first-tile", "exact-gather"),
            # A single call fails by the one before it.
            ("stale-tail", "determinism"),
            # One operand, whichever its layout is.
            ("key-read-as-dense", "layout"),
        ],
        6,
    ),
)
def test_what_findings_have_in_common_makes_them_one(rogue: str, headline: str) -> None:
    report = _report(rogue)

    assert _headlines(report) == [headline]


@pytest.mark.parametrize(
    ("pair", "headlines"),
    share(
        [
            # Both show on rows that see few keys.
            (
                ("causal-one-more", "window-right-wider"),
                ["causal-support", "window-support"],
            ),
            # One law fails by both: by the flag, and by 17 keys.
            (("causal-strict", "partial-tile-lost"), ["causal-support", "tail-sweep"]),
            # Both are found in cases with a mask of several queries.
            (
                ("scale-without-sign", "mask-of-first-row"),
                ["masked-keys-inert", "scale-sign"],
            ),
        ],
        4,
    ),
)
def test_two_mistakes_that_share_cases_are_two(
    pair: tuple[str, str], headlines: list[str]
) -> None:
    report = _report(*pair)

    assert sorted(_headlines(report)) == headlines


def test_every_finding_belongs_to_one_cause() -> None:
    report = _report("mask-polarity")

    def members(cause: Cause) -> list[str]:
        return [o.invariant for o in (cause.headline, *cause.others)]

    found = [name for cause in report.causes for name in members(cause)]
    assert sorted(found) == sorted(o.invariant for o in report.outcomes if o.finding)


def test_what_is_held_back_has_a_token_that_can_be_read() -> None:
    report = _report("bias-scaled")

    held = [o.finding for o in report.outcomes if o.held_back and o.finding]
    read = [read_token(finding.token).law.id for finding in held]
    assert read == [finding.invariant for finding in held]
    assert "history" in read
