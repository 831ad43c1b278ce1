"""What the book says of the code is so."""

from __future__ import annotations

import ast
import pathlib
import re
import runpy
from collections.abc import Iterator
from typing import Any

import pytest

import attnspec.reference
from attnspec.conformance import check_implementation, load_deviations
from attnspec.kinds.axes import AXES
from attnspec.kinds.registry import DEFAULT_KIND, INVARIANTS, KINDS
from attnspec.reference import attention

BOOK = pathlib.Path(__file__).parent.parent / "docs"
PAGES = {page.stem: page.read_text("utf-8") for page in BOOK.glob("*/*.md")}
CLAUSES = [
    (page, clause)
    for page, text in sorted(PAGES.items())
    for clause in re.findall(r"^```\{clause\} (\S+)$", text, re.MULTILINE)
]


def test_every_clause_has_one_place() -> None:
    clauses = [clause for _, clause in CLAUSES]

    assert len(set(clauses)) == len(clauses)


@pytest.mark.parametrize(("page", "clause"), CLAUSES)
def test_a_clause_is_named_after_its_page(page: str, clause: str) -> None:
    expected = clause.split(".", maxsplit=1)[0]

    assert expected == page


@pytest.mark.parametrize("name", INVARIANTS)
def test_the_clause_of_an_invariant_is_in_the_book(name: str) -> None:
    assert INVARIANTS[name].clause in {clause for _, clause in CLAUSES}


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("test-your-kernel", "window-support"),
        ("test-other-functions", "rope-agreement"),
    ],
)
def test_the_deviation_of_a_how_to_page_can_be_read(
    page: str, expected: str, tmp_path: pathlib.Path
) -> None:
    (example,) = re.findall(
        r"^```toml\n(.*?)^```$", PAGES[page], re.MULTILINE | re.DOTALL
    )
    file = tmp_path / "deviations.toml"
    file.write_text(example, "utf-8")

    (deviation,) = load_deviations(file)

    assert deviation.invariants[0] == expected


@pytest.mark.once
@pytest.mark.slow
def test_the_deviation_of_the_how_to_page_covers_what_its_kernel_breaks(
    tmp_path: pathlib.Path,
) -> None:
    def kernel(
        *arrays: Any,
        mask: Any = None,
        bias: Any = None,
        scale: Any = None,
        causal: bool = False,
        window: Any = None,
        softcap: Any = None,
    ) -> Any:
        options = {"mask": mask, "bias": bias, "scale": scale, "softcap": softcap}
        wide = None if window == (0, 0) else window
        output = attention(*arrays, **options, causal=causal, window=wide)
        return output.astype(arrays[0].dtype)

    (example,) = re.findall(
        r"^```toml\n(.*?)^```$", PAGES["test-your-kernel"], re.MULTILINE | re.DOTALL
    )
    file = tmp_path / "deviations.toml"
    file.write_text(example, "utf-8")

    report = check_implementation(
        kernel, deviations=load_deviations(file), tier="smoke"
    )

    assert report.conforms, report


def test_every_picture_of_the_book_has_a_function_that_draws_it() -> None:
    book = "".join(PAGES.values())
    pictures = re.findall(r"^```\{picture\} (\S+) (\S+)$", book, re.MULTILINE)

    lacking = [
        (module, function)
        for module, function in pictures
        if f"def {function}()" not in (BOOK / "figures" / module).read_text("utf-8")
    ]

    assert lacking == []


def shapes() -> Iterator[str]:
    """Give the shape of every array in a signature of the definitions."""
    (folder,) = map(pathlib.Path, attnspec.reference.__path__)
    for module in folder.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            match node:
                case ast.Subscript(slice=ast.Tuple(elts=[_, ast.Constant(str(shape))])):
                    yield shape


def test_every_axis_of_a_signature_is_in_the_notation() -> None:
    used = {axis for shape in shapes() for axis in re.findall(r"[A-Z]\w*", shape)}

    assert used <= {*AXES}


@pytest.mark.parametrize("page", ["faces", "claims", "dialect", "invariants-table"])
def test_no_bar_ends_a_cell_of_a_table(
    page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BOOK / "_ext"))
    pages = runpy.run_path(str(BOOK / "_ext" / "registries.py"))["PAGES"]
    rows = [row for row in pages[page]().splitlines() if row.startswith("| ")]
    heads = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}

    assert rows
    assert len(heads) == 1


TRACES = runpy.run_path(str(BOOK / "_ext" / "traceability.py"))["traces"]()


def test_every_clause_of_the_book_is_traced() -> None:
    assert [trace.clause for trace in TRACES] == [
        clause
        for page, clause in CLAUSES
        if (BOOK / "reference" / f"{page}.md").exists()
    ]


@pytest.mark.parametrize("trace", TRACES, ids=[trace.clause for trace in TRACES])
def test_no_cell_of_the_trace_of_a_clause_is_empty(trace: Any) -> None:
    """The public bugs alone may be none: that none is known is a statement, too."""
    assert trace.definitions
    assert trace.invariants
    assert trace.rogues


# Attention has pages of its own, a chapter each.
@pytest.mark.parametrize("kind", sorted(set(KINDS) - {DEFAULT_KIND}))
def test_every_kind_is_shown_in_the_book(kind: str) -> None:
    shown = "".join(PAGES.values())

    assert f"```{{kind}} {kind}\n```" in shown


SCRIPTS = sorted(
    script.relative_to(BOOK.parent).as_posix()
    for folder in (BOOK / "scripts", BOOK.parent / "benchmarks")
    for script in folder.rglob("[!_]*.py")
)


IN_TESTS = "".join(
    path.read_text("utf-8")
    for path in (BOOK.parent / "tests" / "adapters").glob("*.py")
)


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_is_run_before_a_change_is_merged(script: str) -> None:
    commands = (BOOK.parent / "tox.ini").read_text("utf-8")
    in_book = f"```{{script}} {script.removeprefix('docs/')}\n"
    in_test = f'shows("{pathlib.PurePath(script).stem}")'

    # The kernel in tail.py does nothing by itself; report.py judges it.
    elsewhere = in_book in "".join(PAGES.values()) or in_test in IN_TESTS
    if script != "docs/scripts/tail.py" and not elsewhere:
        assert re.search(
            rf"^    (python (-E )?|attnspec check ){re.escape(script)}\b",
            commands,
            re.MULTILINE,
        )
