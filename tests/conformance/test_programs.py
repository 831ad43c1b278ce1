"""A command is looked at before anything is started."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from attnspec.cli import main
from attnspec.conformance import Program, check_implementation
from attnspec.conformance.reports import read_report
from attnspec.conformance.targets import Request, open_target
from attnspec.exceptions import InvalidArgument, UnusableTarget
from tests.conformance._programs import built, flash, needs_compiler
from tests.test_plugin import PLUGIN

pytest_plugins = ["pytester"]


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


@pytest.fixture(scope="module")
def tail(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Build the program of the book, without the last key where S = 1 (mod 8)."""
    text = flash("c").replace("j < end; j++", "j < end - (S % 8 == 1 && S > 1); j++")
    return built(tmp_path_factory.mktemp("tail"), text)


def _run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


@needs_compiler
def test_a_finding_in_a_program_is_seen_again(tail: str) -> None:
    declared = (
        "--without",
        "bias",
        "--limit",
        "width % 2",
        "--dialect",
        "empty_row=nan",
    )
    few = ("--tier", "smoke", "--only", "tail-sweep", "--dtype", "float32")

    done = _run("check", "--program", tail, *few, *declared)
    replay, token = done.stdout.split("  replay")[1].split("\\\n")
    again = _run(*shlex.split(replay)[1:], token.split()[0])

    assert done.exit_code == 1
    assert "empty row nan (declared)" in done.stdout
    assert again.exit_code == 1
    told = done.stdout.splitlines(keepends=True)
    run_alone = [line for line in told if not line.startswith("  precision")]
    assert again.stdout.removeprefix("reproduced\n") in "".join(run_alone)


@needs_compiler
def test_a_program_is_described(tail: str) -> None:
    done = _run("describe", "--program", tail, "--dtype", "float32")

    assert done.exit_code == 0
    assert "precision" in done.stdout


@needs_compiler
def test_one_call_judges_a_program(tail: str, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    laws = ["result-form", "tail-sweep"]

    found = check_implementation(
        Program(tail), dtypes=["float32"], only=laws, tier="smoke", report=path
    )

    assert [o.invariant for o in found.failures] == ["tail-sweep"]
    assert read_report(path).header["target"] == tail
    assert f"attnspec replay --program {shlex.quote(tail)}" in str(found)


@needs_compiler
def test_a_program_is_tested_by_pytest(tail: str, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""
        from attnspec import Program, parametrize_with_checks

        program, few = Program({tail!r}), {{"dtypes": ["float32"], "tier": "smoke"}}

        @parametrize_with_checks([program], only=["result-form", "tail-sweep"], **few)
        def test_conformance(check):
            check()
        """
    )
    words = ("--attnspec-program", tail, "--attnspec-only", "tail-sweep")
    more = ("--attnspec-dtype", "float32", "--attnspec-tier", "smoke")

    done = pytester.runpytest(*PLUGIN, *words, *more)

    done.assert_outcomes(passed=1, failed=2)
