"""What a kernel is, found out by calls: above all how precisely it computes."""

from __future__ import annotations

from collections.abc import Iterable

from attnspec.conformance.check import benches
from attnspec.exceptions import Inadmissible, KernelFault
from attnspec.judge.bench import Executor, KernelBench
from attnspec.judge.description import Description


def described(
    call: Executor, description: Description, *, dtypes: Iterable[str] = ()
) -> dict[str, str]:
    stands, _ = benches(call, description, dtypes)
    return {dtype: precision(bench, dtype) for dtype, bench in stands.items()}


def precision(bench: KernelBench, dtype: str) -> str:
    for case in bench.kind.precision_calls(dtype, bench.capabilities):
        try:
            bench.judged(case)
            bench.run(case)
        except (KernelFault, Inadmissible):
            continue
    return bench.explained()
