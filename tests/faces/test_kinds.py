"""Faces of other kinds than attention: translated, recognised, and never repaired."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from attnspec._typing import DType
from attnspec.cli import main
from attnspec.conformance import check_implementation
from attnspec.conformance.reports import face_lists
from attnspec.exceptions import InvalidArgument
from attnspec.faces import OF_KINDS
from attnspec.kinds.registry import KINDS
from tests._in_ci import share
from tests.faces import _rope

pytestmark = pytest.mark.once

FILE = Path(_rope.__file__)
RIGHT = {
    "by_ids": "rope-ids",
    "apply_rotary_emb": "rope-tables",
    "apply_rotary_pos_emb": "rope-both",
}
WRONG = {
    "first_ids": "rope-ids",
    "rest_lost": "rope-tables",
    "keys_unturned": "rope-both",
}


def test_every_face_of_a_kind_has_a_right_function_and_a_wrong_one() -> None:
    of_rope = {name for name, face in OF_KINDS.items() if face.kind == "rope"}
    assert {*RIGHT.values()} == {*WRONG.values()} == of_rope


@pytest.mark.parametrize(("name", "face"), RIGHT.items())
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_right_function_conforms_as_it_is(name: str, face: str, dtype: DType) -> None:
    report = check_implementation(
        getattr(_rope, name), kind="rope", arrays="numpy", tier="smoke", dtypes=[dtype]
    )

    assert report.conforms, report
    assert report.description.face["id"] == face


@pytest.mark.parametrize(("name", "face"), RIGHT.items())
def test_a_function_in_a_process_of_its_own_has_the_same_face(
    name: str, face: str
) -> None:
    words = ("--kind", "rope", "--arrays", "numpy", "--tier", "smoke")
    done = CliRunner().invoke(main, ["check", f"{FILE}:{name}", *words])

    assert done.exit_code == 0, done.output
    assert f"{face} (recognised)" in done.output


@pytest.mark.parametrize(("name", "face"), WRONG.items())
def test_a_wrong_function_is_found(name: str, face: str) -> None:
    report = check_implementation(
        getattr(_rope, name), kind="rope", arrays="numpy", tier="smoke", face=face
    )

    assert not report.conforms
    (found,) = [o for o in report.outcomes if o.invariant == "rope-agreement"]
    assert found.finding is not None
    operands = {"first_ids": "x, position_ids", "rest_lost": "x, cos, sin"}
    assert found.finding.call == f"{name}({operands.get(name, 'q, k, cos, sin')})"


def test_no_script_is_written_of_operands_that_are_made(tmp_path: Path) -> None:
    target = f"{FILE}:rest_lost"
    report = check_implementation(
        target, kind="rope", arrays="numpy", tier="smoke", only=["rope-norm"]
    )
    (outcome,) = report.outcomes
    assert outcome.finding is not None
    file = tmp_path / "fault.py"
    words = ("--arrays", "numpy", "--script", str(file))

    done = CliRunner().invoke(main, ["replay", target, outcome.finding.token, *words])

    assert done.exit_code == 2
    said = "attnspec: script: calls of the face rope-tables cannot be written as one\n"
    assert done.output == said
    assert not file.exists()


def test_what_the_operands_say_is_claimed() -> None:
    def claims(name: str) -> set[str]:
        function = getattr(_rope, name)
        report = check_implementation(
            function, kind="rope", arrays="numpy", tier="smoke", only=["rope-norm"]
        )
        return {*report.description.capabilities.claims}

    assert {"base", "position_ids"} <= claims("by_ids")
    assert {"base", "width"} <= claims("apply_rotary_emb")
    assert {"base", "position_ids"} <= claims("apply_rotary_pos_emb")
    assert "width" not in claims("apply_rotary_pos_emb") | claims("by_ids")


def test_a_face_of_another_kind_is_refused() -> None:
    message = "face: a function of rope has one of plain, rope-ids, rope-tables"
    with pytest.raises(InvalidArgument, match=message):
        check_implementation(_rope.by_ids, kind="rope", face="flash-attn")


@pytest.mark.parametrize("face", OF_KINDS)
def test_a_face_of_a_kind_is_explained(face: str) -> None:
    known = OF_KINDS[face]
    lines = face_lists.explained(face)

    assert known.kind in KINDS
    assert max(map(len, lines)) <= 80
    for name in (*known.operands, *known.results):
        assert any(line.startswith(f"  {name} ") for line in lines)


@pytest.mark.parametrize("face", share([*OF_KINDS], 2))
def test_the_example_of_a_face_conforms(
    face: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("example.py").write_text(OF_KINDS[face].example, "utf-8")
    command = face_lists.checked(OF_KINDS[face])

    few = ("--tier", "smoke", "--only", f"{OF_KINDS[face].kind}-agreement")
    done = CliRunner().invoke(main, [*command.split()[1:], *few])

    assert done.exit_code == 0, done.output
    how = "" if "--face" in command else " (recognised)"
    assert f"{face}{how}" in done.output


def _too_few(x: Any) -> Any:
    return x


def _requires(x: Any, cos: Any, sin: Any, table: Any) -> Any:
    return x, cos, sin, table


@pytest.mark.parametrize(
    ("function", "face", "message"),
    [
        (_too_few, "rope-tables", "rope-tables has x, cos, sin; it takes 1 positional"),
        (_requires, "", "rope-tables does not know 'table', which is required"),
    ],
)
def test_a_function_that_cannot_be_called_so_is_refused(
    function: Any, face: str, message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        check_implementation(function, kind="rope", face=face, arrays="numpy")
