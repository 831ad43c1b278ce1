"""Which laws each normalizer keeps, found by running the registered laws.

The laws are those that the judge holds a function to. Here each of them is run on
every normalizer, on those that do not promise it, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from attnspec.conformance import Implementation
from attnspec.judge.case import Case, Result
from attnspec.judge.claims import Capabilities
from attnspec.judge.kind import Kind
from attnspec.kinds.normalizers._weight_laws import WEIGHT_LAWS, WeightLaw
from attnspec.kinds.normalizers.entmax15 import ENTMAX15
from attnspec.kinds.normalizers.relu import RELU
from attnspec.kinds.normalizers.sigmoid import SIGMOID
from attnspec.kinds.normalizers.softmax import SOFTMAX
from attnspec.kinds.normalizers.sparsemax import SPARSEMAX
from attnspec.numerics import default_model
from attnspec.numerics.tracked import Judged
from attnspec.reference import relu_by_length

Function = Callable[..., Any]


def _by_length(scores: Any, *, mask: Any = None) -> Any:
    """Divide by the number of all keys."""
    return relu_by_length(scores, mask).astype(scores.dtype)


class Bench:
    """Runs one normalizer, and knows how far off it may be."""

    def __init__(
        self, kind: Kind, function: Function, dialect: Mapping[str, str]
    ) -> None:
        """Judge a function of a kind by a dialect."""
        self.dialect = {**kind.default(), **dialect}
        self._kind = kind
        named = Implementation.of(function, kind=kind.name, dialect=self.dialect)
        self.capabilities: Capabilities = named.description.capabilities
        self._function = function

    def run(self, case: Case) -> Result:
        """Call the normalizer."""
        return Result(self._function(*case.operands.values(), **case.options))

    def judged(self, case: Case) -> Judged:
        """Return the exact weights and the bound."""
        return self._kind.judge(case, self.dialect, default_model("float64"))


NORMALIZERS: dict[str, tuple[Kind, Function, dict[str, Any], dict[str, str]]] = {
    "softmax": (SOFTMAX, SOFTMAX.definition, {}, {}),
    "softmax, sink 0": (SOFTMAX, SOFTMAX.definition, {"sink": 0.0}, {}),
    "sparsemax": (SPARSEMAX, SPARSEMAX.definition, {}, {}),
    "entmax-1.5": (ENTMAX15, ENTMAX15.definition, {}, {}),
    "sigmoid": (SIGMOID, SIGMOID.definition, {}, {}),
    "relu / visible": (RELU, RELU.definition, {}, {}),
    "relu / S": (RELU, _by_length, {}, {"divisor": "length"}),
}
"""The kind of each, the function, the options that it has, and its dialect."""

LAWS: dict[str, WeightLaw] = {
    said: WEIGHT_LAWS[word]
    for said, word in {
        "not negative": "weights",
        "sums to 1": "sum",
        "convex": "convex",
        "shift": "shift",
        "order": "order",
        "monotone": "monotone",
        "zeros": "zeros",
        "alone": "alone",
        "padding": "padding",
        "merge": "merge",
    }.items()
}
"""The laws by the word at the head of their column."""


def examples(name: str, law: WeightLaw, count: int = 200) -> Iterator[Case]:
    """Give cases of a law: scores that are exact, with a mask more often than not."""
    kind, _, options, _ = NORMALIZERS[name]
    fields = {**kind.table.fields, "data": ("quarters", "ties", "zeros")}
    fields |= {n: v for n, v in law.fields.items() if n in fields}
    fields |= {"axis": (None,), "mask": ("none", "holes", "padding", "one_key")}
    del fields["layouts"]  # How operands lie in memory is nothing to a law of weights.
    rng = np.random.default_rng(20261122)
    for seed in range(count):
        drawn = {
            n: options.get(n)
            if n in {*options, "temperature", "offset", "power", "sink"}
            else values[rng.integers(len(values))]
            for n, values in fields.items()
        }
        yield kind.case(kind.recipe("float64", seed=seed, **drawn))


def keeps(name: str, law: WeightLaw, count: int = 200) -> bool:
    """Say whether a law holds on every example."""
    kind, function, _, dialect = NORMALIZERS[name]
    bench = Bench(kind, function, dialect)
    seen = 0
    for case in examples(name, law, count):
        for comparison in law.check(case, bench):
            if not comparison.holds:
                return False
            seen += 1
    return seen >= count // 4


def table() -> dict[str, dict[str, bool]]:
    """Say of each normalizer which laws it keeps."""
    return {
        name: {said: keeps(name, law) for said, law in LAWS.items()}
        for name in NORMALIZERS
    }


def main() -> None:
    """Print the table."""
    print(f"{'':15}", *LAWS, sep="  ")
    for name, kept in table().items():
        marks = ("yes" if holds else "-" for holds in kept.values())
        cells = (mark.ljust(len(law)) for mark, law in zip(marks, LAWS, strict=True))
        print(f"{name:15}", *cells, sep="  ")


if __name__ == "__main__":
    main()
