"""Time and memory of the evaluator beside plain ways to compute attention.

Run as ``python -m benchmarks.evaluator [LENGTH ...]``, ``64`` for a glance; BLAS and
torch keep their own threads. torch is optional. Everything is measured in one run, in
turn, so that the columns can be compared with each other.
"""

from __future__ import annotations

import importlib
import sys
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import scipy.special

from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.case import AttentionCase
from attnspec.numerics import PRESETS

LENGTHS = (256, 512, 1024, 2048, 4096, 8192)
HEADS, WIDTH = 8, 64
LARGEST = 4 * 2**30
"""The naive way is left out where its matrices need more bytes than this."""

Way = Callable[[], object]


def _case(length: int) -> AttentionCase:
    """Return normal data, (1, 8, length, 64) in float32."""
    random = np.random.default_rng(length)
    shape = (1, HEADS, length, WIDTH)
    query, key, value = (random.standard_normal(shape, np.float32) for _ in range(3))
    return AttentionCase.of(query, key, value)


def _naive(case: AttentionCase) -> Way | None:
    """Return attention with SciPy's softmax on whole score matrices."""
    if 3 * 8 * HEADS * case.sizes.L * case.sizes.S > LARGEST:
        return None
    query, key, value = (
        array.astype(np.float64) for array in (case.query, case.key, case.value)
    )

    def way() -> object:
        """Hold all scores at once."""
        scores = query @ key.swapaxes(-1, -2) * case.effective_scale
        return scipy.special.softmax(scores, axis=-1) @ value

    return way


def _torch_math(case: AttentionCase) -> Way | None:
    """Return torch's own unfused reference in float64, if torch is there."""
    try:
        torch = importlib.import_module("torch")
        kernels = importlib.import_module("torch.nn.attention")
    except ImportError:
        return None
    attend = torch.nn.functional.scaled_dot_product_attention
    tensors = [torch.from_numpy(x).double() for x in (case.query, case.key, case.value)]

    def way() -> object:
        """Take the math backend."""
        with kernels.sdpa_kernel(kernels.SDPBackend.MATH):
            answer: object = attend(*tensors)
            return answer

    return way


def _ways(case: AttentionCase) -> dict[str, Way | None]:
    """Return all ways by the title of their column."""
    return {
        "value": lambda: evaluate(case),
        "value+bound": lambda: evaluate(case, model=PRESETS["float32"]),
        "same, float64": lambda: evaluate(case, model=PRESETS["float64"]),
        "torch math": _torch_math(case),
        "naive SciPy": _naive(case),
    }


def _fastest(ways: dict[str, Way | None], repeats: int) -> dict[str, float]:
    """Return the least time of each way, taken in turn."""
    best: dict[str, float] = {}
    for _ in range(repeats):
        for name, way in ways.items():
            if way is not None:
                start = time.perf_counter()
                way()
                seconds = time.perf_counter() - start
                best[name] = min(seconds, best.get(name, seconds))
    return best


def _peak(way: Way) -> float:
    """Return the peak of memory that NumPy allocates, in MiB."""
    tracemalloc.start()
    try:
        way()
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def _line(length: int) -> str:
    """Measure one length."""
    case = _case(length)
    ways = _ways(case)
    best = _fastest(ways, 5 if length <= 2048 else 2)
    cells = [f"{best[n]:13.4f}" if n in best else f"{'-':>13}" for n in ways]
    bounded = ways["value+bound"]
    ratio = best["value+bound"] / best["torch math"] if "torch math" in best else np.nan
    output = case.query.nbytes * 2 / 2**20
    peak = "-" if bounded is None else f"{_peak(bounded) - 2 * output:13.1f}"
    return " ".join([f"{length:6d}", *cells, f"{ratio:13.2f}", peak])


def main(arguments: list[str]) -> None:
    """Print a table: seconds, bound by torch, MiB beyond inputs and outputs."""
    lengths = [int(argument) for argument in arguments] or LENGTHS
    titles = ["value", "value+bound", "same, float64", "torch math", "naive SciPy"]
    titles += ["bound/torch", "MiB beyond"]
    print(f"B=1 H={HEADS} E=Ev={WIDTH}, L=S; seconds")
    print(" ".join([f"{'L=S':>6}", *(f"{title:>13}" for title in titles)]))
    for length in lengths:
        print(_line(length), flush=True)
    print(f"-: torch is absent, or whole matrices need more than {LARGEST:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
