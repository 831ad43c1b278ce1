"""One call judges whatever names a kernel, and writes down what it found."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from attnspec.conformance import (
    Deviation,
    Implementation,
    Program,
    Verdict,
    check_implementation,
)
from attnspec.conformance.reports import read_report
from attnspec.exceptions import InvalidArgument, UnusableTarget
from attnspec.kernels import tiled_attention
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.numerics import PRESETS
from tests.conformance import _kernels

FILE = _kernels.__file__
TAIL = "tests.conformance._kernels:tail"
KNOWN = Deviation(
    "last-key",
    ("tail-sweep",),
    "the last key of a tile is lost",
    {"keys": [64 * tile + 1 for tile in range(1, 65)]},
    ATTENTION.recipe(keys=65),
)


def _judged(kernel: Any, *only: str, **said: Any) -> Any:
    wishes = {"only": only or ["agreement"], "tier": "smoke", **said}
    return check_implementation(kernel, **wishes)


def where(query: Any, key: Any, value: Any) -> Any:
    """Say in which process it is called."""
    raise RuntimeError(os.getpid())


@pytest.mark.parametrize("target", [f"{FILE}:right", "embedded"])
def test_words_name_a_kernel_that_is_judged(target: str) -> None:
    assert _judged(target).conforms


def test_words_are_judged_in_another_process_and_a_function_in_this_one() -> None:
    here = str(_judged(where))
    apart = str(_judged(f"{__file__}:where"))

    assert f"RuntimeError: {os.getpid()}" in here
    assert "RuntimeError: " in apart
    assert f"RuntimeError: {os.getpid()}" not in apart


def test_a_kernel_that_ends_its_process_is_a_verdict() -> None:
    (outcome,) = _judged(f"{FILE}:dies").outcomes

    assert outcome.verdict is Verdict.CRASHED


def test_a_kernel_that_hangs_is_a_verdict() -> None:
    (outcome,) = _judged(f"{FILE}:hangs", deadline=0.3).outcomes

    assert outcome.verdict is Verdict.TIMED_OUT


@pytest.mark.parametrize(
    "kernel", [tiled_attention, "attnspec.kernels:tiled_attention"]
)
def test_the_same_is_declared_of_a_function_and_of_words(kernel: Any) -> None:
    found = _judged(
        kernel,
        dtypes=["float16"],
        claims=["grouped_query"],
        without=["causal"],
        multiples={"width": 8},
        exclusive=[("mask", "bias")],
        dialect={"empty_row": "zero"},
        models={"float16": "upcast-float16", "float32": PRESETS["tfloat32"]},
    ).description

    capabilities = found.capabilities
    assert capabilities.dtypes == ("float32", "float16")
    assert "grouped_query" in capabilities
    assert "causal" not in capabilities
    assert capabilities.multiples == {"width": 8}
    assert capabilities.exclusive == (frozenset({"mask", "bias"}),)
    assert found.dialect == {"empty_row": "zero"}
    assert found.model("float16") == PRESETS["upcast-float16"]
    assert found.model("float32") == PRESETS["tfloat32"]


@pytest.mark.parametrize("kernel", [_kernels.tail, f"{FILE}:tail"])
def test_a_known_deviation_is_none_of_the_failures(kernel: Any) -> None:
    (outcome,) = _judged(kernel, "tail-sweep", deviations=[KNOWN]).outcomes

    assert outcome.verdict is Verdict.DEVIATION


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs torch")
def test_a_function_of_tensors_is_judged_in_this_process() -> None:
    def kernel(query: Any, key: Any, value: Any) -> Any:
        scores = query @ key.mT / query.shape[-1] ** 0.5
        return scores.softmax(-1) @ value

    assert _judged(kernel, arrays="torch").conforms


def test_a_report_says_how_it_is_seen_again() -> None:
    said = str(_judged(_kernels.tail, "tail-sweep", without=["deterministic"]))

    assert f"attnspec replay {TAIL} --without deterministic \\\n" in said


def test_the_first_failure_can_stop_the_run() -> None:
    laws = ("tail-sweep", "agreement")
    first, second = _judged(_kernels.tail, *laws, stop_at_first=True).outcomes

    assert (first.verdict, second.verdict) == (Verdict.FAILED, Verdict.NOT_RUN)


@pytest.mark.parametrize("kernel", [_kernels.tail, f"{FILE}:tail"])
def test_a_run_is_written_down(kernel: Any, tmp_path: Path) -> None:
    lines, xml = tmp_path / "run.jsonl", tmp_path / "run.xml"

    found = _judged(kernel, "tail-sweep", report=lines, junit=str(xml))

    report = read_report(lines)
    assert report.complete
    assert [r["verdict"] for r in report.results] == ["failed"]
    assert report.header["target"] == kernel if isinstance(kernel, str) else TAIL
    assert len([*ET.parse(xml).getroot().iter("testcase")]) == 1  # noqa: S314 - ours
    assert not found.conforms


def test_an_interrupted_run_is_written_as_far_as_it_came(tmp_path: Path) -> None:
    calls = []

    def kernel(query: Any, key: Any, value: Any) -> Any:
        calls.append(query)
        if len(calls) == 100:
            raise KeyboardInterrupt
        return _kernels.right(query, key, value)

    lines, xml = tmp_path / "run.jsonl", tmp_path / "run.xml"
    with pytest.raises(KeyboardInterrupt):
        check_implementation(kernel, report=lines, junit=xml)

    report = read_report(lines)
    assert report.footer is not None
    assert not report.complete
    assert xml.exists()


@pytest.mark.parametrize(
    ("kernel", "said", "message"),
    [
        ("", {}, "target: expected words that name a kernel; got ''"),
        (" ", {}, "target: expected words that name a kernel; got ' '"),
        ("embeded", {}, "target: .*; did you mean 'embedded'"),
        (Program("/no/such"), {}, "program: '/no/such' is not found"),
        (
            _kernels.right,
            {"claims": "causal"},
            "^claims: expected a sequence, got 'causal'",
        ),
        (_kernels.right, {"without": 3}, "^without: expected a sequence, got 3"),
        (
            _kernels.right,
            {"dtypes": "float32"},
            "^dtypes: expected a sequence, got 'float32'",
        ),
        (_kernels.right, {"multiples": {"width": 0}}, r"^multiples\.width: expected a"),
        (
            _kernels.right,
            {"exclusive": ["mask,bias"]},
            r"^exclusive\[0\]: expected a s",
        ),
        (_kernels.right, {"dialect": {"rows": "x"}}, "dialect: expected one of"),
        (
            _kernels.right,
            {"models": {"float32": "x"}},
            r"models\.float32: expected one",
        ),
        (_kernels.right, {"models": {"float32": 3}}, r"models\.float32: expected the"),
        (
            _kernels.right,
            {"deviations": ["x"]},
            r"deviations\[0\]: expected Deviation, ",
        ),
        (_kernels.right, {"arrays": "cupy"}, "arrays: expected 'numpy' or 'torch'"),
        (_kernels.right, {"report": "/no/such/run"}, "report: /no/such/run cannot be"),
        (_kernels.right, {"junit": "/no/such/run"}, "junit: /no/such/run cannot be"),
        (_kernels.right, {"only": "agreement"}, "only: expected a sequence, got 'a"),
        (_kernels.right, {"models": ["float32"]}, "models: expected a table, got "),
        (_kernels.right, {"dtypes": None}, "dtypes: expected a sequence, got None"),
        (_kernels.right, {"exclusive": 3}, "exclusive: expected a sequence, got 3"),
        (_kernels.right, {"report": 3}, "report: expected Path or a text, got int"),
        (_kernels.right, {"stop_at_first": "no"}, "stop_at_first: expected True or F"),
        (_kernels.right, {"resume": "no"}, "resume: expected True or False, got 'no'"),
        (_kernels.right, {"deadline": "x"}, "deadline: expected a number, got 'x'"),
        (_kernels.right, {"seed": 0.5}, "seed: expected an integer or a text, got 0.5"),
        (_kernels.right, {"tier": np.zeros(2)}, "tier: expected 'smoke' or 'standard'"),
        ("embedded", {"deadline": 0}, "deadline: expected more than 0 and"),
    ],
)
def test_a_wrong_request_is_refused(
    kernel: Any, said: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        _judged(kernel, **said)


def test_an_implementation_is_of_the_kind_that_is_asked_for() -> None:
    known = Implementation.of(_kernels.right)

    with pytest.raises(UnusableTarget, match="is of kind attention, not rope"):
        check_implementation(known, kind="rope")
