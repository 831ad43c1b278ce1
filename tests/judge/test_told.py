from __future__ import annotations

import itertools

import pytest

from attnspec.judge.told import few_lines, one_line, told, told_again, told_in_lines


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


def test_an_error_of_several_lines_keeps_them() -> None:
    error = RuntimeError("Exception from plugin\n\n  check failed\ncause: no kernel\n")

    said = "RuntimeError: Exception from plugin\ncheck failed\ncause: no kernel"
    assert told_in_lines(error) == said


def test_what_led_to_an_error_is_told() -> None:
    error = ValueError("no kernel")
    error.__cause__ = KeyError("tile")

    assert told_in_lines(error) == "ValueError: no kernel\nbecause of KeyError: 'tile'"


def test_a_chain_of_long_errors_is_told_again_as_it_was_told() -> None:
    causes = [
        ValueError("\n".join(f"{'x' * 400}{n}" for n in range(20))) for _ in "123"
    ]
    for error, cause in itertools.pairwise(causes):
        error.__cause__ = cause
    said = told_in_lines(causes[0])

    assert said.count("because of ValueError") == 2
    assert told_again(said) == said


def test_errors_that_led_to_each_other_are_told_once() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one

    assert told_in_lines(one) == "ValueError: one\nbecause of ValueError: other"


def test_many_lines_are_cut_with_a_word_of_how_many() -> None:
    lines = few_lines("\n".join(map(str, range(100)))).splitlines()

    assert lines == ["0", "1", "2", "3", "4", "5", "... (94 more lines)"]


def test_an_error_whose_text_fails_has_its_name() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise TypeError

    assert told_in_lines(Mute()) == "Mute"
