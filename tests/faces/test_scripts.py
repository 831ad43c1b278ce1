"""A finding is shown, and written as a script, in the words of the kernel's face."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from attnspec.cli import main
from attnspec.conformance import check_implementation
from tests.faces import _numpy

pytestmark = pytest.mark.once

FILE = Path(_numpy.__file__)


def _token(file: Path, name: str, law: str, **asked: Any) -> str:
    report = check_implementation(f"{file}:{name}", only=[law], tier="smoke", **asked)
    (outcome,) = report.outcomes
    assert outcome.finding is not None
    return outcome.finding.token


def _replayed(*words: str) -> str:
    found = CliRunner().invoke(main, ["replay", *words])
    assert found.exit_code == 1, found.output
    return found.output


def _run(file: Path) -> tuple[int, str, str]:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, str(file)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("name", "law", "said"),
    [
        ("window_off_by_one", "window-support", "window_size=("),
        ("keys_for_values", "agreement", "kv = np.stack(["),
        ("hidden_shown", "masked-keys-inert", "attention_mask="),
    ],
)
def test_a_script_calls_the_kernel_as_its_face_does(
    name: str, law: str, said: str, tmp_path: Path
) -> None:
    numpy = ("--arrays", "numpy", "--dtype", "float32")
    token = _token(FILE, name, law, arrays="numpy", dtypes=["float32"])
    file = tmp_path / "fault.py"

    said_again = _replayed(f"{FILE}:{name}", token, *numpy[:2], "--script", str(file))
    text = file.read_text("utf-8")
    code, output, errors = _run(file)

    assert said_again.startswith("reproduced")
    assert said in text
    assert "attnspec" not in text.partition('"""')[2].partition('"""')[2]
    assert (code, errors) == (1, "")
    assert output.startswith("output[")


def test_the_script_is_right_of_a_right_kernel(tmp_path: Path) -> None:
    token = _token(
        FILE, "window_off_by_one", "window-support", arrays="numpy", dtypes=["float32"]
    )
    file = tmp_path / "fault.py"
    words = (f"{FILE}:window_off_by_one", token, "--arrays", "numpy")

    _replayed(*words, "--script", str(file))
    text = file.read_text("utf-8")
    file.write_text(text.replace("window_off_by_one", "flash_without_fault"), "utf-8")

    assert _run(file) == (0, "output: right\n", "")


def test_what_is_shown_has_the_names_and_the_order_of_the_face() -> None:
    token = _token(
        FILE, "window_off_by_one", "window-support", arrays="numpy", dtypes=["float32"]
    )
    words = (f"{FILE}:window_off_by_one", token, "--arrays", "numpy", "--show")
    lines = _replayed(*words).splitlines()

    shown = lines[lines.index("the call") :]
    assert any(line.startswith("  q  (1, ") for line in shown)
    assert any(line.startswith("  window_size = (") for line in shown)
    assert not any(line.startswith(("  query", "  window =")) for line in shown)


def test_a_script_of_tensors_converts_them(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    flash = FILE.with_name("_flash.py")
    token = _token(flash, "window_turned", "window-support", dtypes=["bfloat16"])
    file = tmp_path / "fault.py"

    _replayed(f"{flash}:window_turned", token, "--script", str(file))
    text = file.read_text("utf-8")
    wrong = _run(file)
    file.write_text(text.replace("window_turned", "flash_attn_func"), "utf-8")
    right = _run(file)

    assert "import torch" in text
    assert (wrong[0], wrong[2]) == (1, "")
    assert right == (0, "output: right\n", "")
