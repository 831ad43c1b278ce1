"""A run that has everything in it, made by hand: every verdict, and odd texts."""

from __future__ import annotations

import math
from pathlib import Path

from attnspec.conformance import Description, Deviation, Finding, Outcome, Report
from attnspec.conformance.reports import Writer
from attnspec.judge.claims import Capabilities
from attnspec.judge.verdicts import Detected, Verdict
from attnspec.kinds.attention.dialect import SPEC
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.numerics import Comparison

TARGET = "mypkg.kernels:flash"
TOKEN = "A" + 150 * "x"

LOST = ATTENTION.recipe(
    keys=65,
    query_heads=4,
    key_heads=2,
    causal=True,
    window=(3, None),
    mask="holes",
    bias="normal",
    bias_axes="11LS",
    softcap=2.5,
    sink="large",
    scores="peaked",
    values="one_hot",
    hidden="huge",
    layouts=(("key", "transposed"),),
)
ERROR = Comparison(
    holds=False,
    ratio=48_612.3,
    index=(0, 0, 0, 0),
    expected=1.01532871,
    actual=1.0,
    bound=3.1e-7,
    error=0.01532871,
    what="output",
)
NAN = Comparison(
    holds=False,
    ratio=math.inf,
    index=(0, 1, 2, 3),
    expected=0.5,
    actual=math.nan,
    bound=1e-7,
    error=math.nan,
    what="lse",
    note="NaN is wrong here",
)


def finding(
    comparison: Comparison | None = None, message: str = "", **fields: object
) -> Finding:
    """Return a finding about the same case."""
    return Finding(
        invariant="agreement",
        recipe=LOST,
        message=message,
        token=TOKEN,
        comparison=comparison,
        **fields,  # type: ignore[arg-type]
    )


FAILED = Outcome(
    "tail-sweep",
    "float32",
    Verdict.FAILED,
    counted=97,
    ratio=48_612.3,
    finding=finding(ERROR, "S = 65"),
)
PRECISION = Outcome(
    "agreement",
    "float32",
    Verdict.FAILED,
    finding=finding(ERROR),
)
OUTCOMES = (
    Outcome("result-form", "float32", Verdict.PASSED, counted=18),
    Outcome(
        "agreement", "float32", Verdict.PASSED, counted=6_001, weak=40, ratio=0.407
    ),
    FAILED,
    Outcome("history", "float32", Verdict.FAILED, finding=finding(NAN)),
    Outcome(
        "layout",
        "float32",
        Verdict.CRASHED,
        finding=finding(message="ended the process by SIGSEGV; last words: \x1b[31mno"),
    ),
    Outcome(
        "causality",
        "float32",
        Verdict.TIMED_OUT,
        finding=finding(message="did not return within 20 s"),
    ),
    Outcome(
        "mask-forms",
        "float32",
        Verdict.REFUSED,
        finding=finding(message="ValueError: " + 12 * "not like this "),
    ),
    Outcome(
        "row-sums", "float32", Verdict.MISTRUSTED, counted=1, weak=1, reason="too few"
    ),
    Outcome(
        "empty-rows", "float32", Verdict.STALE, reason="deviation 'x': its case passes"
    ),
    Outcome(
        "window-support",
        "float32",
        Verdict.DEVIATION,
        counted=12,
        deviating=6,
        deviations=("window-of-one",),
    ),
    Outcome("sink-off", "float32", Verdict.UNSUPPORTED, reason="sink not claimed"),
    Outcome("sink-mass", "float32", Verdict.UNSUPPORTED, reason="sink not claimed"),
    Outcome("causal-support", "float32", Verdict.NOT_RUN, reason="stopped"),
)
KNOWN = Deviation(
    id="window-of-one",
    invariants=("window-support",),
    reason="a window of (0, 0) is treated as no window",
    when={"window": True},
    pinned=ATTENTION.recipe(queries=3, keys=3, window=(0, 0)),
    link="https://example.org/issues/12",
)
DESCRIPTION = Description(
    "flash",
    Capabilities(
        dtypes=("float32", "bfloat16"),
        claims=frozenset({"mask", "causal", "window", "unequal_lengths"}),
        multiples={"width": 8},
        exclusive=(frozenset({"mask", "causal"}),),
    ),
    deviations=(KNOWN,),
    version="mypkg 1.2",
    kind="attention",
)
REPORT = Report(
    DESCRIPTION,
    "standard",
    20261122,
    Detected(
        SPEC,
        {
            "alignment": "detected",
            "empty_row": "declared",
            "nan_masked_key": "poisons (found, not enforced)",
        },
    ),
    ("float32",),
    OUTCOMES,
    seconds=38.2,
)
GREEN = REPORT.replace(outcomes=OUTCOMES[:2])


def write(path: Path, report: Report = REPORT, *, ended: bool = True) -> Path:
    """Write a report to a file as a run does, and return the file."""
    with Writer(path, TARGET) as writer:
        writer.started(report)
        for outcome in report.outcomes[:-1]:
            writer.finished(outcome)
        if ended:
            writer.ended(report)
    return path
