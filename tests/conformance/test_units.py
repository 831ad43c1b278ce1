from __future__ import annotations

import dataclasses
from typing import Any

from attnspec.conformance.call import InProcess
from attnspec.conformance.check import benches
from attnspec.conformance.implementation import as_implementation
from attnspec.conformance.units import Unit, judged
from attnspec.judge.verdicts import Outcome, Verdict
from tests.conformance import _kernels


def _unit(kernel: Any, law: str, **changes: Any) -> tuple[Unit, InProcess]:
    call, known = InProcess(kernel), as_implementation(kernel).description
    stands, detected = benches(call, known)
    dtype = next(iter(stands))
    unit = Unit(law, dtype, known, detected.dialect, "smoke", 0)
    return dataclasses.replace(unit, **changes), call


def _outcome(unit: Unit, call: InProcess, **how: Any) -> Outcome | None:
    answer = judged(unit, call, **how)
    return None if answer is None else dataclasses.replace(answer.outcome, seconds=0)


def test_a_law_that_holds_is_the_same_whatever_else_is_found() -> None:
    unit, call = _unit(_kernels.right, "agreement")

    assert _outcome(unit, call, alone=True) == _outcome(unit, call)


def test_a_law_that_fails_may_depend_on_what_else_is_found() -> None:
    unit, call = _unit(_kernels.tail, "tail-sweep")
    found = judged(unit, call)

    assert judged(unit, call, alone=True) is None
    assert found is not None
    assert found.outcome.verdict is Verdict.FAILED
