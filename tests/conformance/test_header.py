"""The header `attnspec.h`: JSON, formats, and what is no question."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from attnspec import get_include
from tests.conformance._programs import (
    FLAGS,
    OPEN,
    PROGRAMS,
    asked,
    built,
    call,
    flash,
    needs_compiler,
    question,
    run,
)

DIALECTS = {"cc": ("c99", "c11"), "c++": ("c++11", "c++17")}

READS = r"""
#include <attnspec.h>
int main(void)
{
    attnspec_call call;
    attnspec_start("{}");
    while (attnspec_next(&call)) {
        attnspec_array *output = attnspec_result(&call, "output");
        const double read[] = {
            attnspec_is(&call, "te\"x\tt", "\xC3\xA9\n\\/\xF0\x9F\x98\x80"),
            attnspec_is(&call, "te\"x\tt", "other"),
            attnspec_number(&call, "small", 0.0),
            attnspec_number(&call, "absent", 5.0),
            attnspec_number_at(&call, "window", 0, 6.0),
            attnspec_number_at(&call, "window", 1, 7.0),
            attnspec_number_at(&call, "window", 2, 8.0),
            attnspec_flag(&call, "on"),
            attnspec_flag(&call, "off"),
            attnspec_argument(&call, "absent") == NULL,
            attnspec_result(&call, "absent") == NULL,
        };
        for (int index = 0; index < 11; index++)
            attnspec_set(output, read[index], 0, 0, 0, index);
        attnspec_answer(&call);
    }
    return 0;
}
"""

COPIES = r"""
#include <attnspec.h>
int main(void)
{
    attnspec_call call;
    attnspec_start("{}");
    while (attnspec_next(&call)) {
        attnspec_array *array = attnspec_argument(&call, "array");
        attnspec_array *output = attnspec_result(&call, "output");
        for (int64_t index = 0; index < array->shape[0]; index++)
            attnspec_set(output, attnspec_get(array, 0, 0, 0, index), 0, 0, 0, index);
        attnspec_answer(&call);
    }
    return 0;
}
"""


@pytest.mark.parametrize(
    ("compiler", "dialect"),
    [(compiler, dialect) for compiler in DIALECTS for dialect in DIALECTS[compiler]],
)
def test_the_header_compiles_without_a_warning(
    compiler: str, dialect: str, tmp_path: Path
) -> None:
    if not shutil.which(compiler):
        pytest.skip(f"no {compiler}")
    source = tmp_path / ("flash.c" if compiler == "cc" else "flash.cpp")
    shutil.copy(PROGRAMS / "flash.c", source)

    command = [compiler, f"-std={dialect}", *FLAGS, "-c", str(source), "-o", os.devnull]
    done = subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - ours

    assert (done.returncode, done.stderr) == (0, b"")


def test_the_header_lies_where_it_is_said_to_lie() -> None:
    assert (Path(get_include()) / "attnspec.h").is_file()


@needs_compiler
def test_options_are_read_as_json_has_them(tmp_path: Path) -> None:
    options = [
        {"name": 'te"x\tt', "value": "\u00e9\n\\/\U0001f600"},
        {"value": -1.25e-3, "name": "small"},
        {"name": "window", "value": [None, 3]},
        {"name": "on", "value": True},
        {"name": "off", "value": False, "new": {"a": [{}, [], "]}"]}},
    ]
    results = [{"name": "output", "shape": [11], "dtype": None}]

    _, (answer, payload) = asked(
        built(tmp_path, READS), call(options=options, results=results)
    )

    expected = [1, 0, -1.25e-3, 5, 6, 3, 8, 1, 0, 1, 1]
    assert answer["results"] == [results[0] | {"dtype": "float64"}]
    assert np.frombuffer(payload).tolist() == expected


@needs_compiler
def test_numbers_of_16_bits_are_rounded_as_numpy_rounds_them(tmp_path: Path) -> None:
    program = built(tmp_path, COPIES)
    every = np.arange(1 << 16, dtype=np.uint16)
    for dtype in (np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16)):
        exact = every.view(dtype).astype(np.float32)
        exact = np.sort(exact[np.isfinite(exact)])
        middle = exact[:-1] + (exact[1:] - exact[:-1]) / 2
        inf = np.float32(np.inf)
        near = [np.nextafter(middle, inf), np.nextafter(middle, -inf)]
        numbers = np.concatenate([exact, middle, *near, [inf, -inf, -0.0]])
        result = {"name": "output", "shape": numbers.shape, "dtype": dtype.name}

        _, (_, payload) = asked(program, call(array=numbers, results=[result]))

        with np.errstate(over="ignore"):
            expected = numbers.astype(dtype).tobytes()
        assert expected == payload[: len(expected)]


@needs_compiler
@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_numbers_of_16_bits_are_read_exactly(name: str, tmp_path: Path) -> None:
    dtype = np.dtype(getattr(ml_dtypes, name, name))
    numbers = np.arange(1 << 16, dtype=np.uint16).view(dtype)
    result = {"name": "output", "shape": numbers.shape, "dtype": "float64"}

    _, (_, payload) = asked(
        built(tmp_path, COPIES), call(array=numbers, results=[result])
    )

    actual = np.frombuffer(payload, np.float64, count=numbers.size)
    with np.errstate(invalid="ignore"):
        expected = numbers.astype(np.float64)
    np.testing.assert_array_equal(expected, actual, strict=True)


@needs_compiler
def test_what_is_no_question_ends_the_program_with_a_message(tmp_path: Path) -> None:
    program = built(tmp_path, flash("c"))
    opened, called = question(OPEN), question({"question": "call", "number": 1})
    wrong = {
        b"": b"there is no question",
        called: b"the first question is not `open`",
        question(OPEN | {"attnspec": 2}): b"another version than 1",
        opened[:-1]: b"a header does not end",
        b" " * (1 << 20) + opened: b"longer than 1 MiB",
        b"[" * 100_000 + b"\n": b"no object of JSON",
        opened.replace(b"0", b"00", 1): b"no object of JSON",
        opened.replace(b"}", b",}"): b"no object of JSON",
        opened + opened.replace(b'"number": 0', b'"number": 0.5'): b"a whole number",
        opened + called: b"a call has no block",
        opened + call(query=np.zeros(3))[:-1]: b"a payload is cut off",
        opened
        + call(query=np.zeros(3)).replace(b"[8]", b"[9]"): b"outside of its block",
    }

    for said, message in wrong.items():
        done = run(program, said)

        assert done.returncode == 1
        assert message in done.stderr
