from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from attnspec.cli import main
from attnspec.kinds.registry import KINDS, invariants_of
from tests.cli._reports import validated

pytestmark = pytest.mark.once

ROPE = """
import numpy as np

def right(x, positions, *, base=10000.0):
    work = np.float64 if x.dtype == np.float64 else np.float32
    half = x.shape[-1] // 2
    angles = positions[:, None] * work(base) ** (-np.arange(half, dtype=work) / half)
    angles = angles.astype(work)
    one, two = x[..., :half].astype(work), x[..., half:].astype(work)
    c, s = np.cos(angles), np.sin(angles)
    return np.concatenate([one * c - two * s, two * c + one * s], -1).astype(x.dtype)

def wrong(x, positions, *, base=10000.0):
    return right(x, np.arange(len(positions)), base=base)

def mutates(x, positions):
    found = right(x, positions)
    x *= 0
    return found

def raises(x, positions):
    raise RuntimeError("no kernel for this device")

def nothing(x, positions):
    pass

def narrow(x, positions):
    return right(x, positions).astype(np.float16)

def dies(x, positions):
    import os
    os._exit(7)

def surprising(x, positions, cache):
    return x
"""


WRONG = (
    (
        ("--deadline", "nan"),
        "deadline: expected more than 0 and at most 604,800 seconds",
    ),
    (
        ("--deadline", "inf"),
        "deadline: expected more than 0 and at most 604,800 seconds",
    ),
    (("--claim", "turns"), "--claim: expected an id that 'attnspec kinds KIND' lists"),
    (("--claim", "return_lse"), "claim: expected one of base, width, position_ids"),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rope.py"
    path.write_text(ROPE, "utf-8")
    return path


def _run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def _check(file: Path, function: str, *more: str) -> Result:
    return _run(
        "check", "--kind", "rope", f"{file}:{function}", "--tier", "smoke", *more
    )


def test_a_right_function_conforms(file: Path) -> None:
    done = _check(file, "right", "--dtype", "float32", "--dtype", "bfloat16")

    assert done.exit_code == 0, done.output
    assert "kind            rope" in done.stdout
    assert "pairing half_split (detected)" in done.stdout
    assert done.stdout.rstrip().endswith("conforms")
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_wrong_function_fails_and_its_token_replays(file: Path) -> None:
    done = _check(file, "wrong", "-x")
    token = done.stdout.split("\\\n")[1].split()[0]
    again = _run("replay", f"{file}:wrong", token)
    other = _run("replay", f"{file}:right", token)

    assert (done.exit_code, again.exit_code, other.exit_code) == (1, 1, 0)
    assert again.stdout.startswith("reproduced\nFAILED rope-agreement")
    assert "length 1" in done.stdout


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("mutates", "changed: x"),
        ("raises", "RuntimeError: no kernel for this device"),
        ("nothing", "expected a NumPy array, got None"),
        ("narrow", "expected dtype float32, got float16"),
        ("dies", "exit code 7"),
    ],
)
def test_a_function_that_misbehaves_is_told_so(
    file: Path, function: str, said: str
) -> None:
    done = _check(file, function, "--only", "rope-agreement")

    assert done.exit_code == 1
    assert said in " ".join(done.stdout.split())


def test_reports_for_machines_know_the_kind(file: Path, tmp_path: Path) -> None:
    lines, xml = tmp_path / "report.jsonl", tmp_path / "report.xml"

    _check(file, "wrong", "--report", str(lines), "--junit", str(xml))

    report = validated(lines)
    assert not report.conforms
    assert report.header["function"] == "rope"
    assert report.header["dialect"]["pairing"] == "half_split"
    assert "rope-agreement" in xml.read_text("utf-8")


def test_a_function_of_another_face_is_refused(file: Path) -> None:
    done = _check(file, "surprising")

    assert done.exit_code == 2
    assert "'cache' is required and unknown" in done.stderr


def test_a_law_of_another_kind_is_refused(file: Path) -> None:
    done = _check(file, "right", "--only", "agreement")

    assert done.exit_code == 2
    assert "'agreement' is a law of attention, not of rope" in done.stderr


def test_a_kind_that_does_not_exist_is_named_with_the_nearest() -> None:
    done = _run("check", "--kind", "ropes", "nowhere.py:f")

    assert done.exit_code == 2
    assert "did you mean 'rope'?" in done.stderr


def test_every_kind_is_listed() -> None:
    done = _run("kinds")

    assert done.exit_code == 0
    assert all(f"{name} " in done.stdout for name in KINDS)
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize("name", list(KINDS))
def test_a_kind_is_explained(name: str) -> None:
    done = _run("kinds", name)

    assert done.exit_code == 0
    said = " ".join(done.stdout.split())
    assert all(f"{law.id} {law.sentence}" in said for law in invariants_of(name))
    assert f"models {', '.join(KINDS[name].models)} " in said
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_an_operand_is_shown_with_shape_format_values_and_names() -> None:
    done = _run("kinds", "rope")

    said = " ".join(done.stdout.split())
    assert (
        "positions broadcasts to (B, L), int64, 0 or more: where each row stands;"
        in said
    )
    assert "base float, finite, more than 0: the base of the frequencies" in said
    assert "output = rope(x, positions)" in said


def test_describe_says_what_a_function_is(file: Path) -> None:
    done = _run("describe", "--kind", "rope", f"{file}:right")

    assert done.exit_code == 0
    assert "pairing half_split (detected)" in done.stdout
    assert "within the bound of float32" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("raises", "RuntimeError: no kernel for this device"),
        ("nothing", "returned something else: output: expected a NumPy array"),
    ],
)
def test_describe_says_what_to_change_where_a_function_cannot_be_called(
    name: str, what: str, file: Path
) -> None:
    done = _run("describe", "--kind", "rope", f"{file}:{name}")

    assert done.exit_code == 2
    assert done.output.startswith("attnspec: target: the simplest call fails: ")
    assert what in done.output
    assert "--arrays names another library" in done.output
    assert "as 'attnspec kinds rope' shows" in done.output
    assert done.output.count("\n") == 1


@pytest.mark.parametrize(("words", "message"), WRONG, ids=lambda x: str(x)[:30])
def test_a_wrong_request_is_explained_in_one_line(
    words: tuple[str, ...], message: str, file: Path
) -> None:
    done = _run("check", "--kind", "rope", f"{file}:right", *words)

    assert done.exit_code == 2
    assert done.output.startswith(f"attnspec: {message}")
    assert done.output.count("\n") == 1


def test_the_kernel_of_attnspec_is_no_function_of_a_kind() -> None:
    done = _run("check", "--kind", "rope")

    assert done.exit_code == 2
    expected = "attnspec: target: embedded is of kind attention, not rope\n"
    assert done.output == expected
