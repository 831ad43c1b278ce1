from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from attnspec.cli import main

pytestmark = pytest.mark.once

CHECKERS = """
def trusting(kernel):
    return True

def wary(kernel):
    raise AssertionError("no")
"""

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    (tmp_path / "checkers_of_a_user.py").write_text(CHECKERS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return lambda *words: CliRunner().invoke(main, ["rogues", *map(str, words)])


def test_a_rogue_is_caught_and_the_matrix_printed(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "matrix.csv"

    done = run("--only", "zeros", "--csv", table)

    assert done.exit_code == 0
    assert "1 of 1 rogues caught" in done.stdout
    assert table.read_text("utf-8").startswith("id,kind,")


def test_a_kind_of_function_has_its_own_matrix(run: Run) -> None:
    done = run("--kind", "split-heads", "--seeds", "2")

    assert done.exit_code == 0, done.output
    assert "split-heads-" in done.stdout
    assert "zeros" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_the_usual_rules_are_measured_beside_this_judge(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "rules.csv"

    done = run("--rules", "--only", "zeros", "--csv", file)

    assert done.exit_code == 0, done.output
    assert [line[-29:] for line in done.stdout.splitlines()[1:]] == [
        f"{'1 of 1':>10} {'0 of 0':>18}"
    ] * 7
    assert file.read_text("utf-8").splitlines()[-1] == "attnspec,1,1,0,0"


@pytest.mark.parametrize("checker", ["trusting", "wary"])
def test_a_checker_that_never_looks_is_found_out(run: Run, checker: str) -> None:
    done = run("--checker", f"checkers_of_a_user:{checker}", *_one_of_each())

    assert done.exit_code == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--only", "zeroes"), "did you mean 'zeros'?"),
        (("--checker", "no_such_module:f"), "checker: expected module:function"),
        (("--seeds", "0"), "--seeds: "),
        (("--rules", "--kind", "rope"), "rules: expected the kind attention"),
        (("--rules", "--checker", "a:b"), "rules: expected no checker beside them"),
    ],
)
def test_a_wrong_request_ends_with_2(
    run: Run, words: tuple[str, ...], message: str
) -> None:
    done = run(*words)

    assert done.exit_code == 2
    assert message in done.stderr


def _one_of_each() -> tuple[str, ...]:
    from attnspec.rogues import CONTROLS  # noqa: PLC0415 - slow to import

    return ("--only", "zeros", "--only", next(iter(CONTROLS)))
