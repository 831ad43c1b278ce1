"""The faces are listed, explained and named on the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from attnspec.cli import main
from attnspec.conformance.reports.face_lists import form, meaning
from attnspec.faces import FACES, OF_KINDS, ObjectFace
from attnspec.faces._of_objects import CONSTANT, MADE_WITH, OPTIONS, ROLES, SEQUENCE
from tests.faces import _numpy

FILE = Path(_numpy.__file__)


def _run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def test_the_faces_are_listed_kind_by_kind() -> None:
    kinds = [face.kind for face in OF_KINDS.values()]
    found = _run("faces")

    assert found.exit_code == 0
    lines = [line for line in found.output.splitlines() if line[:2] == "  "]
    listed = [line.split()[0] for line in lines if line[2] != " "]
    assert listed == [
        *FACES,
        *sorted(OF_KINDS, key=lambda face: kinds.index(OF_KINDS[face].kind)),
    ]


@pytest.mark.parametrize("face", FACES)
def test_each_keyword_of_a_face_has_a_form(face: str) -> None:
    found = " ".join(_run("faces", face).output.split())

    for parameter in FACES[face].parameters:
        said = f"{parameter.names[0]} {form(parameter)} {meaning(parameter)}"
        assert said in found
    alone = ("query",) in FACES[face].operands.values()
    said = ", any number: what each query asks for" if alone else ": query, key, value"
    assert f"judged format{said}" in found


@pytest.mark.parametrize("face", FACES)
def test_a_face_is_explained_with_every_keyword(face: str) -> None:
    found = _run("faces", face)

    assert found.exit_code == 0
    assert all(len(line) <= 80 for line in found.output.splitlines())
    for name in FACES[face].names - {*FACES[face].leading}:
        assert name in found.output, name


OBJECTS = {
    name: face for name, face in OF_KINDS.items() if isinstance(face, ObjectFace)
}


@pytest.mark.parametrize("face", OBJECTS)
def test_a_face_of_objects_lists_every_name_that_it_knows(face: str) -> None:
    found, _, _ = _run("faces", face).output.partition("\nexample\n")
    words = {*re.split(r"[\s,()]+", found)}
    options = OPTIONS if OBJECTS[face].answers else {}

    for name, names in {**MADE_WITH, **options}.items():
        assert {name, *names} <= words
    for name, role in ROLES.items():
        assert {name, *role.names} <= words
    assert {*SEQUENCE} <= words
    assert {f"{name}={value!r}" for name, value in CONSTANT.items()} <= words
    assert all(len(line) <= 80 for line in found.splitlines())


def test_a_face_that_does_not_exist_is_named_with_what_is_close() -> None:
    found = _run("faces", "flash_attn")

    assert found.exit_code != 0
    assert "did you mean 'flash-attn'?" in found.output


def test_a_function_of_no_face_says_what_could_be_meant(tmp_path: Path) -> None:
    file = tmp_path / "swap.py"
    file.write_text(
        "def kernel(query, key, value, is_causal=False):\n"
        "    from tests.faces._numpy import sdpa\n"
        "    return sdpa(query, key, value, is_causal=is_causal)\n"
    )
    words = ("check", f"{file}:kernel", "--only", "causal-support", "--tier", "smoke")

    wrong = _run(*words)
    right = _run(*words, "--face", "sdpa", "--arrays", "numpy")

    assert wrong.exit_code == 2
    assert "face: none is recognised by is_causal; sdpa is by attn_mask" in wrong.output
    assert right.exit_code == 0, right.output
    assert "face            sdpa (as asked for)" in right.output


def test_a_finding_says_the_face_in_the_command_that_makes_it_again() -> None:
    found = _run(
        *("check", f"{FILE}:window_off_by_one", "--face", "flash-attn"),
        *("--arrays", "numpy", "--dtype", "float32"),
        *("--only", "window-support", "--tier", "smoke"),
    )

    assert found.exit_code == 1
    assert "--face flash-attn --arrays numpy" in found.output
    assert "window_off_by_one(q, k, v, window_size=(" in found.output
