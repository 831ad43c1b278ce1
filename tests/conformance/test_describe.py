"""What is said of a kernel: which rounding it hides, and how two of them differ."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from attnspec.cli import main
from attnspec.conformance.call import InProcess
from attnspec.conformance.describe import Portrait, differences, in_words, portrait
from attnspec.exceptions import InvalidArgument, KernelTimedOut, UnusableTarget
from attnspec.judge.case import Case, Result
from attnspec.rogues import CONTROLS, ROGUES
from attnspec.rogues.attention.downgrades import WORDS
from tests._in_ci import share
from tests.conformance import _kernels

pytestmark = pytest.mark.once

FILE = Path(_kernels.__file__)


def _portrait(id_: str) -> Portrait:
    kernel = (ROGUES.get(id_) or CONTROLS[id_]).fresh()
    call = InProcess(kernel.function)
    return portrait(call, kernel.description, dtypes=("float32",))


@pytest.mark.parametrize(
    "words",
    share(
        [
            "scores are rounded to bfloat16",
            "the scale is rounded to float16",
            "weights are rounded to float16",
            "values are rounded to bfloat16",
            "the output is rounded to float16",
            "the logsumexp is rounded to bfloat16",
            "operands of both products are rounded to TF32",
            "the exponential has a relative error of 1e-4",
        ],
        3,
    ),
)
def test_a_hidden_rounding_is_named(words: str) -> None:
    (rogue,) = (id_ for id_, said in WORDS.items() if said == words)

    assert in_words(_portrait(rogue), "float32") == words


@pytest.mark.parametrize("rogue", ["causal-strict", "heads-tiled", "last-key-after-32"])
def test_what_is_no_rounding_is_not_called_one(rogue: str) -> None:
    assert _portrait(rogue).precision["float32"].words == ""


def test_two_kernels_differ_in_what_they_claim_and_in_precision() -> None:
    prefix = "hidden-lse"
    one, other = (_portrait(f"{prefix}-{name}") for name in ("bf16", "fp16"))

    (found,) = differences(one, other)

    assert found.what == "precision in float32"
    assert (found.one, found.other) == (
        "the logsumexp is rounded to bfloat16",
        "the logsumexp is rounded to float16",
    )


def test_kernels_of_two_kinds_cannot_be_compared() -> None:
    turning = _portrait("rope-read-as-halves")

    with pytest.raises(InvalidArgument, match="kind: expected two kernels of one kind"):
        differences(turning, _portrait("causal-strict"))


def test_the_command_says_what_breaks_where_one_kernel_replaces_another() -> None:
    words = ["describe", f"{FILE}:right", f"{FILE}:tail", "--dtype", "float32"]

    done = CliRunner().invoke(main, words)

    said = " ".join(done.stdout.split())
    assert done.exit_code == 0, done.output
    assert f"{FILE}:tail in place of {FILE}:right" in said
    assert "tail-sweep (float32)" in said.split("breaks")[1]
    assert max(map(len, done.stdout.splitlines())) <= 120


def test_kernels_of_two_kinds_are_refused_before_either_is_called(
    tmp_path: Path,
) -> None:
    file, called = tmp_path / "two.py", tmp_path / "called"
    file.write_text(
        "import pathlib\n"
        "from attnspec.conformance import Implementation\n"
        "def kernel(query, key, value):\n"
        f"    pathlib.Path({str(called)!r}).touch()\n"
        "    return query\n"
        "tiled = Implementation.of(kernel)\n"
        "def turned(x, positions):\n"
        f"    pathlib.Path({str(called)!r}).touch()\n"
        "    return x\n"
        "turning = Implementation.of(turned, kind='rope')\n"
    )
    done = CliRunner().invoke(main, ["describe", f"{file}:tiled", f"{file}:turning"])

    assert done.exit_code == 2
    said = "attnspec: kind: expected two kernels of one kind; got attention, rope\n"
    assert done.stderr == said
    assert not called.exists()


def test_three_kernels_are_a_wrong_request() -> None:
    done = CliRunner().invoke(main, ["describe", "a", "b", "c"])

    assert done.exit_code == 2
    assert "expected one kernel, or two" in done.output


def test_a_kernel_that_hangs_is_not_waited_for_again_and_again() -> None:
    calls = []

    class Hanging(InProcess):
        def __call__(self, case: Case) -> Result:
            calls.append(case)
            msg = "did not return within 1 s"
            raise KernelTimedOut(msg)

    known = ROGUES["causal-strict"].fresh().description

    with pytest.raises(UnusableTarget, match="--deadline gives it longer"):
        portrait(Hanging(lambda *_: None), known, dtypes=("float32",))

    assert len(calls) <= 3
