"""A run on the terminal: lines as they come, a status line, colors."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.status import Status
from rich.text import Text

from attnspec.conformance.reports import findings, text, words
from attnspec.conformance.reports.findings import Replay
from attnspec.judge.verdicts import Outcome, Report

_BAD = r"\b(FAILED|CRASHED|TIMED OUT|REFUSED|STALE|HELD BACK|MISTRUSTED|NOT RUN)\b"
_BAD_WORDS = r"does not conform|no numeric model explains it|\d times the bound"
_LABEL = (
    r"^ *(smallest case|expected|where|precision|because|after|also breaks"
    r"|the kernel|clause)  "
)
_HEAD = r"^(capabilities|not claimed|dialect|differs|model|deviation)  "
_STYLES = (
    (_BAD, "bold red"),
    (_BAD_WORDS, "red"),
    (_LABEL, "dim"),
    (_HEAD, "dim"),
    (r" conforms( in .*)?$", "bold green"),
    (r"(exact|of the bound)$", "green"),
    (r"known deviation.*$", "yellow"),
    (r"^  (unsupported|held back|not run|replay)  ", "dim"),
)
_REFRESH = 0.1


class Printer:
    """Prints a run: call `started`, `progress`, `finished`, and `ended` at last."""

    def __init__(self, target: str, replay: Replay, *, laws: int) -> None:
        """Print on standard output; in color and with a status line on a terminal."""
        self._console = Console(highlight=False, soft_wrap=True, emoji=False)
        if not self._console.width:  # COLUMNS=0: rich would print nothing.
            self._console.width = 80
        self._target = target
        self._replay = replay
        self._laws = laws
        self._dtypes: tuple[str, ...] = ()
        self._shown = ""
        self._done = 0
        self._examples = 0
        self._status: Status | None = None
        self._begun = self._drawn = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the printer was made."""
        return time.monotonic() - self._begun

    @contextlib.contextmanager
    def live(self) -> Iterator[Printer]:
        """Show a status line for as long as the run takes, if this is a terminal."""
        if not self._console.is_terminal:
            yield self
            return
        with self._console.status("finding out the dialect") as status:
            self._status = status
            yield self

    def started(self, report: Report) -> None:
        """Print the header."""
        self._dtypes = report.dtypes
        self.lines([*text.header_lines(report, self._target), ""])

    def progress(self, dtype: str, invariant: str, *, examples: int = 1) -> None:
        """Show which invariant is tried; the examples that are judged here count."""
        self._examples += examples
        now = time.monotonic()
        if self._status is None or now - self._drawn < _REFRESH:
            return
        self._drawn = now
        total = self._laws * len(self._dtypes)
        said = [f"{dtype} {invariant}", f"{self._done + 1} of {total}"]
        if self._examples:
            said.append(words.count(self._examples, "example"))
        said.append(words.seconds_in_words(self.elapsed))
        self._status.update("   ".join(said))

    def finished(self, outcome: Outcome) -> None:
        """Print the line of an outcome."""
        self._done += 1
        if findings.is_quiet(outcome):
            return
        if len(self._dtypes) > 1 and outcome.dtype != self._shown:
            self.lines([*([""] if self._shown else []), outcome.dtype])
            self._shown = outcome.dtype
        self.lines([text.outcome_line(outcome), *findings.finding_lines(outcome)])

    def ended(self, report: Report) -> None:
        """Print what failed, what is known to fail, and the summary."""
        self.lines(text.quiet_lines(report.outcomes))
        self.lines([""])
        for block in text.blocks(report, self._replay):
            self.lines([*block, ""])
        known = report.description.all_deviations
        if met := text.deviation_lines(report.outcomes, known):
            self.lines([*met, ""])
        self.lines(text.summary_lines(report, self._target))

    def lines(self, lines: Iterable[str]) -> None:
        """Print lines, colored by what they say."""
        for line in lines:
            styled = Text(line)
            for pattern, style in _STYLES:
                styled.highlight_regex(pattern, style)
            self._console.print(styled)


__all__ = ["Printer"]
