"""How much must come one after another: the kind `chain-length`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers
from attnspec.judge.case import Case
from attnspec.judge.kind import Kind, result
from attnspec.judge.law import Bench, Dialect
from attnspec.judge.recipe import Recipe
from attnspec.judge.table import Table
from attnspec.kinds.recurrence import _usage as usage
from attnspec.numerics import Comparison, NumericModel, within
from attnspec.numerics.tracked import Judged, unrounded
from attnspec.reference import chain_length

_TABLE = Table(
    fields={
        "length": (1, 2, 3, 5, 8, 17, 33),
        "reads": (
            *("step", "loose_end", "nothing", "past"),
            *("chunks", "some", "lag", "few"),
        ),
        "chunk": (2, 3, 4, 16),
    },
)


def _reads(kind: str, steps: int, chunk: int, seed: int) -> Array:
    """Return whether each output is computed from each earlier one."""
    i, j = np.arange(steps)[:, None], np.arange(steps)
    # From 0 to 7: half of the pairs are below 4, and one in eight is 0.
    share = integers(seed, "reads", (steps, steps), 0, 7)
    kinds = {
        "nothing": np.zeros((steps, steps), np.bool_),
        "step": j == i - 1,
        "loose_end": (j == i - 1) & (i < steps - 1),
        "past": j < i,
        "chunks": j == i // chunk * chunk - 1,
        "lag": j == i - chunk,
        "some": (j < i) & (share < 4),
        "few": (j < i) & (share == 0),
    }
    return np.ascontiguousarray(np.broadcast_to(kinds[kind], (steps, steps)))


def _build(recipe: Recipe) -> Case:
    steps, chunk = recipe["length"], recipe["chunk"]
    return Case(
        operands={"reads": _reads(recipe["reads"], steps, chunk, recipe.seed)},
        options={},
        results=result("length", (), "integer"),
        dtype=recipe.dtype,
        facts={"chunk": chunk},
    )


def _judge(case: Case, choices: Dialect, model: NumericModel) -> Judged:  # noqa: ARG001 - a count is a count
    """Count: nothing is rounded."""
    return unrounded(chain_length(case["reads"]))


def _defined(reads: Array) -> Array:
    """Count by the definition."""
    return np.asarray(chain_length(reads))


CHAIN_LENGTH = Kind(
    name="chain-length",
    sentence="Counts the steps that must come one after another.",
    table=_TABLE,
    build=_build,
    judge=_judge,
    definition=_defined,
    usage=usage.CHAIN_LENGTH,
    simplest={"length": 8},
    nulls={
        "all_steps": lambda case, _: np.asarray(len(case["reads"])),
        "with_reads": lambda case, right: right(case) + case["reads"].sum(),
    },
)


CHAIN_LENGTH.agreement_law(
    "recurrence.chain",
    "The count is that of the longest row of outputs that read each other.",
    nulls=("zeros", "ones", "all_steps"),
)


@CHAIN_LENGTH.law(
    "chain-length-forms", "recurrence.chain", nulls=("zeros", "ones", "all_steps")
)
def check_forms(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A recurrence counts N, chunks of C count N / C rounded up, attention counts 1."""
    steps, chunk = len(case["reads"]), case["chunk"]
    forms = {"step": steps, "chunks": -(-steps // chunk), "nothing": 1}
    for form, count in forms.items():
        drawn = case.replace(reads=_reads(form, steps, chunk, 0))
        found = bench.run(drawn).output
        yield within(np.asarray(float(count)), found, np.zeros(()), what=form)


@CHAIN_LENGTH.law("chain-length-indirect", "recurrence.chain", nulls=("with_reads",))
def check_indirect(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Who reads a step through another may read it directly: that takes no longer."""
    reads = case["reads"].copy()
    for j in range(len(reads)):
        # Warshall's rule: after step j all ways through the first j steps are direct.
        reads |= reads[:, j : j + 1] & reads[j]
    expected = bench.run(case).output.astype(np.float64)
    actual = bench.run(case.replace(reads=reads)).output
    yield within(expected, actual, np.zeros(()), what="length")


__all__ = ["CHAIN_LENGTH"]
