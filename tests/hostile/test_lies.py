"""What a module does while it is imported is said in a line, by each of the faces."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import attnspec
from attnspec.cli import main
from attnspec.exceptions import InvalidArgument
from tests.hostile import _modules

pytest_plugins = ["pytester"]

DEADLINE = 2.0
MODULES = [
    *_modules.ENDING,
    *_modules.RAISING,
    *_modules.PRINTING,
]
UNUSABLE = [module for module in MODULES if module[2] == 2]
LONGEST = 3 * DEADLINE + 60.0
"""Three deadlines, and a minute for a busy machine to start Python in."""


def _table(modules: list[tuple[str, str, int, str]]) -> pytest.MarkDecorator:
    names = [name for name, *_ in modules]
    return pytest.mark.parametrize(("name", "program", "code", "said"), modules, ids=names)


def _written(folder: Path, name: str, program: str) -> str:
    file = folder / f"{name}.py"
    file.write_bytes(program.encode(errors="surrogateescape"))
    return f"{file}:kernel"


@_table(MODULES)
def test_the_command_line_says_it_in_one_line(
    tmp_path: Path, name: str, program: str, code: int, said: str
) -> None:
    target = _written(tmp_path, name, program)
    few = ("--tier", "smoke", "--only", "agreement", "--dtype", "float32")
    begun = time.monotonic()

    done = CliRunner().invoke(
        main, ["check", target, "--deadline", str(DEADLINE), *few]
    )

    assert time.monotonic() - begun < LONGEST
    assert done.exit_code == code, done.output
    if code == 2:
        line = done.stderr.removesuffix("\n")
        assert done.stdout == ""
        assert line.isprintable()
        assert len(line) < 1000
        assert re.search(said, line)
    else:
        assert re.search(said, " ".join(done.output.split()))
        assert done.stderr == ""


@_table(UNUSABLE)
def test_python_says_it_in_an_error(
    tmp_path: Path, name: str, program: str, code: int, said: str
) -> None:
    target = _written(tmp_path, name, program)

    with pytest.raises(InvalidArgument, match=said) as error:
        attnspec.check_implementation(target, deadline=DEADLINE)

    assert code == 2
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 1000
