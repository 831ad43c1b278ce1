"""How much longer a run takes with the gradients of a kernel than without.

Run as ``python -m benchmarks.with_gradients [--tier TIER] [--dtype DTYPE] [--times N]
[TARGET ...]``. Without a target it is the embedded kernel with a backward pass in
NumPy beside it. Both runs take turns in one process, with one thread; the table has
the seconds of the process and of the clock, and how often one fits in the other. It
exits with 1 if a kernel does not conform.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import sys
import time
from typing import NamedTuple

import threadpoolctl

from attnspec.conformance import Implementation, differentiable
from attnspec.conformance.call import InProcess
from attnspec.conformance.check import judge
from attnspec.conformance.importing import resolve
from attnspec.judge.tiers import TIERS
from attnspec.rogues.training._passes import BackwardPass

CLAIM = ("gradients",)


class Run(NamedTuple):
    """What a run took."""

    process: float
    clock: float
    examples: int
    broken: tuple[str, ...]


def opened(target: str) -> Implementation:
    """Return what a target names; without a name a kernel in NumPy."""
    found = resolve(target)
    return found if target else differentiable(found, BackwardPass())


def judged(
    kernel: Implementation, tier: str, dtypes: tuple[str, ...], *, claimed: bool
) -> Run:
    """Judge a kernel with its gradients, or without."""
    known, ways = kernel.description, {"names": CLAIM} if claimed else {}
    ways = ways or {"without": CLAIM}
    known = known.replace(capabilities=known.capabilities.claiming(**ways))
    start = time.process_time(), time.perf_counter()
    found = judge(InProcess(kernel.function), known, tier=tier, dtypes=dtypes)
    spent = time.process_time() - start[0], time.perf_counter() - start[1]
    examples = sum(outcome.counted + outcome.weak for outcome in found.outcomes)
    broken = (o.invariant for o in found.outcomes if not o.conforms)
    return Run(*spent, examples, tuple(broken))


def _shown(name: str, runs: list[Run]) -> str:
    """Return a line of the table: the least times of some runs."""
    process, clock = min(r.process for r in runs), min(r.clock for r in runs)
    return f"{name:24}{runs[0].examples:10,}{process:11.1f} s{clock:11.1f} s"


def main(arguments: list[str]) -> int:
    """Print both times of each kernel, and how often one fits in the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--tier", choices=list(TIERS), default="standard")
    parser.add_argument("--dtype", action="append", default=[])
    parser.add_argument("--times", type=int, default=1)
    given = parser.parse_args(arguments)
    wrong = False
    print(f"{given.tier:24}{'examples':>10}{'process':>13}{'clock':>13}")
    for target in given.targets or [""]:
        kernel = opened(target)
        runs: dict[bool, list[Run]] = {False: [], True: []}
        for claimed in (False, True) * given.times:
            run = judged(kernel, given.tier, tuple(given.dtype), claimed=claimed)
            runs[claimed].append(run)
        name = kernel.description.name
        print(_shown(name, runs[False]))
        print(_shown("  and its gradients", runs[True]))
        ratios = (
            min(r[i] for r in runs[True]) / min(r[i] for r in runs[False])
            for i in (0, 1)
        )
        print(f"{'  ratio':34}" + "".join(f"{ratio:13.2f}" for ratio in ratios))
        for run in runs[False] + runs[True]:
            if run.broken:
                print("  broken: " + ", ".join(run.broken))
                wrong = True
    return int(wrong)


def _one_thread() -> contextlib.AbstractContextManager[object]:
    """Keep NumPy's and, where it is there, torch's products to one thread."""
    with contextlib.suppress(ImportError):
        importlib.import_module("torch").set_num_threads(1)
    return threadpoolctl.threadpool_limits(1)


if __name__ == "__main__":
    with _one_thread():
        sys.exit(main(sys.argv[1:]))
