"""A command is looked at before anything is started."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from attnspec.conformance import Program
from attnspec.conformance.targets import Request, open_target
from attnspec.exceptions import InvalidArgument, UnusableTarget


@pytest.mark.parametrize("command", ["", "  ", "'./server"])
def test_a_command_names_a_program(command: str) -> None:
    with pytest.raises(InvalidArgument, match="program: expected a command; got"):
        Program(command)


def test_a_program_is_found_where_a_shell_finds_it() -> None:
    program = Program(f"'{sys.executable}' -c 'print(1)'")

    assert program.arguments == (sys.executable, "-c", "print(1)")
    assert program.found() == (sys.executable, "-c", "print(1)")
    assert Program("sh").found()[0].endswith("/sh")


@pytest.mark.parametrize(
    ("exists", "lack"), [(False, "is not found"), (True, "is not executable")]
)
def test_a_program_that_cannot_be_started_is_refused(
    exists: bool,  # noqa: FBT001 - a fact of the test
    lack: str,
    tmp_path: Path,
) -> None:
    file = tmp_path / "server"
    if exists:
        file.write_text("")

    with (
        pytest.raises(UnusableTarget, match=f"program: '{file}' {lack}"),
        open_target(Request(program=str(file))),
    ):
        pass
