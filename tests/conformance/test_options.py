"""Options say what a file says."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path
from typing import Any

import pytest

from attnspec.conformance.inputs import request_in_words
from attnspec.conformance.options import read_options, written_options
from attnspec.exceptions import InvalidArgument
from attnspec.numerics import default_model

SAID: dict[str, Any] = {
    "claims": ["softcap"],
    "without": ["causal"],
    "multiples": {"width": 8, "keys": 16},
    "exclusive": [["mask", "bias"]],
    "dialect": {"alignment": "upper_left"},
    "models": {"float32": "tfloat32"},
}
WORDS = (
    "--claim softcap --without causal --limit 'width % 8 == 0' "
    "--limit 'keys % 16 == 0' --exclusive mask,bias --dialect alignment=upper_left "
    "--model float32=tfloat32"
)


def test_options_are_read_as_a_file_says_it() -> None:
    found = read_options(
        claims=["softcap"],
        without=["causal"],
        limits=["width % 8", " keys%16==0 "],
        exclusive=["mask, bias"],
        dialect=["alignment=upper_left"],
        models=["float32 = tfloat32"],
    )

    assert found == SAID


def test_options_are_written_as_they_are_read() -> None:
    assert written_options(SAID) == shlex.split(WORDS)


def test_a_model_is_a_name_with_other_fields_in_any_order() -> None:
    named, fields = "bfloat16=upcast-bfloat16", "bfloat16.tables=bfloat16"
    lists, numbers = "float32.operands=float32, tfloat32", "float32.block=64"
    found = read_options(models=[named, fields, lists, numbers, "float32.lse=null"])
    changed = {"operands": ["float32", "tfloat32"], "block": 64, "lse": None}
    expected = {"preset": "upcast-bfloat16", "tables": "bfloat16"}

    assert found == {"models": {"bfloat16": expected, "float32": changed}}
    assert read_options(models=[fields, named])["models"]["bfloat16"] == expected


def test_a_model_without_a_name_is_written_by_what_makes_it_another() -> None:
    model = default_model("float32").replace(
        name="mine", splits=True, weights="bfloat16"
    )
    said = {"models": {"float32": dataclasses.asdict(model)}}
    words = written_options(said)
    again = read_options(models=words[1::2])

    assert words == [
        *("--model", "float32.weights=bfloat16"),
        *("--model", "float32.splits=true"),
    ]
    assert again == {"models": {"float32": {"weights": "bfloat16", "splits": True}}}


def test_fields_beside_a_name_are_written_even_if_they_are_usual() -> None:
    said = {"models": {"float32": {"preset": "tfloat32", "weights": None, "block": 16}}}
    words = written_options(said)

    assert words[1::2] == [
        *("float32=tfloat32", "float32.weights=null", "float32.block=16")
    ]
    assert read_options(models=words[1::2]) == said


def test_an_empty_list_of_formats_is_one() -> None:
    said = {"models": {"float32": {"operands": [], "scores": ["bfloat16", "float16"]}}}

    assert read_options(models=written_options(said)[1::2]) == said


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("limits", "width", "limit: expected 'SIZE % NUMBER == 0', as .*; got 'width'"),
        ("limits", "width % 8 == 1", "limit: expected"),
        ("limits", "width % -8", "limit: expected"),
        ("exclusive", "mask", "exclusive: expected CLAIM,CLAIM; got 'mask'"),
        ("exclusive", "mask,,scale", "exclusive: expected CLAIM,CLAIM"),
        ("exclusive", "mask,", "exclusive: expected CLAIM,CLAIM"),
        ("dialect", "alignment", "dialect: expected FIELD=VALUE; got 'alignment'"),
        ("models", "=tfloat32", "model: expected DTYPE=PRESET or .*; got '=tfloat32'"),
    ],
)
def test_an_option_of_another_form_is_refused(
    option: str, text: str, message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        read_options(**{option: [text]})


def test_a_file_comes_before_the_options_and_names_the_kind(tmp_path: Path) -> None:
    file, known = tmp_path / "rope.toml", tmp_path / "known.toml"
    file.write_text('kind = "rope"\nclaims = ["base"]', "utf-8")
    known.write_text("", "utf-8")

    found = request_in_words(
        target="x.py:f", description=file, deviations=known, claims=["width"]
    )
    other = request_in_words(target="x.py:f", kind="alibi", description=file)

    assert (found.target, found.kind, other.kind) == ("x.py:f", "rope", "alibi")
    assert [*found.declared] == [str(known), str(file), ""]
    assert found.declared[""] == {"claims": ["width"]}


def test_two_limits_of_a_sort_for_one_size_are_refused() -> None:
    limits = ["width % 8 == 0", "width % 6 == 0"]

    with pytest.raises(InvalidArgument, match="one of a sort for each size; got two"):
        read_options(limits=limits)
