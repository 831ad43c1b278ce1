from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnspec.conformance import Implementation, check_implementation
from attnspec.conformance.call import InProcess
from attnspec.conformance.inputs import read_token
from attnspec.conformance.replay import Replayed, replay
from attnspec.conformance.reports.arrays import witness_lines
from attnspec.conformance.script import script
from attnspec.conformance.witness import Witness
from attnspec.exceptions import InvalidArgument
from attnspec.judge.tokens import Token
from attnspec.kinds.registry import KINDS
from tests.conformance import _faults, _kernels

FILE = Path(_faults.__file__)

ALONE = """
import runpy, sys
sys.modules["attnspec"] = None  # Whoever imports it gets an error.
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def _found(kernel: Any, law: str, **options: Any) -> tuple[Replayed, Token]:
    """Return a finding of a law in a kernel, seen again."""
    fields = {n: options.pop(n) for n in ("dtypes", "claims", "kind") if n in options}
    known = Implementation.of(kernel, **fields)
    report = check_implementation(known, only=[law], tier="smoke", **options)
    (outcome,) = report.outcomes
    assert outcome.finding is not None
    token = read_token(outcome.finding.token)
    found = replay(InProcess(kernel), known.description, token)
    assert found is not None
    return found, token


def _witness(found: Replayed) -> Witness:
    assert found.witness is not None
    return found.witness


def _script(found: Replayed, token: Token, target: str) -> str:
    return script(
        _witness(found), token.law, token.kind, found.dialect, target, "the case"
    )


def _run(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script where attnspec cannot be imported."""
    file = folder / "fault.py"
    file.write_text(text, "utf-8")
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", ALONE, str(file)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "law", "options"),
    [
        ("mask", "agreement", {}),
        ("scaled", "agreement", {}),
        ("softcap", "agreement", {}),
        ("sink", "agreement", {}),
        ("grouped", "grouped-heads", {"claims": ("grouped_query",)}),
        ("narrow", "agreement", {"dtypes": ("bfloat16",)}),
    ],
)
def test_a_script_shows_the_fault_without_attnspec_and_no_other(
    name: str, law: str, options: dict[str, Any], tmp_path: Path
) -> None:
    found, token = _found(getattr(_faults, name), law, **options)

    wrong = _run(_script(found, token, f"{FILE}:{name}"), tmp_path)
    right = _run(_script(found, token, f"{FILE}:right"), tmp_path)

    assert (wrong.returncode, wrong.stderr) == (1, "")
    assert wrong.stdout.startswith("output[")
    assert (right.returncode, right.stderr) == (0, "")
    assert right.stdout == "output: right\n"


def test_the_formula_is_written_out_for_the_options_of_the_case() -> None:
    text = _script(*_found(_faults.mask, "agreement"), f"{FILE}:mask")

    assert "scores = np.where(j <= i, scores, -inf)" in text
    assert "tanh" not in text
    assert "base64" not in text


def test_another_kind_has_literals(tmp_path: Path) -> None:
    def rope(x: Any, positions: Any) -> Any:
        return KINDS["rope"].definition(x, positions + 1)

    found, token = _found(rope, "rope-agreement", kind="rope")
    text = _script(found, token, "")

    assert "# What is right, rounded to float64." in text
    assert "import the kernel here" in _run(text, tmp_path).stderr


def test_what_is_returned_and_what_is_written_are_compared(tmp_path: Path) -> None:
    law, kind = "cached-agreement", "cached"
    found, token = _found(_faults.cached_doubled, law, kind=kind)
    assert {r.name for r in _witness(found).results} > {"key_cache", "value_cache"}

    wrong = _run(_script(found, token, f"{FILE}:cached_doubled"), tmp_path)
    right = _run(_script(found, token, f"{FILE}:cached"), tmp_path)

    assert (wrong.returncode, wrong.stderr) == (1, "")
    assert wrong.stdout.startswith("output[")
    assert wrong.stdout.endswith("key_cache: right\nvalue_cache: right\n")
    assert (right.returncode, right.stderr) == (0, "")


def test_large_arrays_are_packed_and_are_the_same(tmp_path: Path) -> None:
    recipe = KINDS["attention"].recipe(keys=257, width=8, value_width=8)
    law = KINDS["attention"].laws["agreement"]
    token = read_token(str(Token(KINDS["attention"], law, recipe)))
    known = Implementation.of(_kernels.tail).description
    found = replay(InProcess(_kernels.tail), known, token)

    assert found is not None
    text = _script(found, token, f"{FILE}:right")
    assert "zlib.decompress" in text
    assert _run(text, tmp_path).stdout == "output: right\n"


def test_calls_that_are_right_by_themselves_make_no_script() -> None:
    found, token = _found(_kernels.mutates, "inputs-unchanged")

    with pytest.raises(InvalidArgument, match="inputs-unchanged is right by itself"):
        _script(found, token, "")


def test_arrays_are_shown_with_shape_and_format_and_large_ones_cut() -> None:
    found, _ = _found(_faults.mask, "agreement")
    lines = witness_lines(_witness(found))

    assert lines[0] == "the call"
    assert "  causal = True" in lines
    assert any(line.startswith("  query  (1, 1, ") for line in lines)
    assert lines[-1].startswith("  worst         output[")
    large = np.zeros((1, 1, 9, 9), np.float32)
    case = _witness(found).case.replace(query=large)
    shown = witness_lines(Witness(case, (), is_wrong=False))
    assert "  query  (1, 1, 9, 9)  float32  81 values, cut" in shown
    assert max(map(len, shown)) < 90
