"""What an example of attention costs: seconds by its sizes, fitted to measured ones.

Run as ``python -m benchmarks.example_cost [--repeats N] [--most PRODUCTS]``. An
example is made, put before `agreement` and asked whether it is weak, with the embedded
kernel in float32.
The seconds are a constant and so much for each unit of its work; the fit minimizes
the relative error, and prints what `attnspec.kinds.attention.budget` is made of.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.optimize

from attnspec.conformance.call import InProcess
from attnspec.conformance.importing import resolve
from attnspec.judge.bench import KernelBench
from attnspec.judge.examination import Nulls, examine
from attnspec.judge.recipe import Recipe
from attnspec.kinds.attention.budget import work
from attnspec.kinds.attention.laws import ATTENTION

_SIZES = {
    "lengths": ((1, 3), (17, 17), (65, 65), (3, 961), (257, 257), (16_385, 3)),
    "heads": ((1, 1), (6, 2), (257, 257)),
    "batch": (1, 65),
    "widths": ((4, 4), (64, 64), (576, 512)),
}


def _recipes(most: int) -> list[Recipe]:
    """Return an example of every combination of sizes that is not too large."""
    drawn: Iterator[dict[str, Any]] = (
        dict(zip(_SIZES, sizes, strict=True))
        for sizes in itertools.product(*_SIZES.values())
    )
    recipes = [ATTENTION.recipe(**fields) for fields in drawn]
    return [recipe for recipe in recipes if work(recipe).multiplications <= most]


def _seconds(recipe: Recipe, bench: KernelBench, repeats: int) -> float:
    """Return the least time that an example takes."""
    law = ATTENTION.laws["agreement"]
    best = np.inf
    for seed in range(repeats):
        nulls = Nulls(law, bench)
        start = time.perf_counter()
        examine(law, recipe.replace(seed=seed), bench, nulls)
        best = min(best, time.perf_counter() - start)
    return float(best)


def main() -> None:
    """Print the cost of each unit of work, and how far the fit is off."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--most", type=int, default=80_000_000, metavar="PRODUCTS")
    asked = parser.parse_args()
    known = resolve("").description
    call = InProcess(resolve("").function)
    model = known.model("float32")
    bench = KernelBench(call, ATTENTION, known, ATTENTION.default(), model)
    recipes = _recipes(asked.most)
    seconds = np.array([_seconds(recipe, bench, asked.repeats) for recipe in recipes])
    units = np.array([(1, *work(recipe)) for recipe in recipes], np.float64)
    cost, _ = scipy.optimize.nnls(units / seconds[:, None], np.ones(len(seconds)))
    for name, each in zip(("example", *work(recipes[0])._fields), cost, strict=True):
        print(f"{name:16} {1e9 * each:14.3f} ns")
    off = np.sort(units @ cost / seconds)
    low, middle, high = (off[int(q * (len(off) - 1))] for q in (0.1, 0.5, 0.9))
    print(
        f"{len(recipes)} examples of {seconds.min():.2g} to {seconds.max():.2g} s; "
        f"fitted / measured {low:.2f} to {high:.2f} (10 % to 90 %), median {middle:.2f}"
    )


if __name__ == "__main__":
    main()
