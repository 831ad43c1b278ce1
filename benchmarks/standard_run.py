"""Where the time of a standard run goes: kernel, evaluator, bound, nulls, drawing.

Run with ``python benchmarks/standard_run.py [dtype ...]``. Each part is timed
where it is called, in a real run of the embedded kernel; what the bound costs is
the difference to evaluating the same cases once more without it.
"""

from __future__ import annotations

import collections
import platform
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec import numerics
from attnspec.conformance import check
from attnspec.conformance.targets import resolve
from attnspec.judge import bench, examination
from attnspec.judge.case import Result
from attnspec.kinds.attention import nulls as _nulls
from attnspec.kinds.attention.case import AttentionCase

SPENT: collections.Counter[str] = collections.Counter()
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


def evaluated(case: AttentionCase, dialect: Any, model: Any) -> Any:
    """Evaluate a case with its bound, and count value and bound apart."""
    start = time.perf_counter()
    numerics.evaluate(case, dialect)
    value = time.perf_counter() - start
    start = time.perf_counter()
    evaluation = numerics.evaluate(case, dialect, model)
    both = time.perf_counter() - start
    SPENT["evaluator"] += value
    SPENT["bound"] += max(0.0, both - value)
    SPENT["(measuring)"] += value
    return evaluation


class TimedExecutor(check.InProcess):
    """Calls a kernel and counts its time."""

    def __call__(self, case: AttentionCase, *, lse: bool = False) -> Result:
        """Call the kernel."""
        result: Result = timed("kernel", super().__call__)(case, lse=lse)
        return result


def main(dtypes: list[str]) -> None:
    """Run the embedded kernel at the standard tier, and print where the time went."""
    implementation = resolve("")
    bench.evaluate = evaluated  # type: ignore[assignment]
    examination.build = timed("building", examination.build)
    _nulls.evaluate = timed("nulls", _nulls.evaluate)  # type: ignore[assignment]
    start = time.perf_counter()
    report = check.judge(
        TimedExecutor(implementation), implementation.description, dtypes=dtypes
    )
    total = time.perf_counter() - start - SPENT.pop("(measuring)")
    SPENT["drawing, comparing, all else"] = total - sum(SPENT.values())
    examples = sum(o.counted + o.weak for o in report.outcomes)
    where = f"Python {platform.python_version()}, NumPy {np.__version__}"
    print(f"standard run of {', '.join(report.dtypes)}: {total:.1f} s ({where})")
    print(f"{examples:,} examples, {1e3 * total / examples:.1f} ms each")
    for part, seconds in SPENT.most_common():
        print(f"  {part:30} {seconds:6.1f} s  {100 * seconds / total:3.0f} %")


if __name__ == "__main__":
    main(sys.argv[1:])
