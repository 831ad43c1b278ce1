from __future__ import annotations

import pytest

from attnspec.judge.told import one_line, told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("as it is", "as it is"),
        ("\n\n  the first\nthe second", "the first"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("a\ud800b", r"a\ud800b"),
        ("", ""),
        (" \n ", ""),
        ("x" * 301, "x" * 300 + " ..."),
        ("x" * 300, "x" * 300),
        ("\n" * 5_000_000, ""),
    ],
)
def test_what_a_stranger_says_is_one_line_that_can_be_printed(
    text: str, expected: str
) -> None:
    assert one_line(text) == expected


def test_an_error_has_its_name_and_the_name_is_cut_short_too() -> None:
    long = type("E" * 1_000, (Exception,), {})

    assert told(ValueError("no\nmore")) == "ValueError: no"
    assert told(ValueError()) == "ValueError"
    assert told(long("text")) == "E" * 300 + " ..."
