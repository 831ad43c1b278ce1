"""The bounds of gradients against right backward passes, on what the judge draws.

Run as ``python -m benchmarks.right_gradients [--cases N] [--seed N] [ID ...]``. Every
backward pass of ``attnspec.rogues.training`` answers cases of every family of the
table, in each of its formats, with the output and logsumexp of its own forward pass
and with given ones. The table has one line a pass, format and gradient: median, 99th
percentile and largest error by bound. It exits with 1 if there is one beyond the bound.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from attnspec.judge.case import Case
from attnspec.kinds.attention.bounds.admissible import admissible
from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.dialect import SPEC
from attnspec.kinds.attention.gradients.evaluator import (
    GradientEvaluation,
    evaluate_gradients,
)
from attnspec.kinds.attention.gradients.problem import forward_case
from attnspec.kinds.training.attention_gradient import ATTENTION_GRADIENT
from attnspec.numerics import NumericModel
from attnspec.numerics.dtypes import DTYPES
from attnspec.rogues.training._right_passes import RIGHT_PASSES, RightPass

Ratios = dict[tuple[str, str, str], list[Any]]
_TABLE = ATTENTION_GRADIENT.table
_LARGEST = 2**14
"""The largest number of scores of an example."""


def draw(random: np.random.Generator, dtype: str) -> Case:
    """Return a case of a family of the table, every field drawn."""
    while True:
        family = _TABLE.families[random.integers(len(_TABLE.families))]
        fields = {**_TABLE.fields, **family.fields, "layouts": ((),)}
        recipe = {n: v[random.integers(len(v))] for n, v in fields.items() if v}
        for name in _TABLE.switches:
            if random.random() < 0.7:
                recipe[name] = _TABLE.plain[name]
        seed = int(random.integers(2**31))
        case = ATTENTION_GRADIENT.case(
            ATTENTION_GRADIENT.recipe(dtype, seed=seed, **recipe)
        )
        batch, heads, queries, _ = case["query"].shape
        if 0 < batch * heads * queries * case["key"].shape[2] <= _LARGEST:
            return case


def saved(case: Case) -> Case:
    """Return the case with output and logsumexp given, each rounded once."""
    found = evaluate(forward_case(case), SPEC)
    wide = np.float64 if case.dtype == "float64" else np.float32
    return case.replace(
        output=found.output.astype(case["query"].dtype), lse=found.lse.astype(wide)
    )


def judged(case: Case, model: NumericModel) -> GradientEvaluation | None:
    """Return what is right, where the model says anything."""
    if admissible(forward_case(case), SPEC, model) is not None:
        return None
    found = evaluate_gradients(case, SPEC, model)
    return None if found.overflow else found


def example(right: RightPass, case: Case) -> Iterator[tuple[str, Any]]:
    """Yield for each gradient of a pass its errors by bound, entry by entry."""
    exact = judged(case, right.model(case.dtype))
    if exact is None:
        return
    gradients = right.run(*case.operands.values(), **case.options)
    for (name, _, _), found in zip(case.results, gradients, strict=True):
        value, bound = exact.gradients[name]
        error = np.abs(found.astype(np.float64) - value)
        ratio = np.divide(error, bound, out=np.zeros_like(error), where=error != 0)
        yield name, np.where(np.isnan(error), np.inf, ratio).ravel()


def measure(passes: list[RightPass], cases: int, seed: int) -> tuple[Ratios, list[str]]:
    """Return the errors by bound of all passes, and what lies beyond a bound."""
    ratios: Ratios = defaultdict(list)
    beyond = []
    for dtype in DTYPES:
        mine = [right for right in passes if dtype in right.dtypes]
        for number in range(cases if mine else 0):
            case = draw(np.random.default_rng([seed, number]), dtype)
            if number % 3 == 0 and case["kept"] is None:
                case = saved(case)
            for right in mine:
                for name, found in example(right, case):
                    ratios[right.id, dtype, name].append(found)
                    if not (found <= 1).all():
                        beyond.append(f"{right.id} {dtype} {name} {number}")
    return ratios, beyond


def _lines(ratios: Ratios) -> Iterator[str]:
    """Yield one line a pass, format and gradient."""
    head = "".join(f"{name:>9}" for name in ("cases", "median", "99 %", "largest"))
    yield f"{'pass':18}{'format':10}{'gradient':9}{head}"
    for (name, dtype, gradient), parts in ratios.items():
        found = np.concatenate(parts)
        shown = (np.median(found), np.quantile(found, 0.99), found.max())
        cells = "".join(f"{share:9.2g}" for share in shown)
        yield f"{name:18}{dtype:10}{gradient:9}{len(parts):9,}{cells}"


def main(arguments: list[str]) -> int:
    """Print the table, and say whether all is within the bounds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("passes", nargs="*", metavar="ID")
    parser.add_argument("--cases", type=int, default=1000, help="cases of each format")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    passes = [r for r in RIGHT_PASSES if r.id in given.passes or not given.passes]
    start = time.perf_counter()
    ratios, beyond = measure(passes, given.cases, given.seed)
    print("\n".join(_lines(ratios)))
    count = sum(len(found) for key, found in ratios.items() if key[2] == "dq")
    spent = time.perf_counter() - start
    print(f"{len(passes)} passes, {count:,} examples, {len(beyond)} beyond the bound")
    print(f"{spent:.0f} s; error by bound of every entry")
    print("\n".join(beyond[:20]))
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
