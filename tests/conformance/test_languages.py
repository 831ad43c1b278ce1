"""The programs of the book before the judge, and the same ones with a fault each."""

from __future__ import annotations

import dataclasses
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from attnspec.conformance.reports import read_report
from tests._in_ci import IN_CI, share
from tests.conformance._programs import (
    NODE,
    PROGRAMS,
    asked,
    built,
    flash,
    needs_compiler,
    needs_node,
    question,
)


@dataclasses.dataclass(frozen=True)
class Fault:
    """A change of a right program, and what the judge must say of it."""

    name: str
    right: str
    wrong: str
    law: str
    verdict: str = "failed"

    def __str__(self) -> str:
        return self.name

    def made(self, text: str) -> str:
        assert self.right in text
        return text.replace(self.right, self.wrong)


ANSWER = "attnspec_answer(&call);"

IN_C = (
    Fault(
        "the last key of every ninth is lost",
        *("j < end; j++", "j < end - (S % 8 == 1 && S > 1); j++"),
        "tail-sweep",
    ),
    Fault(
        "causal by one key too far",
        *("i + S - L + 1", "i + S - L + 2"),
        "causality",
    ),
    Fault(
        "writes into the query",
        *("free(sums);", "free(sums); *(float *)query->data = 7.0f;"),
        "inputs-unchanged",
    ),
    Fault(
        "writes before the key",
        *("free(sums);", "free(sums); ((float *)key->data)[-1] = 7.0f;"),
        "inputs-unchanged",
    ),
    Fault(
        "takes every query for contiguous",
        "attnspec_get(query, b, h, i, e)",
        "((float *)query->data)[row * E + e]",
        "layout",
    ),
    Fault(
        "sets no result at nine keys",
        *("attnspec_set(output,", "if (S != 9) attnspec_set(output,"),
        "agreement",
    ),
    Fault(
        "another shape than asked for",
        *(ANSWER, f"call.results[0].shape[2] /= 2; {ANSWER}"),
        "result-form",
    ),
    Fault(
        "raises",
        *(ANSWER, f'attnspec_raise(&call, "E: \\"5\\" \\\\ 7\\n"); {ANSWER}'),
        *("agreement", "refused"),
    ),
    Fault(
        "no access at nine keys",
        *("free(sums);", "volatile int *no = NULL; if (S == 9) *no = 1; free(sums);"),
        *("tail-sweep", "crashed"),
    ),
    Fault(
        "no end at five queries",
        *("free(sums);", "while (L == 5) { sleep(1); } free(sums);"),
        *("agreement", "timed out"),
    ),
    Fault(
        "an answer to another question",
        *(ANSWER, f"call.number++; {ANSWER}"),
        *("agreement", "crashed"),
    ),
    Fault(
        "half an answer",
        *(ANSWER, 'fputs("{\\"answer\\": 1, \\"res", attnspec_io.out); exit(0);'),
        *("agreement", "crashed"),
    ),
    Fault(
        "something else before the answer",
        *(ANSWER, f'fputs("done\\n", attnspec_io.out); {ANSWER}'),
        *("agreement", "crashed"),
    ),
)

IN_JAVASCRIPT = (
    Fault(
        "no scale", "scores[j] = score * scale;", "scores[j] = score;", "scale-given"
    ),
    Fault(
        "writes into the query",
        *("if (lse)", "query.view.setUint8(query.offset, 7);\n    if (lse)"),
        "inputs-unchanged",
    ),
    Fault(
        "ends at nine keys",
        *("scale ??=", "if (S === 9) process.exit(3);\n  scale ??="),
        *("tail-sweep", "crashed"),
    ),
    Fault(
        "throws",
        *("scale ??=", 'throw new Error("no");\n  scale ??='),
        *("agreement", "refused"),
    ),
)


def verdict(program: str, law: str, *, folder: Path) -> tuple[int, str]:
    """Judge a program by one law; return the exit code, and the verdict of the law."""
    file = folder / "report.jsonl"
    words = ["--program", program, "--only", law, "--tier", "smoke", "--deadline", "2"]
    command = [sys.executable, "-m", "attnspec", "check", *words, "--report", str(file)]
    done = subprocess.run(command, check=False, timeout=300)  # noqa: S603 - ours
    (result,) = read_report(file).results
    return done.returncode, result["verdict"]


@pytest.mark.once
@pytest.mark.slow
@needs_compiler
@pytest.mark.parametrize(
    "dtype", share(["float64", "float32", "float16", "bfloat16"], 2)
)
def test_the_program_in_c_conforms(dtype: str, tmp_path: Path) -> None:
    program = built(tmp_path, flash("c"))

    # The formats differ in how numbers are read.
    only = ["--only", "agreement"] if IN_CI and dtype != "float32" else []
    words = ["--program", program, "--tier", "smoke", "--dtype", dtype, *only]
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "attnspec", "check", *words], check=False
    )

    assert done.returncode == 0


@pytest.mark.once
@needs_compiler
@pytest.mark.parametrize("fault", share(IN_C, 3), ids=str)
def test_a_program_in_c_with_a_fault_is_found(fault: Fault, tmp_path: Path) -> None:
    program = built(tmp_path, fault.made(flash("c")))

    assert verdict(program, fault.law, folder=tmp_path) == (1, fault.verdict)


@needs_compiler
def test_what_a_program_prints_is_no_answer(tmp_path: Path) -> None:
    prints = Fault("prints", ANSWER, f'printf("done\\n"); {ANSWER}', "agreement")
    program = built(tmp_path, prints.made(flash("c")))

    assert verdict(program, "agreement", folder=tmp_path) == (0, "passed")


@needs_compiler
def test_operands_come_in_the_payload_where_no_memory_is_shared(tmp_path: Path) -> None:
    text = flash("c")
    launch = "import os, sys; os.closerange(3, 1024); os.execv(*sys.argv[1:], sys.argv)"
    program = built(tmp_path, IN_C[2].made(text))
    alone = f"{shlex.quote(sys.executable)} -c {shlex.quote(launch)} {program}"

    assert verdict(alone, "agreement", folder=tmp_path) == (0, "passed")
    assert verdict(alone, "inputs-unchanged", folder=tmp_path) == (1, "failed")


@needs_compiler
def test_a_program_that_refuses_is_a_wrong_request(tmp_path: Path) -> None:
    text = '#include <attnspec.h>\nint main(void) { attnspec_refuse("no device"); }\n'
    program = built(tmp_path, text)

    command = [sys.executable, "-m", "attnspec", "check", "--program", program]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - ours

    assert done.returncode == 2
    assert "no device" in done.stderr


@pytest.mark.once
@pytest.mark.slow
@needs_node
def test_the_program_in_javascript_conforms() -> None:
    program = shlex.join([NODE, str(PROGRAMS / "flash.mjs")])

    words = ["--program", program, "--tier", "smoke"]
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "attnspec", "check", *words], check=False
    )

    assert done.returncode == 0


@pytest.mark.once
@needs_node
@pytest.mark.parametrize("fault", IN_JAVASCRIPT, ids=str)
def test_a_program_in_javascript_with_a_fault_is_found(
    fault: Fault, tmp_path: Path
) -> None:
    shutil.copy(PROGRAMS / "attnspec.mjs", tmp_path)
    text = fault.made(flash("mjs"))
    (tmp_path / "flash.mjs").write_text(text, "utf-8")
    program = shlex.join([NODE, str(tmp_path / "flash.mjs")])

    assert verdict(program, fault.law, folder=tmp_path) == (1, fault.verdict)


UNKNOWN = question({"question": "gradient", "number": 7}, b"{\n")


@needs_compiler
def test_a_program_in_c_knows_what_it_does_not_know(tmp_path: Path) -> None:
    (opened, _), unknown = asked(built(tmp_path, flash("c")), UNKNOWN)

    assert opened["description"]["name"] == "flash.c"
    assert unknown == ({"answer": 7, "unknown": True}, b"")


@needs_node
def test_a_program_in_javascript_knows_what_it_does_not_know() -> None:
    program = shlex.join([NODE, str(PROGRAMS / "flash.mjs")])

    (opened, _), unknown = asked(program, UNKNOWN)

    assert opened["description"]["name"] == "flash.mjs"
    assert unknown == ({"answer": 7, "unknown": True}, b"")
