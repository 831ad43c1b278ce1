"""How a function is called crosses to the judge, which believes none of it blindly."""

from __future__ import annotations

import json
from typing import Any

import pytest

from attnspec.conformance import Implementation
from attnspec.conformance.descriptions import read_description, with_declared, written
from attnspec.conformance.facing import face_of, orders
from attnspec.exceptions import InvalidArgument
from attnspec.kernels import tiled_attention


def _flash(
    q: Any, k: Any, v: Any, softmax_scale: Any = None, window_size: Any = (-1, -1)
) -> None: ...


def _said(**changes: Any) -> dict[str, Any]:
    """Return what a process says of a function with a face, a part of it changed."""
    description = Implementation.of(_flash, arrays="numpy").description
    said: dict[str, Any] = json.loads(json.dumps(written(description)))
    return {**said, "face": {**said["face"], **changes}}


def test_a_face_crosses_to_the_judge() -> None:
    known = face_of(read_description(_said(), "answer"))

    assert known is not None
    assert (known.face.id, known.arrays, known.recognised) == (
        "flash-attn",
        "numpy",
        True,
    )
    assert {*known.parameters} == {"softmax_scale", "window_size"}


def test_operands_lie_in_the_order_of_the_face() -> None:
    plain = Implementation.of(tiled_attention).description

    assert orders(plain) == {}
    assert orders(read_description(_said(), "answer")) == dict.fromkeys(
        ("query", "key", "value"), (0, 2, 1, 3)
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": "cudnn"}, "answer: face: expected one of plain, .*got 'cudnn'"),
        ({"id": 3}, "answer: face.id: expected one line"),
        ({"more": 1}, "answer: face"),
        (
            {"signature": {"name": "f", "placed": [], "defaults": {}, "open": False}},
            "answer: face: flash-attn has query, key, value; it takes 0",
        ),
        (
            {
                "signature": {
                    "name": "f",
                    "placed": [],
                    "defaults": {"q": {"is": {"a": 1}}},
                    "open": False,
                }
            },
            "answer: face.signature.defaults.q.is: expected null, true, false",
        ),
    ],
)
def test_what_cannot_be_a_face_is_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        read_description(_said(**changes), "answer")


def test_a_file_does_not_say_the_face() -> None:
    description = Implementation.of(_flash, arrays="numpy").description
    face = _said()["face"]

    with pytest.raises(
        InvalidArgument, match=r"kernel.toml: face: expected of the ker"
    ):
        with_declared(description, {"face": face}, "kernel.toml")
