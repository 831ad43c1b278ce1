"""What the package offers: every public name is listed, there and documented."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

import attnspec
from attnspec.kinds.registry import INVARIANTS

HEAVY = (
    "click",
    "fastjsonschema",
    "hypothesis",
    "jax",
    "onnxruntime",
    "pytest",
    "rich",
    "torch",
)
LIBRARIES = ("attnspec.adapters",)
"""Packages whose modules may need libraries that are not there."""


def _names() -> Iterator[str]:
    yield "attnspec"
    for module in pkgutil.walk_packages(attnspec.__path__, "attnspec."):
        if not module.name.startswith(LIBRARIES) and "__main__" not in module.name:
            yield module.name


MODULES = sorted(_names())
LAWS = {law.check.__name__ for law in INVARIANTS.values()}
OF_LAWS = {law.check.__module__ for law in INVARIANTS.values()}
"""Laws are found by their ids, and so no module lists them."""

PUBLIC = [name for name in MODULES if not re.search(r"\._", name)]


def _members(name: str) -> list[tuple[str, object]]:
    module = importlib.import_module(name)
    return [(member, getattr(module, member)) for member in module.__all__]


@pytest.mark.parametrize("name", MODULES)
def test_every_module_has_a_docstring_and_says_what_it_offers(name: str) -> None:
    module = importlib.import_module(name)

    assert module.__doc__
    is_folder = hasattr(module, "__path__")
    if not (is_folder or name.endswith("._typing") or name in OF_LAWS):
        assert module.__all__


@pytest.mark.parametrize("name", MODULES)
def test_every_listed_name_exists_once(name: str) -> None:
    module = importlib.import_module(name)

    assert len(set(module.__all__)) == len(module.__all__)
    assert [n for n in module.__all__ if not hasattr(module, n)] == []


@pytest.mark.parametrize("name", PUBLIC)
def test_every_function_that_a_module_defines_for_others_is_listed(name: str) -> None:
    module = importlib.import_module(name)

    defined = {
        member
        for member, value in vars(module).items()
        if not member.startswith("_")
        and (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == name
    }

    assert defined - set(module.__all__) - {"main"} - LAWS == set()


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_function_and_class_is_documented(name: str) -> None:
    bare = [
        member
        for member, value in _members(name)
        if (inspect.isfunction(value) or inspect.isclass(value))
        and not inspect.getdoc(value)
    ]

    assert bare == []


@pytest.mark.parametrize(
    "name", [m for m in PUBLIC if m.startswith("attnspec.reference.")]
)
def test_every_definition_has_a_formula_shapes_and_an_example(name: str) -> None:
    parts = (".. math::", "Parameters\n---", "Returns\n---", "Examples\n---")

    lacking = {
        (member, part)
        for member, value in _members(name)
        for part in parts
        if inspect.isfunction(value) and part not in (inspect.getdoc(value) or "")
    }

    assert lacking - {("intersection", "Parameters\n---")} == set()


def test_the_version_is_that_of_the_distribution() -> None:
    expected = importlib.import_module("importlib.metadata").version("attnspec")

    assert expected == attnspec.__version__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'attend'"):
        _ = attnspec.attend  # type: ignore[attr-defined]


def test_importing_the_package_loads_nothing_heavy() -> None:
    program = f"import sys, attnspec; print({{*sys.modules}} & {{*{HEAVY!r}}})"

    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "set()"


def test_names_of_the_judge_are_listed_without_importing_it() -> None:
    listed = dir(attnspec)

    assert isinstance(attnspec, ModuleType)
    assert {"Implementation", "check_implementation", "attention"} <= {*listed}
