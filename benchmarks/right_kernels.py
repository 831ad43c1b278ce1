"""The bounds against right kernels of unlike arithmetic, on what the judge draws.

Run as ``python -m benchmarks.right_kernels [--cases N] [--seed N] [ID ...]``. Every
kernel of ``attnspec.rogues.attention.arithmetic`` answers cases of every family of
the table, in each of its formats. The first table has one line a kernel and format: how
many examples, and median, 99th percentile and largest error by bound. The second one
takes together those that declare the same kind of thing, as the page of the bound does.
It exits with 1 if there is one beyond the bound.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from attnspec.kinds.attention.bounds.admissible import admissible
from attnspec.kinds.attention.bounds.evaluator import Evaluation, evaluate
from attnspec.kinds.attention.build import build
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import SPEC
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.numerics import NumericModel, within
from attnspec.numerics.dtypes import DTYPES
from attnspec.rogues.attention.arithmetic import RIGHT, Right

Ratios = dict[tuple[str, str, str], list[float]]
_TABLE = ATTENTION.table
_LARGEST = 2**15
"""The largest number of scores of an example; longer rows are rare enough."""


def draw(random: np.random.Generator, dtype: str) -> AttentionCase:
    """Return a case of a family of the table, every field drawn."""
    while True:
        family = _TABLE.families[random.integers(len(_TABLE.families))]
        fields = {**_TABLE.fields, **family.fields}
        fields["hidden"] = ("same",)
        recipe = {n: v[random.integers(len(v))] for n, v in fields.items() if v}
        for name in _TABLE.switches:
            if random.random() < 0.7:
                recipe[name] = _TABLE.fields[name][0]
        seed = int(random.integers(2**31))
        case = build(_recipe(dtype, seed, recipe))
        sizes = case.sizes
        if 0 < sizes.B * sizes.Hq * sizes.L * sizes.S <= _LARGEST:
            return case


def _recipe(dtype: str, seed: int, fields: dict[str, Any]) -> Any:
    """Return the recipe of these fields; some are drawn as one."""
    spread: dict[str, Any] = {}
    for name, value in fields.items():
        names = _TABLE.together.get(name)
        spread |= dict(zip(names, value, strict=True)) if names else {name: value}
    return _TABLE.mend(ATTENTION.recipe(dtype, seed=seed, **spread))


def example(right: Right, case: AttentionCase, known: dict[Any, Any]) -> Iterator[Any]:
    """Yield for each result of a kernel its name and its largest error by bound."""
    model = right.model(case.dtype)
    exact = _judged(case, model, known)
    if exact is None:
        return
    output, lse = right.run(
        case.query, case.key, case.value, return_lse=True, **case.options
    )
    empty = exact.visible == 0
    output = np.where(empty[..., None], exact.output, output)
    lse = np.where(np.isneginf(exact.lse), exact.lse, lse)
    yield "output", within(exact.output, output, exact.bound)
    yield "lse", within(exact.lse, lse, exact.others["lse"][1], what="lse")


def _judged(
    case: AttentionCase, model: NumericModel, known: dict[Any, Any]
) -> Evaluation | None:
    """Return what is right, once for all kernels that declare the same."""
    if model not in known:
        out = admissible(case, SPEC, model) is not None
        known[model] = None if out else evaluate(case, SPEC, model, threads=1)
    found: Evaluation | None = known[model]
    return found


def measure(kernels: list[Right], cases: int, seed: int) -> tuple[Ratios, list[str]]:
    """Return the errors by bound of all kernels, and what lies beyond a bound."""
    ratios: Ratios = defaultdict(list)
    beyond = []
    for dtype in DTYPES:
        mine = [right for right in kernels if dtype in right.dtypes]
        for number in range(cases if mine else 0):
            case = draw(np.random.default_rng([seed, number]), dtype)
            known: dict[Any, Any] = {}
            for right in mine:
                for what, found in example(right, case, known):
                    ratios[right.id, dtype, what].append(found.ratio)
                    if not found.holds:
                        beyond.append(f"{right.id} {dtype} {what} {number}: {found}")
    return ratios, beyond


def _lines(ratios: Ratios) -> Iterator[str]:
    """Yield one line a kernel and format."""
    yield f"{'kernel':50} {'format':9} {'examples':>8} {'output':>22} {'lse':>22}"
    for name, dtype in dict.fromkeys(key[:2] for key in ratios):
        cells = []
        for what in ("output", "lse"):
            found = np.array(ratios[name, dtype, what])
            shown = (np.median(found), np.quantile(found, 0.99), found.max())
            cells.append(" ".join(f"{share:7.2g}" for share in shown))
        count = len(ratios[name, dtype, "output"])
        yield f"{name:50} {dtype:9} {count:8,} {cells[0]:>22} {cells[1]:>22}"


def _declared(right: Right) -> str:
    """Return the kind of thing that a kernel declares."""
    changes = {name for name, change in right.changes.items() if change}
    if right.words:
        return "one thing is narrowed"
    if "splits" in changes or right.id.startswith("split"):
        return "parts are merged"
    if "normalized_by_lse" in changes or right.base == "two-pass":
        return "weights come from a stored logsumexp"
    if "weights" in changes:
        return "weights have eight bits"
    return _BASES[right.base]


_BASES = {
    "upcast": "nothing is rounded between",
    "flash": "weights are rounded",
    "tensor-core": "tensor cores multiply",
    "tfloat32": "operands are rounded to TF32",
}
"""What a kernel declares by the name of its model alone."""


def _together(ratios: Ratios) -> Iterator[str]:
    """Yield one line a format and kind of thing that is declared."""
    yield "| format | declared | kernels | examples | output | logsumexp |"
    yield "|---|---|---|---|---|---|"
    names = {right.id: _declared(right) for right in RIGHT}
    keys = [(dtype, names[name], name) for name, dtype, what in ratios if what == "lse"]
    order = list(dict.fromkeys(key[:2] for key in keys))
    for dtype, declared in sorted(order, key=lambda key: DTYPES.index(key[0])):
        mine = [name for *key, name in keys if key == [dtype, declared]]
        count = sum(len(ratios[name, dtype, "output"]) for name in mine)
        most = [
            max(max(ratios[name, dtype, what]) for name in mine)
            for what in ("output", "lse")
        ]
        shown = " | ".join(f"{share:.2f}" for share in most)
        yield f"| {dtype} | {declared} | {len(mine)} | {count:,} | {shown} |"


def main(arguments: list[str]) -> int:
    """Print the table, and say whether all is within the bounds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("kernels", nargs="*", metavar="ID")
    parser.add_argument("--cases", type=int, default=2000, help="cases of each format")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    kernels = [r for r in RIGHT if r.id in given.kernels or not given.kernels]
    start = time.perf_counter()
    ratios, beyond = measure(kernels, given.cases, given.seed)
    print("\n".join((*_lines(ratios), "", *_together(ratios), "")))
    count = sum(len(found) for key, found in ratios.items() if key[2] == "output")
    spent = time.perf_counter() - start
    print(f"{len(kernels)} kernels, {count:,} examples, {len(beyond)} beyond the bound")
    print(f"{spent:.0f} s; for output and lse: median, 99 %, largest error by bound")
    print("\n".join(beyond[:20]))
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
