"""Which small faults of a backward pass its bounds find, in bfloat16.

Run as ``python -m benchmarks.small_faults [--cases N] [--seed N]``. A pass like that of
FlashAttention 2 answers normal data and a bias, at the widths 64 to 128; it is right
but for one small fault. The judge knows the output and logsumexp of the forward pass,
or it does not. Each line has the shares of cases in which a gradient lies beyond its
bound; the last ones the median of bound by size for the gradients of queries and keys.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from attnspec.judge.case import Case
from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.dialect import SPEC
from attnspec.kinds.attention.gradients.evaluator import evaluate_gradients
from attnspec.kinds.attention.gradients.problem import forward_case
from attnspec.kinds.training.attention_gradient import ATTENTION_GRADIENT
from attnspec.rogues.training._right_passes import RIGHT_PASSES
from attnspec.rogues.training._wrong_scores import NarrowDelta, NarrowLse

FLASH = next(right for right in RIGHT_PASSES if right.id == "flash-2")
Gradients = tuple[Any, ...]


def _times(place: int, factor: float) -> Callable[..., Gradients]:
    """Return the right pass with one of its gradients times a factor."""

    def off(*operands: Any, **options: Any) -> Gradients:
        found = list(FLASH.run(*operands, **options))
        wide = found[place].astype(np.float32) * np.float32(factor)
        found[place] = wide.astype(found[place].dtype)
        return tuple(found)

    return off


FAULTS: dict[str, Callable[..., Gradients]] = {
    "none": FLASH.run,
    "delta in bfloat16": NarrowDelta(shuffled=True),
    "lse in bfloat16": NarrowLse(shuffled=True),
    "dq * 0.99": _times(0, 0.99),
    "dk * 0.99": _times(1, 0.99),
    "dv * 0.99": _times(2, 0.99),
    "dv * 0.999": _times(2, 0.999),
}


def draw(random: np.random.Generator) -> Case:
    """Return a case of normal data and a bias at a width of a model."""
    width = int(random.choice((64, 96, 128)))
    queries, keys = map(int, random.integers(128, 257, 2))
    fields: dict[str, Any] = {
        "queries": queries,
        "keys": keys,
        "width": width,
        "value_width": width,
    }
    fields |= {"bias": "normal", "bias_axes": "1HLS"}
    seed = int(random.integers(2**31))
    return ATTENTION_GRADIENT.case(
        ATTENTION_GRADIENT.recipe("bfloat16", seed=seed, **fields)
    )


def saved(case: Case) -> Case:
    """Return the case with output and logsumexp given, each rounded once."""
    found = evaluate(forward_case(case), SPEC)
    output = found.output.astype(case["query"].dtype)
    return case.replace(output=output, lse=found.lse.astype(np.float32))


def looked_at(case: Case) -> Iterator[tuple[str, bool | float]]:
    """Yield for each fault whether it is found, and how sharp the bounds are."""
    exact = evaluate_gradients(case, SPEC, FLASH.model("bfloat16")).gradients
    for name, function in FAULTS.items():
        found = function(*case.operands.values(), **case.options)
        errors = zip(found, exact.values(), strict=True)
        yield (
            name,
            any((abs(f.astype(np.float64) - v) > b).any() for f, (v, b) in errors),
        )
    for name in ("dq", "dk"):
        value, bound = exact[name]
        yield f"bound / {name}", float(np.median(bound) / np.median(abs(value)))


def main(arguments: list[str]) -> int:
    """Print the shares, and say whether the right pass is within its bounds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    seen: dict[str, list[list[float]]] = {}
    for number in range(given.cases):
        case = draw(np.random.default_rng([given.seed, number]))
        for place, each in enumerate((case, saved(case))):
            for name, found in looked_at(each):
                seen.setdefault(name, [[], []])[place].append(found)
    print(f"{'':20}{'own o, L':>12}{'o, L given':>12}")
    for name, (own, known) in seen.items():
        summed = np.median if "bound" in name else np.mean
        print(f"{name:20}{summed(own):12.1%}{summed(known):12.1%}")
    return int(any(map(any, seen["none"])))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
