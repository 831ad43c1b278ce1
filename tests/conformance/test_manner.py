"""How a function is called goes with it: to processes, reports, tokens, deviations."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from attnspec.cli import main
from attnspec.conformance import Deviation, Implementation, check_implementation
from attnspec.conformance.campaigns import campaign, runs_of
from attnspec.conformance.check import judge
from attnspec.conformance.executors import Places, processes
from attnspec.conformance.inputs import read_token
from attnspec.conformance.targets import Request, open_target
from attnspec.exceptions import InvalidArgument, UnusableTarget
from attnspec.judge.manner import manner
from attnspec.judge.verdicts import Outcome, Report, Verdict
from attnspec.kinds.attention.kind import ATTENTION
from tests.faces import _numpy

pytestmark = pytest.mark.once

FILE = Path(_numpy.__file__)
WRONG = Request(f"{FILE}:window_off_by_one", arrays="numpy")
SIZES = {"queries": 3, "keys": 3, "width": 8, "value_width": 8}
LAWS = ("window-support", "causal-support")
WISHES: dict[str, Any] = {"only": LAWS, "tier": "smoke", "dtypes": ("float16",)}


def _command(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def _said(outcomes: tuple[Outcome, ...]) -> list[Outcome]:
    return [dataclasses.replace(outcome, seconds=0.0) for outcome in outcomes]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    path = tmp_path_factory.mktemp("manner") / "run.jsonl"
    asked = {"arrays": "numpy", "report": path, **WISHES}
    return path, check_implementation(WRONG.target, **asked)


def test_a_finding_says_its_call_wherever_it_is_judged(
    report: tuple[Path, Report],
) -> None:
    with processes(2) as executor, open_target(WRONG) as (call, known):
        places = Places(executor, 2)
        spreading = places.spreading(WRONG, 20.0, lambda _dtype, _law: None)
        found = judge(call, known, spreading=spreading, **WISHES)

    assert _said(found.outcomes) == _said(report[1].outcomes)
    assert [bool(o.finding and o.finding.call) for o in found.outcomes] == [True, False]


def test_a_report_that_was_cut_off_goes_on(
    report: tuple[Path, Report], tmp_path: Path
) -> None:
    path, whole = report
    cut = tmp_path / "cut.jsonl"
    cut.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:2]))
    asked = {"report": cut, "resume": True, **WISHES}
    found = check_implementation(WRONG.target, arrays="numpy", **asked)

    assert _said(found.outcomes) == _said(whole.outcomes)
    with pytest.raises(InvalidArgument, match=r"another run: face was 'flash-attn'"):
        check_implementation(WRONG.target, arrays="numpy", face="plain", **asked)


def test_what_failed_is_asked_again_in_the_same_manner(
    report: tuple[Path, Report],
) -> None:
    words = ("check", WRONG.target, "--arrays", "numpy", "--tier", "smoke")
    again = _command(*words, "--only-failed", str(report[0]))

    assert again.exit_code == 1
    assert "called as     window_off_by_one(q, k, v, window_size=(" in again.output
    assert "causal-support" not in again.output.partition("FAILED")[0]


def test_a_campaign_calls_every_function_by_its_face(tmp_path: Path) -> None:
    right = Request(f"{FILE}:flash", arrays="numpy")
    wishes = {**WISHES, "only": ("agreement",)}
    found = campaign(runs_of([right, WRONG], [0], tmp_path), jobs=1, **wishes)

    assert [failure.target for failure in found.failures] == [WRONG.title]
    other = dataclasses.replace(WRONG, face="plain")
    with pytest.raises(InvalidArgument, match="another run: face was 'flash-attn'"):
        campaign(runs_of([right, other], [0], tmp_path), jobs=1, **wishes)


def test_a_report_and_a_token_say_the_manner(report: tuple[Path, Report]) -> None:
    path, found = report
    header = json.loads(path.read_text("utf-8").splitlines()[0])
    (finding,) = (o.finding for o in found.outcomes if o.finding is not None)

    assert (header["face"], header["arrays"], header["device"]) == (
        *("flash-attn", "numpy"),
        "",
    )
    assert read_token(finding.token).manner == {"face": "flash-attn"}


def test_a_replay_says_where_the_manner_is_another(
    report: tuple[Path, Report],
) -> None:
    (finding,) = (o.finding for o in report[1].outcomes if o.finding is not None)
    token = read_token(finding.token)
    elsewhere = str(dataclasses.replace(token, manner=manner(device="cuda")))
    words = ("replay", WRONG.target, "--arrays", "numpy")

    same, other = (_command(*words, word) for word in (finding.token, elsewhere))

    assert same.output.startswith("reproduced")
    assert same.stderr == ""
    assert other.stdout.startswith("reproduced")
    assert "attnspec: device was cuda where the finding was made, and is cpu here" in (
        other.stderr
    )
    assert "face was plain where the finding was made" in other.stderr


def _deviation(said: dict[str, str]) -> Deviation:
    return Deviation(
        "one-key-more",
        ("window-support",),
        "a key more to the right is seen",
        {"window": True},
        ATTENTION.recipe("float16", **SIZES, window=(0, 0)),
        face=said.get("face", ""),
        arrays=said.get("arrays", ""),
        device=said.get("device", ""),
    )


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ({}, Verdict.DEVIATION),
        ({"face": "flash-attn", "device": "cpu"}, Verdict.DEVIATION),
        ({"face": "plain"}, Verdict.FAILED),
        ({"device": "cuda"}, Verdict.FAILED),
        ({"arrays": "torch"}, Verdict.FAILED),
    ],
)
def test_a_deviation_covers_its_own_manner_alone(
    said: dict[str, str], verdict: Verdict
) -> None:
    found = check_implementation(
        _numpy.window_off_by_one,
        arrays="numpy",
        deviations=[_deviation(said)],
        **{**WISHES, "only": ["window-support"]},
    )

    assert [outcome.verdict for outcome in found.outcomes] == [verdict]


@pytest.mark.parametrize("device", ["cuda 1", "CUDA", "cuda:", "--x", "a" * 60])
def test_a_device_is_a_word_with_a_number_at_most(device: str) -> None:
    with pytest.raises(InvalidArgument, match="device: expected a name as cpu, cuda"):
        Request("torch", device=device)


def test_arrays_of_numpy_lie_on_no_device_but_the_cpu() -> None:
    message = "device: arrays of NumPy lie in memory of the CPU; got 'cuda'"
    with pytest.raises(UnusableTarget, match=message):
        check_implementation(_numpy.flash, arrays="numpy", device="cuda")
    found = _command("check", f"{FILE}:flash", "--arrays", "numpy", "--device", "cuda")
    assert found.exit_code == 2
    assert message in found.stderr
    with pytest.raises(InvalidArgument, match="device: a program chooses its own"):
        Request(program="./kernel", device="cuda")


def test_an_implementation_has_its_arrays_and_their_device() -> None:
    known = Implementation.of(_numpy.flash, arrays="numpy", device="cpu")
    assert known.description.manner == {"face": "flash-attn"}
    assert known.description.device == "cpu"
