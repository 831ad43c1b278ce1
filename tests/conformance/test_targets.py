from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from attnspec.conformance.libraries import known_targets
from attnspec.conformance.targets import Request, open_target, resolve
from attnspec.exceptions import InvalidArgument, UnusableTarget
from attnspec.judge.description import Description
from tests.conformance import _kernels

FILE = Path(_kernels.__file__)


@pytest.mark.parametrize("target", ["", "embedded", "embedded:tiled"])
def test_the_embedded_kernel_is_there_without_any_extra(target: str) -> None:
    assert resolve(target).description.name == "embedded:tiled"


@pytest.mark.parametrize(
    "target", [f"{FILE}:right", "attnspec.kernels:tiled_attention"]
)
def test_a_function_is_found_in_a_file_and_in_a_module(target: str) -> None:
    found = resolve(target).description

    assert found.name == target
    assert "causal" in found.capabilities


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("embeded", "is no adapter .*; did you mean 'embedded'"),
        ("embedded:fast", "embedded has the variants tiled; not 'fast'"),
        ("no_such_file.py:kernel", "there is no file no_such_file.py"),
        ("no_such_module:kernel", "importing no_such_module raises ModuleNotFoundErr"),
        (f"{FILE}:wrong", "has no 'wrong'"),
        ("attnspec:__version__", "expected a function, got str"),
        (":kernel", "is no adapter"),
    ],
)
def test_a_target_that_is_not_there_is_named(target: str, message: str) -> None:
    with pytest.raises(UnusableTarget, match=message):
        resolve(target)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import nothing_like_this", "raises ModuleNotFoundError: No module named"),
        ("raise SystemExit(2)", "raises SystemExit: 2"),
        ("def kernel(q, k, v, dropout): ...", "'dropout' is required and unknown"),
        ("def kernel(:", "raises SyntaxError"),
    ],
)
def test_a_file_that_cannot_be_used_is_explained_in_one_line(
    source: str, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "unusable_kernels.py"
    file.write_text(source)

    with pytest.raises(UnusableTarget, match=message) as found:
        resolve(f"{file}:kernel")
    assert "\n" not in str(found.value)


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


IMPLEMENTATION = """
from attnspec.conformance import Implementation
from attnspec.kinds.registry import KINDS

rope = Implementation.of(KINDS["rope"].definition, kind="rope")
"""


def test_an_implementation_of_another_kind_than_asked_is_refused(
    tmp_path: Path,
) -> None:
    file = tmp_path / "of_one_kind.py"
    file.write_text(IMPLEMENTATION)

    assert resolve(f"{file}:rope").description.kind == "rope"
    with pytest.raises(UnusableTarget, match="is of kind rope, not softmax"):
        resolve(f"{file}:rope", "softmax")


def test_a_function_of_fewer_arguments_may_be_of_another_kind(tmp_path: Path) -> None:
    file = tmp_path / "one_argument.py"
    file.write_text("def softmax(x, *, axis=-1): ...")

    with pytest.raises(UnusableTarget, match=r"takes 1 argument; .* needs its kind"):
        resolve(f"{file}:softmax")
