"""A wrong backward pass fails through the face of its kernel, and says where."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("torch")

from attnspec.cli import main
from tests.faces import _flash_backward

FILE = Path(_flash_backward.__file__)


def _checked(name: str, *options: str) -> Result:
    words = ["check", f"{FILE}:{name}", "--claim", "gradients", "--tier", "smoke"]
    return CliRunner().invoke(main, [*words, "--jobs", "1", *options])


def test_a_right_backward_pass_conforms() -> None:
    found = _checked("right")

    assert found.exit_code == 0, found.output
    assert "flash-attn (recognised)" in found.output


LAWS = {
    "first_of_group": "attention-gradient-groups",
    "last_keys_lost": "attention-gradient-agreement",
    "slope_missing": "attention-gradient-agreement",
}
"""For each wrong backward pass a law that it breaks."""


@pytest.mark.parametrize("fault", _flash_backward.FAULTS)
def test_a_wrong_backward_pass_fails_with_no_other_flag(fault: str) -> None:
    found = _checked(fault, "--only", LAWS[fault], "--only", "agreement")

    assert found.exit_code == 1, found.output
    assert f"FAILED {LAWS[fault]}" in found.output
    assert "FAILED agreement" not in found.output
