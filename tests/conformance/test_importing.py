from __future__ import annotations

from pathlib import Path

import pytest

from attnspec.conformance.importing import resolve
from attnspec.exceptions import UnusableTarget
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
