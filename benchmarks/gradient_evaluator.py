"""Time of the evaluator of gradients beside torch's float64 backward pass.

Run as ``python -m benchmarks.gradient_evaluator [LENGTH ...]``. Both are given the same
arrays, (1, 4, length, 64), one after the other in one process, each with one thread.
torch's is SDPA by its math backend, forward and backward.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import threadpoolctl

from attnspec.judge.case import Case
from attnspec.kinds.attention.dialect import SPEC
from attnspec.kinds.attention.gradients.evaluator import evaluate_gradients
from attnspec.kinds.training.attention_gradient import ATTENTION_GRADIENT
from attnspec.numerics import PRESETS

LENGTHS = (256, 512, 1024)
HEADS, WIDTH, TIMES = 4, 64, 5


def _case(length: int) -> Case:
    """Return normal data."""
    fields = {"query_heads": HEADS, "key_heads": HEADS, "width": WIDTH}
    fields |= {"value_width": WIDTH, "queries": length, "keys": length}
    return ATTENTION_GRADIENT.case(ATTENTION_GRADIENT.recipe("float32", **fields))


def _by_torch(case: Case) -> Callable[[], object]:
    """Return torch's forward and backward pass in float64."""
    import torch  # noqa: PLC0415 - optional
    from torch.nn import attention, functional  # noqa: PLC0415 - optional

    torch.set_num_threads(1)
    arrays = [torch.tensor(a, dtype=torch.float64) for a in case.operands.values()]
    leaves = [array.requires_grad_() for array in arrays[:3]]

    def run() -> object:
        with attention.sdpa_kernel(attention.SDPBackend.MATH):
            output = functional.scaled_dot_product_attention(*leaves)
        return torch.autograd.grad(output, leaves, arrays[3])

    return run


def _seconds(way: Callable[[], object]) -> float:
    """Return the shortest time of a few."""
    spent = []
    for _ in range(TIMES):
        start = time.process_time()
        way()
        spent.append(time.process_time() - start)
    return min(spent)


def main(arguments: list[str]) -> int:
    """Print both times, and how often one fits in the other."""
    print(f"{'length':>8}{'evaluator':>12}{'torch':>12}{'ratio':>8}")
    with threadpoolctl.threadpool_limits(1):
        for length in map(int, arguments or LENGTHS):
            case = _case(length)
            ours = _seconds(lambda: evaluate_gradients(case, SPEC, PRESETS["float32"]))  # noqa: B023 - called at once
            its = _seconds(_by_torch(case))
            print(f"{length:8}{ours:11.3f}s{its:11.3f}s{ours / its:8.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
