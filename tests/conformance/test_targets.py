from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from attnspec.conformance.importing import resolve
from attnspec.conformance.libraries import known_targets
from attnspec.conformance.targets import Request, open_target
from attnspec.exceptions import InvalidArgument
from attnspec.judge.description import Description
from tests.conformance import _kernels

FILE = Path(_kernels.__file__)


def _opened(target: str, **said: Any) -> Description:
    with open_target(Request(target, declared={"here": said})) as (_, description):
        return description


def test_what_is_declared_is_added_to_what_a_function_says() -> None:
    found = _opened(f"{FILE}:right", claims=["grouped_query"], dtypes=["float16"])

    assert "grouped_query" in found.capabilities
    assert found.capabilities.dtypes == ("float32", "float16")
    with pytest.raises(InvalidArgument, match=r"here: claims: expected a list"):
        _opened(f"{FILE}:right", claims="grouped_query")


def test_a_dtype_does_not_widen_an_adapter() -> None:
    known = resolve("embedded").description

    found = _opened("embedded", dtypes=["float16"], dialect={"empty_row": "nan"})

    assert found.capabilities == known.capabilities
    assert found.dialect == {**known.dialect, "empty_row": "nan"}


def test_what_is_declared_later_replaces_what_was_declared_before() -> None:
    declared: dict[str, dict[str, Any]] = {
        "first.toml": {"without": ["causal"], "dialect": {"alignment": "upper_left"}},
        "": {"claims": ["causal"], "dialect": {"alignment": "lower_right"}},
    }

    with open_target(Request(f"{FILE}:right", declared=declared)) as (_, found):
        assert "causal" in found.capabilities
        assert found.dialect == {"alignment": "lower_right"}


def test_a_request_can_be_put_into_words_again() -> None:
    said = {
        "claims": ["softcap"],
        "without": ["causal"],
        "multiples": {"width": 8},
        "exclusive": [["mask", "bias"]],
        "dialect": {"alignment": "upper_left"},
        "models": {"float32": "tfloat32", "float16": {"block": 8}},
        "dtypes": ["float16"],
    }
    declared: dict[str, dict[str, Any]] = {
        "kernel.toml": said,
        "known.toml": {"deviation": []},
        "": said,
    }
    request = Request("torch", "attention", "jax", declared=declared)

    assert " ".join(request.replayed()) == (
        "torch --arrays jax --description kernel.toml --claim softcap --without causal "
        "--limit width % 8 == 0 --exclusive mask,bias --dialect alignment=upper_left "
        "--model float32=tfloat32 --model float16.block=8"
    )
    assert Request(program="./server -v").replayed() == ("--program", "./server -v")
    assert Request().replayed() == ("embedded",)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"program": "x", "target": "torch"}, "program: expected in place of a target"),
        (
            {"program": "x", "arrays": "torch"},
            "arrays: a program takes bytes; got 'tor",
        ),
    ],
)
def test_a_program_has_neither_a_target_nor_arrays(
    fields: dict[str, str], message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        Request(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("deadline", [0.0, -1.0, float("nan"), float("inf")])
def test_a_deadline_can_be_waited_for(deadline: float) -> None:
    expected = "deadline: expected more than 0 and at most 604,800 seconds, got"
    with (
        pytest.raises(InvalidArgument, match=expected),
        open_target(Request("embedded"), deadline=deadline),
    ):
        pass


def test_adapters_are_known_whether_installed_or_not() -> None:
    known = {target.name: target for target in known_targets()}

    assert known["embedded"].installed
    assert all(t.sentence and (t.installed or t.install) for t in known.values())


def test_an_opened_target_can_be_called_and_is_closed() -> None:
    with open_target(Request(f"{FILE}:right")) as (_, description):
        assert description.name == f"{FILE}:right"
