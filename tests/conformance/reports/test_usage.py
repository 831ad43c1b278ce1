"""How a kind is said to be called: nothing is missing, and the example runs."""

from __future__ import annotations

import contextlib
import io
import re

import numpy as np
import pytest

from attnspec.conformance.reports import lists, usage
from attnspec.kinds.registry import KINDS

WIDTH = 80


@pytest.mark.parametrize("name", KINDS)
def test_each_argument_has_a_format_values_and_a_meaning(name: str) -> None:
    for _, arguments in usage.groups(KINDS[name]):
        for row in (usage.row(*item) for item in arguments.items()):
            assert row.dtype
            assert row.values
            assert row.meaning
            # Of what is no array the format is a type of Python.
            assert row.shape or row.dtype.strip("()").split(",")[0] in {
                *("int", "float", "bool", "str", "integer")
            }


@pytest.mark.parametrize("name", KINDS)
def test_each_letter_of_an_axis_is_explained(name: str) -> None:
    kind = KINDS[name]
    arguments = [*kind.usage.arguments.values(), *kind.usage.results.values()]
    letters = {part for a in arguments for part in re.split(r"[ +#]", a.shape) if part}
    explained = usage.letters(kind)
    assert {*kind.usage.axes} <= {*explained}
    assert {p for p in letters if not p.startswith("*") and p != "3"} == {*explained}


@pytest.mark.parametrize("name", KINDS)
def test_the_example_prints_what_is_told(name: str) -> None:
    example = usage.example(KINDS[name])
    out = io.StringIO()
    with contextlib.redirect_stdout(out), np.printoptions():
        exec("\n".join(example), {})  # noqa: S102 - our own text
    printed = [f"# {line}".rstrip() for line in out.getvalue().splitlines()]
    assert printed
    assert example[-len(printed) :] == printed


@pytest.mark.parametrize("name", KINDS)
def test_the_list_of_a_kind_is_no_wider_than_a_terminal(name: str) -> None:
    lines = lists.explained_kind(name)
    assert max(map(len, lines)) <= WIDTH
    assert not [line for line in lines if line != line.rstrip()]
    for argument in (n for _, said in usage.groups(KINDS[name]) for n in said):
        assert any(line.startswith(f"  {argument} ") for line in lines)
