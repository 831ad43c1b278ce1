"""Programs in C and JavaScript: where they are, how they are built and asked."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from attnspec import get_include

PROGRAMS = Path(__file__).parents[2] / "docs" / "programs"
FLAGS = ("-O1", "-Wall", "-Wextra", "-Werror", "-pedantic", f"-I{get_include()}")
NODE = shutil.which("node") or ""

needs_compiler = pytest.mark.skipif(not shutil.which("cc"), reason="no compiler of C")
needs_node = pytest.mark.skipif(not NODE, reason="no Node")

OPEN = {"question": "open", "number": 0, "attnspec": 1, "kind": "attention"}


def flash(language: str) -> str:
    """Return the text of the program in the book, in "c" or "mjs"."""
    return (PROGRAMS / f"flash.{language}").read_text("utf-8")


def built(folder: Path, text: str) -> str:
    """Compile a program in C, and return the command that starts it."""
    source, program = folder / "flash.c", folder / "flash"
    source.write_text(text, "utf-8")
    command = ["cc", *FLAGS, str(source), "-o", str(program), "-lm"]
    subprocess.run(command, check=True)  # noqa: S603 - our own program
    return shlex.quote(str(program))


def run(program: str, said: bytes) -> subprocess.CompletedProcess[bytes]:
    """Run a program with this input."""
    return subprocess.run(  # noqa: S603 - our own program
        shlex.split(program), input=said, capture_output=True, check=False, timeout=60
    )


def question(header: dict[str, Any], payload: bytes = b"") -> bytes:
    """Return a question as it is sent."""
    size = {"payload": len(payload)} if payload else {}
    return json.dumps(header | size).encode() + b"\n" + payload


def asked(program: str, *questions: bytes) -> list[tuple[dict[str, Any], bytes]]:
    """Return headers and payloads of the answers to questions; the first is `open`."""
    done = run(program, question(OPEN) + b"".join(questions))
    assert (done.returncode, done.stderr) == (0, b"")
    answers, left = [], done.stdout
    while left:
        line, _, left = left.partition(b"\n")
        header = json.loads(line)
        size = header.get("payload", 0)
        answers.append((header, left[:size]))
        left = left[size:]
    return answers


def call(
    *, options: Sequence[Any] = (), results: Sequence[Any] = (), **operands: Any
) -> bytes:
    """Return a call whose operands are contiguous arrays, in the payload."""
    told, block = [], b""
    for name, array in operands.items():
        place = {"shape": array.shape, "strides": array.strides, "offset": len(block)}
        told.append({"name": name, "dtype": array.dtype.name, **place})
        block += array.tobytes()
    header = {
        "question": "call",
        "number": 1,
        "operands": told,
        "options": list(options),
        "results": list(results),
        "block": {"offset": 0, "size": len(block)},
    }
    return question(header, block)
