"""Modules that mean harm while they are imported, or lie about their kernel."""

from __future__ import annotations

import re
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from attnspec import check_implementation
from attnspec.cli import main
from attnspec.exceptions import InvalidArgument
from attnspec.judge.verdicts import Verdict
from tests._in_ci import share
from tests.hostile import _base

pytest_plugins = ["pytester"]
pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(sys.platform != "linux", reason="/proc is read"),
]

DEADLINE = 1.5
RIGHT = "from hostile_base import attention as kernel\n"
WRONG = "from hostile_base import zeros as kernel\n"
NAMED = "from attnspec import Implementation\nfrom hostile_base import zeros\n"
ANSWER = r"""b'{"answer": 1, "description": {}}\n'"""

UNUSABLE = {
    "spins": ("while True: pass", "did not return within 3 s; a longer --deadline"),
    "sleeps": ("import time; time.sleep(600)", "did not return within 3 s"),
    "leaves": ("import os; os._exit(0)", "ended the process with exit code 0"),
    "leaves_with_5": ("import os; os._exit(5)", "ended the process with exit code 5"),
    "exits": ("import sys; sys.exit(0)", "raises SystemExit: 0"),
    "aborts": ("import os; os.abort()", "ended the process by SIGABRT"),
    "crashes": ("import ctypes; ctypes.string_at(0)", "ended the process by SIGSEGV"),
    "signals": ("import os; os.kill(os.getpid(), 40)", "by signal 40"),
    "kills_its_guard": (
        "import os, time; os.kill(os.getppid(), 9); time.sleep(600)",
        "ended the process by SIGKILL",
    ),
    "kills_its_group": ("import os; os.killpg(0, 9)", "by SIGKILL"),
    "stops": ("import os; os.kill(os.getpid(), 19)", "did not return within 3 s"),
    "raises_much": ("raise ValueError('x' * 5_000_000)", "raises ValueError: xxx"),
    "raises_escapes": (r"raise ValueError('\x1b[31m\nred')", r"ValueError: \\x1b\[31m"),
    "raises_mute": (
        "class E(Exception):\n def __str__(self): raise E\nraise E",
        "raises E$",
    ),
    "raises_newlines": (r"raise type('a\nb', (BaseException,), {})", "raises a"),
    "interrupts": ("raise KeyboardInterrupt", "raises KeyboardInterrupt"),
    "recurses": ("def f(): f()\nf()", "raises RecursionError"),
    "is_no_python": ("this is no Python", "raises SyntaxError"),
    "closes_all": ("import os; os.closerange(0, 256)", "ended the process"),
    "writes": (
        (
            "from hostile_base import write_everywhere\n"
            f"write_everywhere(b'rubbish\\n')\n{RIGHT}"
        ),
        "gave no JSON",
    ),
    "has_none": ("pass", "has no 'kernel'"),
    "is_none": ("kernel = None", "expected a function, got NoneType"),
    "is_a_number": ("kernel = 3", "expected a function, got int"),
    "has_no_signature": (
        (
            "class K:\n"
            " @property\n"
            " def __signature__(self): raise RuntimeError\n"
            " def __call__(self, *a): pass\n"
            "kernel = K()"
        ),
        "RuntimeError",
    ),
    "takes_nothing": ("def kernel(): pass", "it takes 0 arguments"),
    "patches_json": (
        f"import json; json.dumps = lambda *_, **__: '[]'\n{WRONG}",
        "gave no JSON object",
    ),
    "lies_in_depth": (
        (
            "import attnspec.conformance.targets as t\n"
            f"t.written = lambda _: {{'name': {'[' * 90}{']' * 90}}}\n{WRONG}"
        ),
        "target: name",
    ),
    "lies_of_multiples": (
        (
            "import attnspec.conformance.targets as t\n"
            f"t.written = lambda _: {{'multiples': {{'width': 0}}}}\n{WRONG}"
        ),
        "target: multiples",
    ),
    "lies_of_claims": (
        (
            "import attnspec.conformance.targets as t\n"
            f"t.written = lambda _: {{'claims': ['everything'] * 10_000}}\n{WRONG}"
        ),
        "target: claim",
    ),
    "has_a_long_name": (
        f"{NAMED}kernel = Implementation.of(zeros, name='x' * 1_000_000)",
        "target: name",
    ),
    "has_a_name_with_escapes": (
        f"{NAMED}kernel = Implementation.of(zeros, name='\\x1b[31m\\0')",
        "target: name",
    ),
    "has_a_huge_description": (
        f"{NAMED}kernel = Implementation.of(zeros, version='x' * 5_000_000)",
        "no line ends within 1 MiB",
    ),
}
"""For each the module, and what the one line says beside what a line always says."""

GIFT = """
class Gift(str):
    def __reduce__(self):
        return (exec, ("raise SystemExit('it ran in the judge')",))
"""
JUDGED = {
    "prints_much": (f"print('x' * 50_000_000)\n{RIGHT}", None),
    "forks": (f"import os; os.fork()\n{RIGHT}", None),
    "forks_and_raises": (f"import os\nif not os.fork(): raise OSError\n{RIGHT}", None),
    "answers_before": (
        (
            "import time\nfrom hostile_base import write_everywhere\n"
            f"write_everywhere({ANSWER})\ntime.sleep(600)"
        ),
        Verdict.TIMED_OUT,
    ),
    "gives_presents": (
        f"{NAMED}{GIFT}kernel = Implementation.of(zeros, version=Gift('1'))",
        Verdict.FAILED,
    ),
    "replaces_the_judge": (
        (
            "import sys\nfor name in list(sys.modules):\n"
            "    if name.startswith('attnspec.judge.'): sys.modules[name] = None\n"
            f"{WRONG}"
        ),
        Verdict.FAILED,
    ),
    "makes_all_conform": (
        f"from attnspec.conformance import Verdict\nVerdict.conforms = True\n{WRONG}",
        Verdict.FAILED,
    ),
    "claims_it_is_right": (
        (
            "import attnspec.judge.compare as c, attnspec.numerics as n\n"
            f"c.agrees = lambda *_: (); n.within = None\n{WRONG}"
        ),
        Verdict.FAILED,
    ),
}
"""For each the module, and what its kernel gets; None if it conforms."""

LIMITS = ("--tier", "smoke", "--only", "agreement", "--deadline", str(DEADLINE))


def _file(folder: Path, program: str) -> str:
    # Beside it, because the tests need not be where Python looks for modules.
    shutil.copy(_base.__file__, folder / "hostile_base.py")
    file = folder / "hostile.py"
    file.write_text(f"{program}\n", encoding="utf-8")
    return f"{file}:kernel"


def _is_one_line(text: str) -> bool:
    return len(text) < 1_000 and text.isprintable()


def test_there_are_enough_of_them() -> None:
    assert len(UNUSABLE) + len(JUDGED) >= 20


@pytest.mark.parametrize("name", share([*UNUSABLE], 2))
def test_the_command_says_in_one_line_that_it_is_unusable(
    name: str, tmp_path: Path
) -> None:
    program, said = UNUSABLE[name]
    begun = time.monotonic()
    done = CliRunner().invoke(main, ["check", _file(tmp_path, program), *LIMITS])

    assert done.exit_code == 2, done.output
    line = done.output.removesuffix("\n")
    assert line.startswith("attnspec: target: ")
    assert _is_one_line(line)
    assert re.search(said, line)
    assert time.monotonic() - begun < 3 * DEADLINE + 10


@pytest.mark.parametrize("name", share([*UNUSABLE], 2, 1))
def test_a_call_from_python_raises_that_it_is_unusable(
    name: str, tmp_path: Path
) -> None:
    program, said = UNUSABLE[name]
    with pytest.raises(InvalidArgument, match=said) as caught:
        check_implementation(_file(tmp_path, program), deadline=DEADLINE)

    assert _is_one_line(str(caught.value))


@pytest.mark.parametrize("name", ["spins", "leaves", "raises_escapes", "is_none"])
def test_for_pytest_it_is_a_usage_error(
    name: str, tmp_path: Path, pytester: pytest.Pytester
) -> None:
    program, _ = UNUSABLE[name]
    target = _file(tmp_path, program)
    done = pytester.runpytest(
        *("--attnspec", target, "--attnspec-deadline", str(DEADLINE))
    )

    assert done.ret == pytest.ExitCode.USAGE_ERROR
    errors = [line for line in done.errlines if line.startswith("ERROR: attnspec: ")]
    assert len(errors) == 1
    assert _is_one_line(errors[0])


@pytest.mark.parametrize("name", share([*JUDGED], 2))
def test_a_module_that_is_imported_after_all_is_judged(
    name: str, tmp_path: Path
) -> None:
    program, verdict = JUDGED[name]
    target = _file(tmp_path, program)
    done = CliRunner().invoke(main, ["check", target, *LIMITS])
    report: Any = check_implementation(
        target, only=["agreement"], tier="smoke", deadline=DEADLINE
    )

    assert done.exit_code == (0 if verdict is None else 1), done.output
    assert [o.verdict for o in report.failures] == (
        [] if verdict is None else [verdict]
    )
    assert max(map(len, done.output.splitlines())) < 2_000
