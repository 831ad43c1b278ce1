from __future__ import annotations

import pytest

from attnspec.conformance.reports.console import Printer
from attnspec.conformance.reports.findings import Replay
from tests.conformance.reports._runs import OUTCOMES, REPORT, TARGET, TOKEN


def _print() -> None:
    printer = Printer(TARGET, Replay((TARGET,)), laws=len(OUTCOMES))
    with printer.live():
        printer.started(REPORT)
        for outcome in OUTCOMES:
            printer.progress(outcome.dtype, outcome.invariant)
            printer.finished(outcome)
    printer.ended(REPORT)


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


def test_a_run_without_a_terminal_is_plain_text_of_80_columns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _print()

    lines = capsys.readouterr().out.splitlines()
    assert all(line.isprintable() and line.isascii() for line in lines)
    assert {TOKEN} == {line for line in lines if len(line) > 80}


def test_each_outcome_has_a_line_in_its_turn(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _print()

    out = capsys.readouterr().out
    assert "\n  agreement                 6,001 counted   0.41 of the bound\n" in out
    assert "\n  tail-sweep                   97 counted   FAILED\n" in out
    assert "exact, known deviation in 6\n" in out
    assert out.endswith(f"{TARGET} does not conform\n")


def test_a_terminal_gets_colors(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")

    _print()

    assert "\x1b[1;31mFAILED" in capsys.readouterr().out


def test_no_color_is_honored(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")

    _print()

    assert "\x1b[1;31m" not in capsys.readouterr().out


def test_formats_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    report = REPORT.replace(dtypes=("float32", "bfloat16"))
    printer = Printer(TARGET, Replay((TARGET,)), laws=1)

    printer.started(report)
    printer.finished(OUTCOMES[0])

    assert "\nfloat32\n  result-form" in capsys.readouterr().out
