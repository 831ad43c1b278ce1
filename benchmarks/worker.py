"""How long a call takes through a worker, beside the same call in this process.

    python benchmarks/worker.py [CALLS]

Prints for each size of the operands the median time of a call, in microseconds. The
kernel returns the query, so that what is measured is the way there and back.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any

from attnspec.conformance.targets import Request, open_target
from attnspec.judge.case import Case
from attnspec.kinds.registry import kind_named

_TARGET = f"{__file__}:first_operand"
_SIZES = {"2 kB": 3, "100 kB": 133, "1 MB": 1302, "10 MB": 13021}
"""For each size the length L = S at which query, key and value of width 64 have it."""


def first_operand(query: Any, key: Any, value: Any) -> Any:  # noqa: ARG001 - the face
    """Return the query."""
    return query


def _case(length: int) -> Case:
    fields: dict[str, Any] = {"queries": length, "keys": length}
    fields |= {"width": 64, "value_width": 64}
    kind = kind_named("attention")
    return kind.case(kind.recipe(**fields))


def _median(call: Any, case: Case, calls: int) -> float:
    """Return the median time of a call in microseconds."""
    times = []
    for _ in range(calls):
        start = time.perf_counter()
        call(case)
        times.append(time.perf_counter() - start)
    return 1e6 * statistics.median(times)


def main() -> None:
    """Print a line for each size."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    print("operands     worker us")
    with open_target(Request(_TARGET)) as (worker, _):
        for name, length in _SIZES.items():
            case = _case(length)
            _median(worker, case, 5)
            print(f"{name:>8}  {_median(worker, case, calls):>10,.0f}")


if __name__ == "__main__":
    main()
