from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from attnspec.cli import main
from tests.cli._reports import validated
from tests.conformance import _kernels

pytestmark = pytest.mark.once

FILE = _kernels.__file__
RIGHT = f"{FILE}:right"
TAIL = f"{FILE}:tail"
ROW = f"{FILE}:first_value"
FEW = ("--tier", "smoke", "--only", "agreement", "--only", "tail-sweep")

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    return lambda *words: CliRunner().invoke(main, list(map(str, words)))


def test_a_right_kernel_ends_with_0(run: Run) -> None:
    done = run("check", RIGHT, *FEW)

    assert done.exit_code == 0
    said = " ".join(done.stdout.split())
    assert said.endswith("conforms in the 2 invariants that were asked for")
    assert done.stderr == ""


def test_without_a_target_the_embedded_kernel_is_judged(run: Run) -> None:
    done = run("check", *FEW, "--dtype", "float32")

    assert done.exit_code == 0
    assert "embedded:tiled" in done.stdout


def test_a_wrong_kernel_ends_with_1_and_a_token_that_replays(run: Run) -> None:
    done = run("check", TAIL, "--tier", "smoke", "--only", "tail-sweep")
    token = done.stdout.split("\\\n")[1].split()[0]
    again = run("replay", TAIL, token)
    other = run("replay", RIGHT, token)

    assert (done.exit_code, again.exit_code, other.exit_code) == (1, 1, 0)
    assert again.stdout.startswith("reproduced\nFAILED tail-sweep")
    assert other.stdout == "not reproduced: tail-sweep holds (float32)\n"


def test_a_finding_is_shown_and_written_as_a_script(run: Run, tmp_path: Path) -> None:
    done = run("check", TAIL, "--tier", "smoke", "--only", "tail-sweep")
    token = done.stdout.split("\\\n")[1].split()[0]
    file = tmp_path / "fault.py"
    shown = run("replay", TAIL, token, "--show", "--script", file)
    printed = run("replay", TAIL, token, "--script", "-")
    refused = run("replay", TAIL, token, "--script", tmp_path / "no" / "fault.py")

    assert shown.exit_code == printed.exit_code == 1
    assert "\nthe call\n  query  (1, 1, " in shown.stdout
    assert file.read_text("utf-8") == printed.stdout
    assert "from _kernels import tail as kernel" in printed.stdout
    assert refused.exit_code == 2
    assert "script: " in refused.stderr


def test_another_finding_is_not_the_one_of_the_token(run: Run) -> None:
    only = ("--tier", "smoke", "--only", "tail-sweep")
    done = run("check", TAIL, *only)
    token = done.stdout.split("\\\n")[1].split()[0]
    again = run("replay", f"{FILE}:dies", token)

    assert again.exit_code == 1
    assert again.stdout.startswith(
        "not reproduced, but another finding: it was failed\nCRASHED tail-sweep"
    )


def _without_precision(said: str) -> str:
    """Return a report without what all of its calls say together."""
    lines = said.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("  precision"))


def test_a_replayed_finding_reads_as_it_did(run: Run) -> None:
    done = run("check", TAIL, "--tier", "smoke", "--only", "tail-sweep")
    token = done.stdout.split("\\\n")[1].split()[0]

    again = run("replay", TAIL, token).stdout.removeprefix("reproduced\n")

    assert again in _without_precision(done.stdout)


@pytest.mark.parametrize(
    ("kernel", "verdict"),
    [
        ("dies", "CRASHED"),
        ("hangs", "TIMED OUT"),
        ("raises", "raised ValueError: no such kernel"),
        ("returns_none", "returned something else: output: expected a NumPy array"),
    ],
)
def test_a_kernel_may_do_anything_and_the_run_goes_on(
    run: Run, kernel: str, verdict: str
) -> None:
    done = run("check", f"{FILE}:{kernel}", *FEW, "-x", "--deadline", "0.5")

    assert done.exit_code == 1
    assert verdict in " ".join(done.stdout.split())


def test_what_a_kernel_prints_is_not_in_the_report(run: Run) -> None:
    assert "rubbish" not in run("check", f"{FILE}:prints", *FEW).output


def test_the_run_is_written_as_json_lines_and_as_xml(run: Run, tmp_path: Path) -> None:
    lines, xml = tmp_path / "run.jsonl", tmp_path / "run.xml"

    run("check", TAIL, *FEW, "-x", "--report", lines, "--junit", xml)

    report = validated(lines)
    assert not report.conforms
    assert len(report.results) == 2
    assert len([*ET.parse(xml).getroot().iter("testcase")]) == 2  # noqa: S314 - ours


def test_a_deviation_that_is_written_down_conforms(run: Run, tmp_path: Path) -> None:
    known = tmp_path / "known.toml"
    known.write_text(
        """
        [[deviation]]
        id = "last-key"
        invariants = ["tail-sweep"]
        reason = "the last key of a tile is lost"
        link = "https://example.org/issues/1"
        when = { keys = [65, 129, 193, 257, 321, 385, 449, 513, 1025, 2049, 4097] }
        pinned = { fields = { keys = 65 } }
        """,
        encoding="utf-8",
    )

    only = ("--tier", "smoke", "--only", "tail-sweep")
    done = run("check", TAIL, *only, "--deviations", known)
    stale = run("check", RIGHT, *only, "--deviations", known)

    assert done.exit_code == 0
    assert "last-key: the last key of a tile is lost" in done.stdout
    assert "https://example.org/issues/1" in done.stdout
    assert stale.exit_code == 1
    assert "STALE" in stale.stdout


def test_formats_run_one_after_the_other(run: Run) -> None:
    done = run("check", *FEW, "--dtype", "float64", "--dtype", "float32")

    headings = re.findall(r"^(float\d\d)$", done.stdout, re.MULTILINE)
    assert headings == ["float64", "float32"]
    assert "4 of 4 invariants in 2 dtypes hold" in done.stdout


def test_the_same_seed_gives_the_same_run(run: Run) -> None:
    def counts(seed: int) -> list[str]:
        done = run("check", RIGHT, *FEW, "--seed", seed)
        return re.findall(r"^  .* counted .*$", done.stdout, re.MULTILINE)

    assert counts(7) == counts(7)


def test_a_random_seed_is_in_every_report(run: Run, tmp_path: Path) -> None:
    lines, xml = tmp_path / "run.jsonl", tmp_path / "run.xml"
    few = ("--tier", "smoke", "--only", "tail-sweep")
    done = run(
        "check", ROW, *few, "--seed", "random", "--report", lines, "--junit", xml
    )

    seed = validated(lines).header["seed"]
    assert done.stdout.count(f"seed {seed}") == 2
    assert f'name="seed" value="{seed}"' in xml.read_text("utf-8")
    again = run("check", ROW, *few, "--seed", seed)
    assert done.stdout.split("\nFAILED")[1].split("\n\n")[0] in again.stdout


def test_a_description_says_what_the_kernel_is(run: Run) -> None:
    done = run("describe", f"{FILE}:bf16_scores")

    assert done.exit_code == 0
    assert "not claimed     mask bias" in done.stdout
    assert "float32: scores are rounded to bfloat16" in " ".join(done.stdout.split())


@pytest.mark.parametrize("option", ["--tier", "--kind", "--arrays", "--dtype"])
def test_an_empty_name_is_refused_before_anything_is_imported(
    option: str, run: Run
) -> None:
    done = run("check", "no_such_module:kernel", option, "")

    assert done.exit_code == 2
    assert done.stderr.startswith(f"attnspec: {option}: expected")


def test_what_is_withdrawn_stands_in_the_command_that_replays(run: Run) -> None:
    options = ("--tier", "smoke", "--only", "tail-sweep", "--without", "causal")
    done = run("check", TAIL, *options)

    assert done.exit_code == 1
    assert "tests/conformance/_kernels.py:tail --without causal" in done.stdout
    assert run("replay", TAIL, "--without", "causals", "A").exit_code == 2


ROTARY = """
import numpy as np

def rope(x, positions):
    half = x.shape[-1] // 2
    speeds = np.float32(1e4) ** -(np.arange(half, dtype=np.float32) / half)
    angles = positions[:, None].astype(np.float32) * speeds
    cosine, sine = np.cos(angles).astype(x.dtype), np.sin(angles).astype(x.dtype)
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * cosine - b * sine, b * cosine + a * sine], -1)
"""
"""Rotary positions whose table, products and sums are stored as `x` is."""


@pytest.mark.parametrize(
    ("models", "code"),
    [
        ((), 1),
        (("float16=upcast-float16",), 1),
        (("float16=tables-float16",), 1),
        (("float16=eager-float16",), 0),
        (("float16=upcast-float16", "float16.tables=float16"), 1),
        (("float16.softmax=float16", "float16.tables=float16"), 0),
    ],
)
def test_the_numeric_model_of_any_kind_is_named_or_said_field_by_field(
    models: tuple[str, ...], code: int, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "rotary.py").write_text(ROTARY, "utf-8")
    words = [word for model in models for word in ("--model", model)]
    target = f"{tmp_path / 'rotary.py'}:rope"
    asked = ("--tier", "smoke", "--only", "rope-agreement", "--dtype", "float16")

    done = run("check", "--kind", "rope", *asked, *words, target)

    assert done.exit_code == code, done.output


DECLARED = (
    *(
        "--limit",
        "width % 2 == 0",
        "--limit",
        "keys >= 2",
        "--exclusive",
        "causal,mask",
        "--without",
        "causal",
    ),
    *("--dialect", "alignment=lower_right", "--model", "float32=tfloat32"),
)


def test_what_is_declared_is_in_the_header_and_in_the_line_that_replays(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "kernel.toml"
    file.write_text('version = "tail 1.2"\nclaims = ["softcap"]', "utf-8")
    options = ("--description", file, *DECLARED)

    done = run("check", TAIL, "--tier", "smoke", "--only", "tail-sweep", *options)
    replay, token = done.stdout.split("  replay")[1].split("\\\n")
    again = run(*shlex.split(replay)[1:], token.split()[0])

    assert done.exit_code == 1
    said = " ".join(done.stdout.split())
    assert "tail 1.2" in said
    assert "capabilities softcap unequal_lengths more_queries" in said
    assert "alignment lower_right (declared)" in said
    assert "operands rounded to tfloat32" in said
    assert again.exit_code == 1
    said = again.stdout.removeprefix("reproduced\n")
    assert said in _without_precision(done.stdout)


def test_a_multiple_is_kept_to(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "even.py"
    file.write_text(
        "from attnspec.kernels import tiled_attention\n"
        "def even(query, key, value):\n"
        "    assert query.shape[-1] % 2 == 0\n"
        "    return tiled_attention(query, key, value)\n"
    )
    few = ("--tier", "smoke", "--only", "agreement")

    assert run("check", f"{file}:even", *few, "--limit", "width % 2").exit_code == 0
    assert run("check", f"{file}:even", *few).exit_code == 1


def test_a_file_says_what_kind_a_function_is(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "rope.toml"
    file.write_text('kind = "rope"', "utf-8")
    target = "attnspec.kinds.positions.rope:ROPE.definition"
    few = ("--tier", "smoke", "--only", "rope-agreement", "--description", file)

    assert run("check", target, *few).exit_code == 0
    other = run("check", target, *few, "--kind", "alibi")
    assert other.exit_code == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("",), "TARGET: expected words that name a kernel; got ''"),
        (("--program", ""), "--program: expected words that name a kernel; got ''"),
        (("--program", "/no/such"), "program: '/no/such' is not found"),
        (("--program", __file__), f"program: '{__file__}' is not executable"),
        (("--program", "'x"), 'program: expected a command; got "\'x"'),
        (("x", "--program", "y"), "program: expected in place of a target; got 'x'"),
        (("--program", "y", "--arrays", "jax"), "arrays: a program takes bytes; got"),
        (
            (TAIL, "--only", "causality", "--only", "sink-off"),
            "only: expected an invariant that is asked of this kernel; causality: ",
        ),
        (("--seed", "x"), "--seed: expected a whole number or 'random'; got 'x'"),
        (("--limit", "width"), "limit: expected 'SIZE % NUMBER == 0', as"),
        (("--limit", "width % 0"), "multiples.width: expected a whole number from 1"),
        (("--limit", "turns % 8"), "multiples: expected one of "),
        (("--exclusive", "mask"), "exclusive: expected CLAIM,CLAIM; got 'mask'"),
        (("--exclusive", "mask,turns"), "exclusive: expected one of "),
        (("--dialect", "rows=x"), "dialect: expected one of alignment"),
        (("--dialect", "empty_row=x"), "empty_row: expected one of 'zero'"),
        (("--model", "float32=x"), "models.float32: expected one of float64"),
        (("--model", "float32.blocks=8"), "models.float32: unknown key 'blocks'"),
        (("--model", "float32.tables=x"), "models.float32: format: expected one of"),
        (("--description", "no.toml"), "no.toml cannot be read (No such file"),
    ],
)
def test_a_wrong_request_is_explained_in_one_line(
    words: tuple[str, ...], message: str, run: Run
) -> None:
    done = run("check", *words)

    assert done.exit_code == 2
    assert done.output.startswith(f"attnspec: {message}")
    assert done.output.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('claims = "causal"', "claims: expected a list of texts; got 'causal'"),
        ('claims = ["turns"]', "claim: expected one of mask"),
        ('kind = "rope"', "target: embedded is of kind attention, not rope"),
    ],
)
def test_a_description_that_is_wrong_is_named(
    text: str, message: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("kernel.toml").write_text(text, "utf-8")

    done = run("check", "--description", "kernel.toml")

    assert done.exit_code == 2
    assert message in done.output
    assert "kernel.toml: " in done.output or "target: " in done.output


def test_a_description_is_no_file_of_deviations(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "kernel.toml"
    file.write_text('claims = ["causal"]', "utf-8")

    done = run("check", "--deviations", file)

    assert done.exit_code == 2
    assert "expected tables [[deviation]] alone; a file that" in done.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "TOKEN: expected TARGET and TOKEN; got ''"),
        (("", "A"), "TOKEN: expected TARGET and TOKEN; got ' A'"),
        (("--program", "true", "x", "A"), "TOKEN: expected TOKEN; got 'x A'"),
    ],
)
def test_a_finding_is_seen_again_in_one_kernel(
    words: tuple[str, ...], message: str, run: Run
) -> None:
    done = run("replay", *words)

    assert done.exit_code == 2
    assert done.output == f"attnspec: {message}\n"
