from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from attnspec._typing import Array
from attnspec.conformance import protocol
from attnspec.conformance.memory import Block
from attnspec.conformance.protocol import Unreadable
from attnspec.judge.case import Case
from attnspec.judge.layouts import LAYOUTS
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.kinds.registry import KINDS

CASE = ATTENTION.case(
    ATTENTION.recipe(queries=3, keys=4, width=2, value_width=2, mask="holes")
)


def _there(case: Case) -> dict[str, Any]:
    """Return the arguments of a case as the other side reads them."""
    block = Block()
    block.lay(case)
    line = protocol.encoded(protocol.call(case, block, None))
    question = protocol.decoded(line)
    memory = bytearray(block.content)
    operands = protocol.arguments(question["operands"], memory, 0)
    return operands | protocol.arguments(question["options"], memory, 0)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_array_arrives_in_the_layout_in_which_it_was_sent(layout: str) -> None:
    case = CASE.replace(layouts={"*": layout})
    found = _there(case)

    for name, array in case.arrays().items():
        if "broadcast" not in layout:
            np.testing.assert_array_equal(array, found[name])
        assert (array.shape, array.dtype) == (found[name].shape, found[name].dtype)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_argument_of_every_kind_arrives(kind: Any) -> None:
    for dtype in kind.dtypes:
        case = kind.case(kind.recipe(dtype))
        found = _there(case)

        assert list(found) == list(case.arguments)
        for name, value in case.arguments.items():
            np.testing.assert_array_equal(value, found[name])
            assert type(value) is type(found[name])


def test_bfloat16_and_pairs_with_nothing_in_them_arrive() -> None:
    recipe = ATTENTION.recipe("bfloat16", queries=3, keys=3, window=(None, 1))
    case = ATTENTION.case(recipe)
    found = _there(case)

    assert found["window"] == (None, 1)
    assert found["query"].dtype == case["query"].dtype


def _results(*said: Any) -> dict[str, Any]:
    return {"answer": 1, "results": list(said)}


RIGHT = {"name": "output", "dtype": "float32", "shape": [1, 1, 3, 2]}


def test_results_come_back_as_they_were_sent() -> None:
    arrays: list[Array] = [
        np.arange(3, dtype=np.uint8),
        np.arange(6.0, dtype=np.float64),
    ]
    wanted = [("a", (3,), "integer"), ("b", (6,), "float64")]
    case = Case({}, {}, tuple(wanted), "float64")
    header = json.loads(json.dumps(protocol.results(wanted, arrays)))

    forms = protocol.forms(header, case)
    payload = bytearray(b"".join(array.tobytes() for array in arrays))

    assert header["payload"] == sum(map(protocol.size_of, forms)) == 51
    for array, found in zip(arrays, protocol.arrays_of(forms, payload), strict=True):
        np.testing.assert_array_equal(array, found)
        assert found.flags.aligned


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"answer": 1}, "gave no results"),
        ({"answer": 1, "results": {}}, "gave no results"),
        (_results(3), "gave no results"),
        (_results(), "gave other results than output"),
        (_results({**RIGHT, "name": "lse"}), "gave other results than output"),
        (_results(RIGHT, RIGHT), "gave other results than output"),
        (_results({**RIGHT, "dtype": "complex128"}), "gave 'complex128' as a format"),
        (_results({**RIGHT, "dtype": "object"}), "gave 'object' as a format"),
        (_results({**RIGHT, "dtype": ["float32"]}), "as a format"),
        (_results({**RIGHT, "dtype": {}}), "as a format"),
        (_results({**RIGHT, "shape": None}), "gave None as a shape"),
        (_results({**RIGHT, "shape": [1, -1]}), r"\[1, -1\] as a shape"),
        (_results({**RIGHT, "shape": [1.0]}), r"\[1\.0\] as a shape"),
        (_results({**RIGHT, "shape": [True]}), r"\[True\] as a shape"),
        (_results({**RIGHT, "shape": [2**70]}), "as a shape"),
        (_results({**RIGHT, "shape": [0, 2**61]}), "as a shape"),
        (_results({**RIGHT, "shape": [2**31, 0, 2**31]}), "as a shape"),
        (_results({**RIGHT, "shape": [1] * 99}), "as a shape"),
    ],
)
def test_results_that_cannot_be_read_say_why(
    answer: dict[str, Any], message: str
) -> None:
    with pytest.raises(Unreadable, match=message):
        protocol.forms(answer, CASE)


@pytest.mark.parametrize("shape", [[0], [0, 2**59], [2**29, 0, 2**30], [0] * 32])
@pytest.mark.parametrize("dtype", ["bool", "bfloat16", "float64"])
def test_every_empty_result_that_can_be_read_can_be_made(
    shape: list[int], dtype: str
) -> None:
    answer = _results({**RIGHT, "dtype": dtype, "shape": shape})

    (array,) = protocol.arrays_of(protocol.forms(answer, CASE), bytearray())

    assert array.shape == tuple(shape)


@pytest.mark.parametrize(
    "line",
    [b"", b"rubbish", b"[1]", b"3", b'{"answer": 1', b"\xff\xfe", b"[" * 100_000],
    ids=["empty", "rubbish", "a list", "a number", "half", "no UTF-8", "deep"],
)
def test_a_line_that_is_no_object_says_so(line: bytes) -> None:
    with pytest.raises(Unreadable, match="gave no JSON"):
        protocol.decoded(line)
