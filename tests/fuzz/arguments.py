"""Throw command lines at attnspec that are nearly right.

    python tests/fuzz/arguments.py [--count 300] [--seed 0]

Most are refused before a kernel is called. One is handled if it ends as the reference
of the command line says: with a verdict, or with one line that says what is wrong.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from click.testing import CliRunner
from tally import Accepted, run

from attnspec.cli import main
from attnspec.conformance.reports import read_report
from attnspec.exceptions import AttnspecError
from attnspec.judge.tokens import Token
from attnspec.kinds.registry import KINDS

_FOLDER = tempfile.TemporaryDirectory(prefix="attnspec-fuzz-")
_INSIDE = Path(_FOLDER.name, "a", "b", "c")
"""Where the commands run: what leads two folders up stays within the outer one."""

_KERNEL = "def kernel(query, key, value):\n    return value[..., :1, :]\n"
_TOKEN = str(
    Token(KINDS["rope"], KINDS["rope"].laws["rope-agreement"], KINDS["rope"].recipe())
)
_LIMITS = ("width % 8 == 0", "width % 0", "keys >= 2", "keys >= -2", "width % x", "%")
_MODELS = ("float32=tfloat32", "float32=x", "float32.block=8", "float32.block=x", "=")
_VALUES: dict[str, tuple[str, ...]] = {
    "--kind": ("attention", "rope", "ropes", "softmax"),
    "--dtype": ("float32", "bfloat16", "float8", "FLOAT32"),
    "--claim": ("causal", "mask", "masks", "deterministic"),
    "--without": ("causal", "mask", "masks"),
    "--limit": _LIMITS,
    "--exclusive": ("mask,causal", "mask", "mask,mask", ",", "mask,masks"),
    "--dialect": ("alignment=lower_right", "alignment=x", "x=y", "alignment", "=="),
    "--model": _MODELS,
    "--deadline": ("1", "0", "-1", "nan", "inf", "1e308", "1e-9", "x"),
    "--arrays": ("numpy", "torch", "cupy"),
    "--only": ("agreement", "rope-agreement", "agreements", "causality"),
    "--tier": ("smoke", "smok", "SMOKE"),
    "--seed": ("0", "-1", "random", str(2**70), "1.5", "0x10", "9" * 5_000),
    "--report": ("new.jsonl", "old.jsonl", "kernel.py", "no/x", ".", "../../x"),
    "--junit": ("new.xml", "new.jsonl", "kernel.py", "no/x", "/dev/null"),
    "--deviations": ("kernel.py", "good.toml", "bad.toml", "none.toml", "."),
    "--description": ("kernel.py", "good.toml", "bad.toml", "none.toml"),
    "--program": (
        "true",
        "false",
        "cat",
        "yes",
        "no-such",
        "'x",
        "./kernel.py",
        "kill",
    ),
    "--script": ("new.py", "kernel.py", "-", "no/x"),
    "--show": (),
    "-x": (),
    "--help": (),
    "--version": (),
}
_TARGETS = (
    *("kernel.py:kernel", "kernel.py:gone", "gone.py:kernel", "kernel.py", "spam:eggs"),
    *("embedded:gone", "torch:gone", "jax", "a:b:c", "os:getcwd", "os:sep", "é:ü"),
    *("kernel.py:kernel.__call__", "kernel.py:__name__", "bad.py:kernel", ":", ".py:f"),
)
_ODD = (
    "",
    " ",
    "-",
    "--",
    "-1",
    "nan",
    "x" * 5_000,
    "é\u2028",
    "\udcff",
    "\x1b[0m",
    "%s",
)


def _prepare() -> None:
    """Make the files that the words name."""
    _INSIDE.mkdir(parents=True)
    os.chdir(_INSIDE)
    files = {
        "kernel.py": _KERNEL,
        "bad.py": "1 / 0\n",
        "good.toml": "deviation = []\n",
        "bad.toml": 'claims = "causal"\n',
        "old.jsonl": '{"kind": "header", "report": 1}\n',
    }
    for name, content in files.items():
        Path(name).write_text(content, "utf-8")


def drawn(draw: random.Random) -> tuple[str, ...]:
    """Return the words of a command line."""
    command = draw.choice(("check", "check", "check", "replay", "describe", "lists"))
    if command == "lists":
        command = draw.choice(("invariants", "kinds", "targets", "include", "rogues"))
    words = [draw.choice(_TARGETS)] if draw.random() < 0.7 else []
    if command == "replay":
        words.append(draw.choice((_TOKEN, _TOKEN[:-9], "A")))
    for name in draw.sample(sorted(_VALUES), draw.randrange(5)):
        values = _VALUES[name]
        words += [name, draw.choice(values)] if values else [name]
    if words and draw.random() < 0.5:
        words[draw.randrange(len(words))] = draw.choice(_ODD)
    if words and draw.random() < 0.2:
        del words[draw.randrange(len(words))]
    return (command, *words, *_shortened(command))


def _shortened(command: str) -> Sequence[str]:
    """Return options that keep a run short, or refuse it where nothing else would."""
    if command == "check":
        return ("--tier", "smoke", "--only", "result-form", "--deadline", "5")
    if command == "rogues":
        return ("--only", "no-such-rogue")
    return ("--dtype", "no-such-dtype") if command == "describe" else ()


def tried(words: tuple[str, ...]) -> str:
    """Run a command line in this process.

    Raises
    ------
    AttnspecError
        If it is refused in one line.
    Accepted
        If it ends otherwise than the reference says.
    """
    done = CliRunner().invoke(main, words)
    said = done.output if done.exit_code == 3 else done.stderr
    if done.exit_code not in (0, 1, 2) or "Traceback" in done.output:
        message = f"exit code {done.exit_code}: {' '.join(said.split())}"
        raise Accepted(message)
    if done.exit_code == 2:
        if not said.startswith("attnspec: ") or said.count("\n") != 1:
            message = f"not one line: {said!r}"
            raise Accepted(message)
        raise AttnspecError(said)
    for path in _INSIDE.glob("new.jsonl"):
        read_report(path)
    return done.stdout


if __name__ == "__main__":
    _prepare()
    sys.exit(run(drawn, tried, count=300))
