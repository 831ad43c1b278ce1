"""Where the time of a standard run goes: kernel, evaluator, bound, nulls, drawing.

Run as ``python -m benchmarks.standard_run [--tier TIER] [DTYPE ...]``; ``--tier smoke
float32`` takes seconds. The embedded kernel is judged by a kind whose functions count
their time; what the bound costs is the difference to evaluating the same cases once
more without it.
"""

from __future__ import annotations

import argparse
import collections
import platform
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec.conformance.call import InProcess
from attnspec.conformance.importing import resolve
from attnspec.conformance.runner import outcomes
from attnspec.judge.bench import KernelBench
from attnspec.judge.case import Case, Result
from attnspec.judge.detection import detect
from attnspec.judge.kind import Kind
from attnspec.judge.tiers import TIERS
from attnspec.judge.verdicts import Outcome
from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.laws import ATTENTION

_JUDGE = ATTENTION.judge

SPENT: dict[str, float] = collections.defaultdict(float)
"""Seconds by part."""


def timed(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, its time counted for a part and no other."""

    def call(*arguments: Any, **options: Any) -> Any:
        before = sum(SPENT.values())
        start = time.perf_counter()
        try:
            return function(*arguments, **options)
        finally:
            inner = sum(SPENT.values()) - before
            SPENT[part] += time.perf_counter() - start - inner

    return call


def judged(case: Any, dialect: Any, model: Any) -> Any:
    """Evaluate a case with its bound, and count value and bound apart."""
    start = time.perf_counter()
    evaluate(case, dialect)
    value = time.perf_counter() - start
    start = time.perf_counter()
    evaluation = _JUDGE(case, dialect, model)
    both = time.perf_counter() - start
    SPENT["evaluator"] += value
    SPENT["bound"] += max(0.0, both - value)
    SPENT["(measuring)"] += value
    return evaluation


def measured() -> Kind:
    """Let the functions of attention count their time; return it.

    A run finds its kind by the name, so that it is changed in place.
    """
    counting = {
        "build": timed("building", ATTENTION.build),
        "judge": judged,
        "value": timed("nulls", evaluate),
    }
    for name, function in counting.items():
        object.__setattr__(ATTENTION, name, function)
    return ATTENTION


class TimedExecutor(InProcess):
    """Calls a kernel and counts its time."""

    def __call__(self, case: Case) -> Result:
        """Call the kernel."""
        result: Result = timed("kernel", super().__call__)(case)
        return result


def run(tier: str, dtypes: tuple[str, ...]) -> list[Outcome]:
    """Judge the embedded kernel."""
    implementation = resolve("")
    known, kind = implementation.description, measured()
    call = TimedExecutor(implementation.function)
    first = dtypes[0]
    dialect = detect(call, kind, known, known.model(first), first).dialect
    stands = {
        d: KernelBench(call, kind, known, dialect, known.model(d)) for d in dtypes
    }
    return list(outcomes(stands, tuple(kind.laws.values()), tier=tier))


def main() -> None:
    """Run the embedded kernel, and print where the time went."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("dtypes", nargs="*", metavar="DTYPE")
    parser.add_argument("--tier", choices=list(TIERS), default="standard")
    asked = parser.parse_args()
    dtypes = tuple(asked.dtypes) or resolve("").description.capabilities.dtypes
    start = time.perf_counter()
    found = run(asked.tier, dtypes)
    total = time.perf_counter() - start - SPENT.pop("(measuring)")
    SPENT["drawing, comparing, all else"] = total - sum(SPENT.values())
    examples = sum(outcome.counted + outcome.weak for outcome in found)
    where = f"Python {platform.python_version()}, NumPy {np.__version__}"
    print(f"{asked.tier} run of {', '.join(dtypes)}: {total:.1f} s ({where})")
    print(f"{examples:,} examples, {1e3 * total / examples:.1f} ms each")
    for part, seconds in sorted(SPENT.items(), key=lambda item: -item[1]):
        print(f"  {part:30} {seconds:6.1f} s  {100 * seconds / total:3.0f} %")
    if broken := [outcome.invariant for outcome in found if not outcome.conforms]:
        sys.exit(f"the embedded kernel breaks {', '.join(broken)}")


if __name__ == "__main__":
    main()
