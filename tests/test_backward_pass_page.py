"""The page *Test a backward pass* runs as it stands."""

from __future__ import annotations

import pathlib
import re
import shlex
import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from attnspec.cli import main

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "how-to" / "test-a-backward-pass.md"
TEXT = PAGE.read_text("utf-8")
FILES = {
    code.partition("\n")[0].removeprefix("# "): code
    for code in re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
}
COMMANDS = [
    shlex.split(line)
    for line in re.findall(r"^\$ attnspec (check .*)$", TEXT, re.MULTILINE)
]


def _run(name: str, folder: pathlib.Path, code: str) -> Result:
    """Run the command of the page that names a file, with this in the file."""
    (command,) = (words for words in COMMANDS if words[1].startswith(name))
    (folder / name).write_text(code, "utf-8")
    command = [word.replace(name, str(folder / name)) for word in command]
    return CliRunner().invoke(main, [*command, "--tier", "smoke", "--jobs", "1"])


@pytest.mark.once
@pytest.mark.parametrize("name", FILES)
def test_a_kernel_of_the_page_conforms(name: str, tmp_path: pathlib.Path) -> None:
    pytest.importorskip({"mytorch.py": "torch", "myjax.py": "jax"}.get(name, "numpy"))

    found = _run(name, tmp_path, FILES[name])

    assert found.exit_code == 0, found.output


@pytest.mark.once
def test_without_delta_the_kernel_of_the_page_does_not(tmp_path: pathlib.Path) -> None:
    wrong = FILES["mynumpy.py"].replace(" - delta)", ")")

    found = _run("mynumpy.py", tmp_path, wrong)

    assert wrong != FILES["mynumpy.py"]
    assert found.exit_code == 1
    assert "FAILED attention-gradient-agreement" in found.output
    assert "FAILED agreement" not in found.output


@pytest.mark.once
def test_a_script_of_a_finding_calls_the_backward_pass(tmp_path: pathlib.Path) -> None:
    file, script = tmp_path / "mynumpy.py", tmp_path / "fault.py"
    file.write_text(FILES["mynumpy.py"].replace(" - delta)", ")"), "utf-8")
    words = f"{file}:flash", "--claim", "gradients"
    only = "--only", "attention-gradient-agreement", "--tier", "smoke"
    report = CliRunner().invoke(main, ["check", *words, *only, "--jobs", "1"])
    (token,) = re.findall(r"^(A[\w-]+)$", report.output, re.MULTILINE)

    found = CliRunner().invoke(main, ["replay", *words, token, "--script", str(script)])

    assert found.exit_code == 1
    assert _ended(script) == (1, "dq")
    file.write_text(FILES["mynumpy.py"], "utf-8")
    assert _ended(script) == (0, "dq")


def _ended(script: pathlib.Path) -> tuple[int, str]:
    """Return how a script ends, and the first result that it tells of."""
    command = [sys.executable, "-B", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    return done.returncode, done.stdout[:2]
