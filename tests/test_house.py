"""One word in every place: whoever looks for a kind by its id finds all of it."""

from __future__ import annotations

import ast
import configparser
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import attnspec
from attnspec.judge.kind import Kind
from attnspec.kinds.registry import CHAPTERS, DEFAULT_KIND, FOR_UNDERSTANDING, KINDS

PACKAGE = Path(attnspec.__file__).parent
ROOT = Path(__file__).parents[1]
PLACES = [(chapter, module) for chapter, own in CHAPTERS.items() for module in own]
IDS = [module for _, module in PLACES]
PAGES = {page: page.read_text("utf-8") for page in (ROOT / "docs").rglob("*.md")}

WITHOUT = {
    "attention_gradient": "gradients",
    "merge_all": "merge",
    "neighborhood_2d": "grid_mask",
    "padded_gradient": "padded",
    "varlen_gradient": "varlen",
}
"""Kinds whose definition has another name: where it, or its main part, stands."""


@pytest.mark.parametrize(("chapter", "module"), PLACES, ids=IDS)
def test_a_kind_has_its_word_in_every_place(chapter: str, module: str) -> None:
    places = (
        PACKAGE / "kinds" / chapter / f"{module}.py",
        PACKAGE / "rogues" / chapter / f"{module}.py",
        PACKAGE / "reference" / f"{WITHOUT.get(module, module)}.py",
        ROOT / "tests" / "kinds" / chapter / f"test_{module}.py",
    )

    assert [str(place) for place in places if not place.exists()] == []


@pytest.mark.parametrize(("chapter", "module"), PLACES, ids=IDS)
def test_a_section_shows_a_kind(chapter: str, module: str) -> None:
    name = module.replace("_", "-")

    shown = [page for page, text in PAGES.items() if f"```{{kind}} {name}\n" in text]

    assert chapter
    assert len(shown) == 1


def _public(folder: Path) -> Iterator[str]:
    return (f.stem for f in folder.glob("*.py") if not f.stem.startswith("_"))


@pytest.mark.parametrize("chapter", CHAPTERS)
@pytest.mark.parametrize("tree", ["kinds", "rogues"])
def test_a_folder_holds_nothing_but_its_kinds(tree: str, chapter: str) -> None:
    assert set(_public(PACKAGE / tree / chapter)) == set(CHAPTERS[chapter])


@pytest.mark.parametrize(("chapter", "module"), PLACES, ids=IDS)
def test_a_module_defines_one_kind(chapter: str, module: str) -> None:
    place = importlib.import_module(f"attnspec.kinds.{chapter}.{module}")

    own = {kind.name for kind in vars(place).values() if isinstance(kind, Kind)}

    assert own == {module.replace("_", "-")}


def test_every_kind_is_registered_once() -> None:
    assert list(KINDS) == [DEFAULT_KIND, *(i.replace("_", "-") for i in IDS)]
    assert set(KINDS) > FOR_UNDERSTANDING


def _strings(tree: ast.Module) -> Iterator[str]:
    """Yield the strings of a module that are no docstrings."""
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in said:
            yield node.value  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", sorted((PACKAGE / "judge").glob("*.py")), ids=str)
def test_the_machine_names_no_kind(path: Path) -> None:
    named = set(_strings(ast.parse(path.read_text("utf-8"))))

    assert named & set(KINDS) == set()


def test_the_faces_of_libraries_are_judged_where_the_libraries_are() -> None:
    asking = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests" / "faces").glob("test_*.py")
        if "importorskip" in path.read_text("utf-8")
    }
    environments = configparser.ConfigParser(interpolation=None)
    environments.read(ROOT / "tox.ini")
    words = environments["testenv:faces"]["commands"].split()

    assert asking == {word for word in words if word.startswith("tests/faces/")}
