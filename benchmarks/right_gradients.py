"""The bounds of gradients against right backward passes, on what the judge draws.

Run as ``python -m benchmarks.right_gradients [--cases N] [--seed N] [ID ...]``. Every
backward pass of ``attnspec.rogues.training`` answers cases of every family of the
table, in each of its formats, with the output and logsumexp of its own forward pass
and with given ones. An ID may be a target, ``torch:flash``, ``jax:eager`` or
``benchmarks/_library_gradients.py:KERAS``: its own gradients are asked for, where its
forward pass is right. The table has one line a pass, format and gradient: median, 99th
percentile and largest error by bound. It exits with 1 if there is one beyond the bound.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import itertools
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from attnspec.conformance.call import InProcess
from attnspec.conformance.check import parts
from attnspec.conformance.differentiation import backward_of
from attnspec.conformance.importing import resolve
from attnspec.exceptions import Inadmissible, KernelFault
from attnspec.judge.bench import KernelBench
from attnspec.judge.case import Case
from attnspec.judge.claims import Capabilities
from attnspec.kinds.attention.bounds.admissible import admissible
from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.dialect import SPEC
from attnspec.kinds.attention.gradients.evaluator import (
    GradientEvaluation,
    evaluate_gradients,
)
from attnspec.kinds.attention.gradients.problem import forward_case
from attnspec.kinds.training._gradient_results import given_by, right_for
from attnspec.kinds.training.attention_gradient import ATTENTION_GRADIENT
from attnspec.numerics import NumericModel
from attnspec.numerics.dtypes import DTYPES
from attnspec.rogues.training._right_passes import RIGHT_PASSES, RightPass

LEFT_OUT: Counter[str] = Counter()
"""How many examples of libraries say nothing of their gradients, by the reason."""

Ratios = dict[tuple[str, str, str], list[Any]]
_TABLE = ATTENTION_GRADIENT.table
_LARGEST = 2**14
"""The largest number of scores of an example."""

_WIDE, _WIDE_SHARE = (64, 96, 128), 0.25
"""Widths of models, and how often one of them is taken for what a family has."""


@dataclasses.dataclass(frozen=True)
class Library:
    """What a library differentiates, as a right backward pass.

    Its dialect is detected, as that of every kernel is: whether a cotangent of the
    logsumexp flows is a choice.
    """

    id: str
    capabilities: Capabilities
    stands: Mapping[str, KernelBench]
    """For each format a bench that knows the forward pass, too."""

    @classmethod
    def named(cls, target: str) -> Library:
        """Open a target whose gradients are there."""
        found = resolve(target)
        claiming = found.description.capabilities.claiming(["gradients"])
        known = found.description.replace(capabilities=claiming)
        if backward_of(known) is None:
            msg = f"{target}: expected a target that has gradients"
            raise SystemExit(msg)
        _, part = parts(InProcess(found.function), known)
        return cls(found.description.name, part.description.capabilities, part.stands)


def draw(
    random: np.random.Generator, dtype: str, claims: Capabilities | None = None
) -> Case:
    """Return a case of a family of the table, every field drawn."""
    while True:
        family = _TABLE.families[random.integers(len(_TABLE.families))]
        fields = {**_TABLE.fields, **family.fields, "layouts": ((),)}
        recipe = {n: v[random.integers(len(v))] for n, v in fields.items() if v}
        if random.random() < _WIDE_SHARE:
            recipe["widths"] = (_WIDE[random.integers(len(_WIDE))],) * 2
        for name in _TABLE.switches:
            if random.random() < 0.7:
                recipe[name] = _TABLE.plain[name]
        seed = int(random.integers(2**31))
        drawn = ATTENTION_GRADIENT.recipe(dtype, seed=seed, **recipe)
        if claims is not None:
            drawn = _TABLE.within(drawn, claims)
        case = ATTENTION_GRADIENT.case(drawn)
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


def of_library(library: Library, case: Case) -> Iterator[tuple[str, Any]]:
    """Yield for each gradient of a library its errors by bound, entry by entry."""
    bench = library.stands[case.dtype]
    with contextlib.suppress(Inadmissible), np.errstate(all="ignore"):
        exact = right_for(case, bench)
        if ATTENTION_GRADIENT.rests_on_wrong(case, bench):
            LEFT_OUT[f"{library.id} {case.dtype}: a wrong forward pass"] += 1
            return
        try:
            found = given_by(case, bench)
        except KernelFault as fault:
            LEFT_OUT[f"{library.id} {case.dtype}: {fault}"] += 1
            return
        for name, (value, bound) in exact.items():
            error = np.abs(found[name] - value)
            ratio = np.divide(error, bound, out=np.zeros_like(error), where=error != 0)
            yield name, np.where(np.isnan(error), np.inf, ratio).ravel()


Found = Iterator[tuple[str, str, str, int, Any]]


def of_passes(passes: list[RightPass], cases: int, seed: int) -> Found:
    """Yield what passes in NumPy give: id, format, gradient, number of the case."""
    for dtype in DTYPES:
        mine = [right for right in passes if dtype in right.dtypes]
        for number in range(cases if mine else 0):
            case = draw(np.random.default_rng([seed, number]), dtype)
            if number % 3 == 0 and case["kept"] is None:
                case = saved(case)
            for right in mine:
                for name, found in example(right, case):
                    yield right.id, dtype, name, number, found


def of_libraries(libraries: list[Library], cases: int, seed: int) -> Found:
    """Yield the same of what libraries differentiate."""
    for library in libraries:
        for dtype in library.stands:
            for number in range(cases):
                random = np.random.default_rng([seed, number])
                case = draw(random, dtype, library.capabilities)
                for name, found in of_library(library, case):
                    yield library.id, dtype, name, number, found


def measure(found: Found) -> tuple[Ratios, list[str]]:
    """Return the errors by bound by pass, and what lies beyond a bound."""
    ratios: Ratios = defaultdict(list)
    beyond = []
    for one, dtype, name, number, errors in found:
        ratios[one, dtype, name].append(errors)
        if not (errors <= 1).all():
            beyond.append(f"{one} {dtype} {name} {number}")
    return ratios, beyond


def _lines(ratios: Ratios) -> Iterator[str]:
    """Yield one line a pass, format and gradient."""
    head = "".join(f"{name:>9}" for name in ("cases", "median", "99 %", "largest"))
    yield f"{'pass':18}{'format':10}{'gradient':9}{head}"
    for (name, dtype, gradient), several in ratios.items():
        found = np.concatenate(several)
        shown = (np.median(found), np.quantile(found, 0.99), found.max())
        cells = "".join(f"{share:9.2g}" for share in shown)
        yield f"{name:18}{dtype:10}{gradient:9}{len(several):9,}{cells}"


def main(arguments: list[str]) -> int:
    """Print the table, and say whether all is within the bounds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("passes", nargs="*", metavar="ID")
    parser.add_argument("--cases", type=int, default=1000, help="cases of each format")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    ids = [right.id for right in RIGHT_PASSES]
    passes = [r for r in RIGHT_PASSES if r.id in given.passes or not given.passes]
    libraries = [Library.named(name) for name in given.passes if name not in ids]
    start = time.perf_counter()
    asked = given.cases, given.seed
    found = itertools.chain(of_passes(passes, *asked), of_libraries(libraries, *asked))
    ratios, beyond = measure(found)
    print("\n".join(_lines(ratios)))
    count = sum(len(found) for key, found in ratios.items() if key[2] == "dq")
    spent = time.perf_counter() - start
    several = len(passes) + len(libraries)
    print(f"{several} passes, {count:,} examples, {len(beyond)} beyond the bound")
    print(f"{spent:.0f} s; error by bound of every entry")
    for reason, count in LEFT_OUT.most_common(20):
        print(f"left out: {count:,} of {reason[:200]}")
    print("\n".join(beyond[:20]))
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
