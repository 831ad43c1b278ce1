from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

FOLDER = Path(__file__).parent

SCRIPT = f"""
import sys
sys.path.insert(0, {str(FOLDER)!r})
from attnspec.exceptions import InvalidArgument
from tally import Accepted, run

def drawn(draw):
    return draw.randrange(10**9)

def tried(number):
    {{}}

sys.exit(run(drawn, tried, count=3))
"""


def _run(body: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", SCRIPT.format(body), *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return number", "3 handled (0 refused, 3 valid), 0 lost"),
        ("raise InvalidArgument('no')", "3 handled (3 refused, 0 valid), 0 lost"),
    ],
)
def test_what_is_accepted_or_refused_is_handled(body: str, said: str) -> None:
    done = _run(body)

    assert done.returncode == 0
    assert done.stdout == f"-c: 3 tried, {said}\n"


@pytest.mark.parametrize(
    "body",
    [
        "raise KeyError('no')",
        "raise SystemExit(0)",
        "raise Accepted('no')",
        "raise RecursionError",
    ],
)
def test_all_else_is_lost_and_can_be_tried_again_alone(body: str) -> None:
    done = _run(body)
    *lost, last = done.stdout.splitlines()
    again = lost[1].split("  # ")[0].split()[2:]

    assert done.returncode == 1
    assert last == "-c: 3 tried, 0 handled (0 refused, 0 valid), 3 lost"
    assert again == ["--seed", "0", "--only", "1"]
    number = lost[1].split()[-1]
    assert _run(body, *again).stdout == f"{number}\n"


@pytest.mark.parametrize("name", ["tokens", "deviations", "reports", "arguments"])
def test_a_fuzzer_loses_nothing(name: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, FOLDER / f"{name}.py", "--count", "20", "--seed", "5"],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        # It imports what lies beside it.
        env={n: v for n, v in os.environ.items() if n != "PYTHONSAFEPATH"},
    )

    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith(f"{name}: 20 tried, 20 handled (")
