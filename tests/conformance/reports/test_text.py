from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from attnspec.conformance import Outcome
from attnspec.conformance.reports import Writer, findings, junit, lists, text
from attnspec.conformance.reports.findings import Replay
from attnspec.judge.verdicts import Cause, Detected, Verdict
from attnspec.kinds.registry import DEFAULT_KIND, INVARIANTS, invariants_of
from tests.cli._reports import validated
from tests.conformance.reports._runs import (
    ERROR,
    FAILED,
    GREEN,
    KNOWN,
    OUTCOMES,
    PRECISION,
    REPORT,
    TARGET,
    TOKEN,
    finding,
)

LAWS = [law.id for law in invariants_of(DEFAULT_KIND)]

REPLAY = Replay((TARGET, "--claim", "grouped_query"))


def test_a_failure_is_told_in_full() -> None:
    expected = f"""\
FAILED tail-sweep (float32): {INVARIANTS["tail-sweep"].sentence}
  smallest case B1 Hq4 Hkv2 L1 S65 E1 Ev1, mask holes (BHLS), bias normal
                (11LS), causal, window (3, None), softcap 2.5, sink large,
                float32, peaked scores, one_hot values, huge numbers where no
                query looks, key transposed
  expected      1.0153287 +- 3.1e-07   got 1   49,000 times the bound
  where         output[0, 0, 0, 0]   S = 65
  precision     no numeric model explains it
  clause        masks.visible-keys   docs/reference/masks
  replay        attnspec replay mypkg.kernels:flash --claim grouped_query \\
{TOKEN}"""

    actual = "\n".join(findings.failure_lines(FAILED, REPLAY, relaxation=""))

    assert " ".join(expected.split()) == " ".join(actual.split())
    assert expected.splitlines()[-6:] == actual.splitlines()[-6:]


def test_the_token_is_alone_on_the_last_line() -> None:
    assert findings.failure_lines(FAILED, REPLAY)[-1] == TOKEN


def test_a_model_that_explains_a_failure_is_named() -> None:
    cause = Cause(PRECISION, (), "scores are stored in bfloat16")

    said = "\n".join(findings.cause_lines(cause, REPLAY))

    assert "precision     passes if scores are stored in bfloat16" in said


def test_a_cause_names_the_other_laws_that_it_breaks_but_none_that_is_held_back() -> (
    None
):
    held = Outcome("layout", "float32", Verdict.HELD_BACK, finding=finding(ERROR))
    other = Outcome("row-sums", "float32", Verdict.FAILED, finding=finding(ERROR))
    narrow = Outcome("agreement", "bfloat16", Verdict.FAILED, finding=finding(ERROR))

    said = "\n".join(findings.cause_lines(Cause(FAILED, (held, other, narrow)), REPLAY))

    assert "  also breaks   row-sums\n                agreement (bfloat16)" in said
    assert "layout" not in said.partition("also breaks")[2]


def test_a_finding_is_told_in_brief_as_the_run_goes_on() -> None:
    (*_, last) = findings.finding_lines(FAILED)

    assert last.strip() == "1.0153287, got 1" or "expected 1.0153287, got 1" in last
    assert findings.finding_lines(OUTCOMES[0]) == []


def test_what_an_earlier_finding_explains_is_no_case_of_its_own() -> None:
    same = Outcome(
        "row-sums",
        "float32",
        Verdict.FAILED,
        finding=finding(ERROR, same_as="agreement"),
    )

    assert text.outcome_line(same).endswith("FAILED as agreement")
    assert findings.finding_lines(same) == []


def test_a_law_about_earlier_calls_is_no_matter_of_precision() -> None:
    found = finding(ERROR, before=(FAILED.finding.recipe,))  # type: ignore[union-attr]
    outcome = Outcome("history", "float32", Verdict.FAILED, finding=found)

    said = "\n".join(findings.failure_lines(outcome, REPLAY, relaxation=""))

    assert "after         1 other call; alone it is right" in said
    assert "numeric model" not in said


@pytest.mark.parametrize(
    ("invariant", "expected"),
    [
        ("history", "got nan"),
        ("layout", "the kernel    ended the process by SIGSEGV; last words: ?[31mno"),
        ("causality", "the kernel    did not return within 20 s"),
        ("mask-forms", "the kernel    raised ValueError: not like this"),
        ("row-sums", "because       too few"),
        ("empty-rows", "because       deviation 'x': its case passes"),
    ],
)
def test_every_verdict_says_what_happened(invariant: str, expected: str) -> None:
    outcome = next(o for o in OUTCOMES if o.invariant == invariant)

    said = "\n".join(findings.failure_lines(outcome, REPLAY))

    assert expected in said
    assert said.startswith(outcome.verdict.upper())


def test_everything_but_tokens_fits_80_columns() -> None:
    lines = [
        *text.header_lines(REPORT, TARGET),
        *map(text.outcome_line, OUTCOMES),
        *text.quiet_lines(OUTCOMES),
        *text.deviation_lines(OUTCOMES, [KNOWN]),
        *text.summary_lines(REPORT, TARGET),
        *lists.listed(),
    ]
    for name in INVARIANTS:
        lines += lists.explained(name)
    for outcome in REPORT.failures:
        lines += findings.failure_lines(outcome, REPLAY)

    assert [line for line in lines if len(line) > 80 and line != TOKEN] == []


def test_the_header_says_what_is_not_claimed() -> None:
    said = "\n".join(text.header_lines(REPORT, TARGET))

    assert "capabilities    mask causal window unequal_lengths" in said
    assert (
        "not claimed     bias scale two_sided_window softcap sink alibi_slopes" in said
    )
    assert "alignment lower_right (detected)" in said
    assert "NaN in masked keys poisons (found, not enforced)" in said
    assert f"{TARGET} mypkg 1.2" in said


def test_what_is_unsupported_is_told_once_for_each_reason() -> None:
    expected = [
        "  unsupported   sink not claimed: sink-off, sink-mass",
        "  not run       stopped: causal-support",
    ]

    assert expected == text.quiet_lines(OUTCOMES)


def test_a_deviation_is_told_with_reason_and_link() -> None:
    said = " ".join(" ".join(text.deviation_lines(OUTCOMES, [KNOWN])).split())

    assert KNOWN.reason in said
    assert KNOWN.link in said
    assert "in window-support" in said


def test_the_last_lines_count_what_holds_and_say_the_verdict() -> None:
    expected = [
        "3 of 11 invariants hold, 7 fail, 1 not run, 6,129 examples counted, 41 weak,",
        "38 s",
        f"{TARGET} does not conform",
    ]

    assert expected == text.summary_lines(REPORT, TARGET)


def test_a_run_of_some_invariants_does_not_claim_the_rest() -> None:
    expected = "conforms in the 2 invariants that were asked for"

    assert expected == text.verdict_in_words(GREEN)


def test_a_run_of_all_invariants_conforms() -> None:
    passed = [Outcome(name, "float32", Verdict.PASSED) for name in LAWS]

    assert text.verdict_in_words(REPORT.replace(outcomes=tuple(passed))) == "conforms"


def test_an_interrupted_run_has_no_verdict() -> None:
    cut = GREEN.replace(complete=False)

    assert text.verdict_in_words(cut) == "was not judged to the end"


def test_a_run_in_which_all_is_unsupported_is_not_green_and_says_so() -> None:
    empty = REPORT.replace(outcomes=OUTCOMES[10:12])

    said = text.verdict_in_words(empty)
    assert said == "was asked nothing: it claims nothing that was looked at"
    assert not empty.conforms


def test_a_target_with_spaces_is_quoted_in_the_replay_line() -> None:
    first, _ = Replay(("my kernels/flash.py:flash",)).lines(TOKEN)

    assert first.endswith("replay 'my kernels/flash.py:flash' \\")


FOUND = REPORT.replace(
    detected=Detected(
        {**REPORT.detected.dialect, "alignment": "upper_left"},
        {"alignment": "detected", "empty_row": "declared"},
    )
)


def test_a_choice_that_was_found_and_is_not_the_specs_is_pointed_out() -> None:
    said = " ".join(" ".join(text.header_lines(FOUND, TARGET)).split())

    assert (
        "differs alignment: upper_left (found; the spec's default is lower_right; "
        "declare it with --dialect alignment=upper_left, or ask for the other with "
        "--dialect alignment=lower_right)"
    ) in said


@pytest.mark.parametrize("source", ["declared", "default"])
def test_a_choice_that_somebody_made_is_not_pointed_out(source: str) -> None:
    chosen = FOUND.replace(
        detected=Detected(FOUND.detected.dialect, {"alignment": source})
    )

    assert not any(n.startswith("differs") for n in text.header_lines(chosen, TARGET))


def test_it_is_pointed_out_to_machines_as_well(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with Writer(path, TARGET) as writer:
        writer.started(FOUND)
        writer.ended(FOUND)

    assert [*validated(path).header["differs"]] == ["alignment"]
    xml = ET.tostring(junit(FOUND, TARGET, REPLAY), "unicode")
    assert 'name="differs.alignment" value="upper_left (found; ' in xml
