"""Cut a run off at several moments, by each of several signals, and resume it.

A run that is resumed ends with the verdicts, counts and findings of an undisturbed
one. ``python benchmarks/interrupted.py --moments 10 TARGET --tier smoke``
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)

_OF_TIME = {"started", "environment", "seconds"}


def said(report: Path) -> list[Any]:
    """Return the lines of a report, fields of time aside."""
    lines = map(json.loads, report.read_text(encoding="utf-8").splitlines())
    return [{n: v for n, v in line.items() if n not in _OF_TIME} for line in lines]


def command(target: str, report: Path, options: list[str]) -> list[str]:
    """Return the command that judges a kernel and writes a report."""
    start = [sys.executable, "-m", "attnspec", "check", target]
    return [*start, "--report", str(report), *options]


def run(words: list[str]) -> float:
    """Run a command to its end, and return how many seconds that took."""
    begun = time.monotonic()
    done = subprocess.run(words, capture_output=True, check=False)  # noqa: S603 - ours
    if done.returncode not in (0, 1):
        sys.exit(done.stderr.decode())
    return time.monotonic() - begun


def cut_off(words: list[str], number: signal.Signals, after: float) -> int | None:
    """Send a running command a signal, and return its exit code."""
    process = subprocess.Popen(  # noqa: S603 - ours
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        return process.wait(after)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
        process.wait(60)
        return None


def main() -> int:
    """Cut off, resume, compare; return 1 if something was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", nargs="?", default="embedded")
    parser.add_argument("--moments", type=int, default=10)
    parser.add_argument("options", nargs=argparse.REMAINDER)
    asked = parser.parse_args()
    lost = 0
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder, "whole.jsonl")
        seconds = run(command(asked.target, whole, asked.options))
        expected = said(whole)
        for number in SIGNALS:
            for moment in range(1, asked.moments + 1):
                report = Path(folder, f"{number.name}-{moment}.jsonl")
                words = command(asked.target, report, [*asked.options, "--resume"])
                code = cut_off(words, number, seconds * moment / (asked.moments + 1))
                kept = len(said_so_far(report))
                run(words)
                same = said(report) == expected
                lost += not same
                how = "cut off" if code is None else "had ended"
                end = "the same" if same else "DIFFERS"
                print(f"{number.name:8} {moment:2}  {how}, {kept:3} lines kept: {end}")
    tried = asked.moments * len(SIGNALS)
    print(f"{tried} runs of {asked.target} cut off and resumed, {lost} differ")
    return int(lost > 0)


def said_so_far(report: Path) -> list[str]:
    """Return the whole lines of a report that may be cut off, or not there."""
    if not report.exists():
        return []
    return report.read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    sys.exit(main())
