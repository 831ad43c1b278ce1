"""The finding that README shows is the one that its token makes again."""

from __future__ import annotations

import pathlib
import re

import pytest
from click.testing import CliRunner

from attnspec.cli import main

README = (pathlib.Path(__file__).parents[1] / "README.md").read_text("utf-8")


def test_the_finding_of_the_readme_is_made_again(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (kernel,) = re.findall(
        r"^```python\n(# mykernels\.py\n.*?)^```$", README, re.MULTILINE | re.DOTALL
    )
    (shown,) = re.findall(
        r"^(FAILED causality .*?)^  also breaks", README, re.MULTILINE | re.DOTALL
    )
    *finding, token = shown.splitlines()
    (tmp_path / "mykernels.py").write_text(kernel, "utf-8")
    monkeypatch.chdir(tmp_path)

    found = CliRunner().invoke(main, ["replay", "mykernels.py:flash", token])

    printed = found.output.splitlines()
    assert printed[0] == "reproduced"
    # What explains a failure is found by many calls, which a replay does not make.
    whole = [line for line in finding if not line.startswith("  precision ")]
    assert printed[1:] == [*whole, token]
