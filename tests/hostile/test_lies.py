"""Lies of a module are seen through, and said in one line where nothing is judged."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from attnspec import check_implementation
from attnspec.cli import main
from attnspec.exceptions import InvalidArgument
from tests._in_ci import share
from tests.hostile._lies import LIES

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(sys.platform != "linux", reason="/proc is read"),
]

DEADLINE = 2.0
UNUSABLE = share([lie for lie in LIES if lie[2] == 2], 3)


def _file(folder: Path, program: str) -> str:
    file = folder / "lies.py"
    file.write_text(f"{program}\n", encoding="utf-8")
    return f"{file}:kernel"


@pytest.mark.parametrize(
    ("program", "code", "said"),
    [lie[1:] for lie in share(LIES, 2)],
    ids=[lie[0] for lie in share(LIES, 2)],
)
def test_the_command_is_not_deceived(
    tmp_path: Path, program: str, code: int, said: str
) -> None:
    limits = ["--tier", "smoke", "--only", "agreement", "--dtype", "float32"]
    words = ["check", _file(tmp_path, program), "--deadline", str(DEADLINE), *limits]
    done = CliRunner().invoke(main, words)

    assert done.exit_code == code, done.output
    assert re.search(said, " ".join(done.output.split()))
    assert "Traceback" not in done.output
    if code == 2:
        line = done.output.removesuffix("\n")
        assert line.isprintable()
        assert len(line) < 1_000


@pytest.mark.parametrize(
    ("program", "said"),
    [(program, said) for _, program, _, said in UNUSABLE],
    ids=[lie[0] for lie in UNUSABLE],
)
def test_a_call_from_python_is_not_deceived(
    tmp_path: Path, program: str, said: str
) -> None:
    with pytest.raises(InvalidArgument, match=said) as caught:
        check_implementation(_file(tmp_path, program), deadline=DEADLINE)

    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1_000
