"""Files in which somebody describes a kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from attnspec.conformance.descriptions import read_description
from attnspec.conformance.inputs import load_description, only_deviations
from attnspec.exceptions import InvalidArgument

FILE = """
name = "flash.c"
claims = ["scale"]

[multiples]
width = 8

[[deviation]]
id = "tail"
invariants = ["tail-sweep"]
reason = "the last key is lost"
expires = 2030-01-31
when = { keys = 65 }
pinned = { fields = { keys = 65 } }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kernel.toml"


def test_a_file_says_what_an_answer_says(file: Path) -> None:
    file.write_text(FILE, "utf-8")

    said = load_description(file)

    assert said["multiples"] == {"width": 8}
    assert said["deviation"][0]["expires"] == "2030-01-31"
    assert read_description(said, "kernel.toml").name == "flash.c"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("claims = 'causal'", r"kernel\.toml: claims: expected a list of texts; got"),
        ("claims = [", r"kernel\.toml is no TOML \("),
        ("colour = 1", r"kernel\.toml: unknown key 'colour'"),
        (FILE.replace("2030-01-31", "2030-01-31T00:00:00"), "expected a day, without"),
        ("name = 2030-01-31", "name: expected one line of printable text"),
        ("deviation = 3", r"deviation: expected tables \[\[deviation\]\]; got 3"),
    ],
)
def test_a_file_that_says_it_wrongly_is_explained(
    text: str, message: str, file: Path
) -> None:
    file.write_text(text, "utf-8")

    with pytest.raises(InvalidArgument, match=message):
        load_description(file)


def test_a_file_that_cannot_be_read_is_named(file: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"kernel\.toml cannot be read \(No such"):
        load_description(file)
    with pytest.raises(InvalidArgument, match="cannot be read "):
        load_description(tmp_path)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidArgument, match=r"kernel\.toml is no TOML \("):
        load_description(file)


def test_a_file_of_deviations_says_nothing_else(file: Path) -> None:
    file.write_text(FILE, "utf-8")

    with pytest.raises(InvalidArgument, match=r"name: .* is named by --description"):
        only_deviations(file)
