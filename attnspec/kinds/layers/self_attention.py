"""Self-attention: the kind `self-attention`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.compare import agrees, alike, same_at
from attnspec.judge.kind import Bench, result
from attnspec.kinds.layers._self_attention import SELF_ATTENTION
from attnspec.numerics import Comparison, within
from attnspec.numerics.tracked import Judged


@SELF_ATTENTION.law(
    "self-attention-agreement",
    "self-attention.definition",
    also=("self-attention.projections", "self-attention.forms"),
    nulls=("zeros", "placed", "exchanged", "unmasked", "acausal", "alone"),
)
def check_agreement(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Each output is the attention of its query over keys and values of all vectors."""
    yield from agrees(case, bench)


@SELF_ATTENTION.law(
    "self-attention-equivariance",
    "self-attention.equivariance",
    also=("sets.equivariance",),
    nulls=("placed",),
    fields={
        "length": (2, 3, 5, 8, 17),
        "mask": (None, "members"),
        "causal": (False,),
        "data": ("integers", "normal"),
    },
)
def check_equivariance(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Vectors in another order have the same outputs in that order."""
    count = np.arange(len(case["vectors"]))
    yield from _reordered(case, bench, count[::-1], "reversed")
    yield from _reordered(case, bench, np.roll(count, 1), "rotated")


def _reordered(
    case: Case, bench: Bench, order: Array, note: str
) -> Iterator[Comparison]:
    """Compare with the outputs of the same vectors in another order."""
    moved = case.replace(vectors=np.ascontiguousarray(case["vectors"][order]))
    if case["mask"] is not None:
        moved = moved.replace(mask=np.ascontiguousarray(case["mask"][order]))
    yield from alike(case, moved, bench, note, moved=lambda output: output[order])


@SELF_ATTENTION.law(
    "self-attention-equal",
    "self-attention.equal",
    nulls=("placed",),
    fields={
        "length": (2, 3, 5, 8, 17),
        "mask": (None, "members"),
        "causal": (False,),
        "data": ("integers", "normal"),
    },
)
def check_equal(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Equal vectors have equal outputs, in a second layer too."""
    same = np.arange(len(case["vectors"])) // 2
    twin = case.replace(vectors=np.ascontiguousarray(case["vectors"][same]))
    output = bench.run(twin).output
    yield _twins(output, bench.judged(twin))
    above = _above(twin, output)
    yield _twins(bench.run(above).output, bench.judged(above))


def _twins(output: Array, exact: Judged) -> Comparison:
    """Compare each output with the one before it of an equal vector."""
    count = len(output) // 2
    first, second = (output[i : 2 * count : 2].astype(np.float64) for i in (0, 1))
    bound = exact.bound[: 2 * count : 2] + exact.bound[1 : 2 * count : 2]
    return within(first, second, bound, what="output of an equal vector")


def _above(case: Case, output: Array) -> Case:
    """Return the case of a second layer, on what the first one gave."""
    shape = (len(output), case["next"]["value_weights"].shape[-1])
    return case.replace(
        vectors=output,
        below=case,
        results=result("output", shape, case.dtype),
        **case["next"],
    )


@SELF_ATTENTION.law(
    "self-attention-layers", "self-attention.layers", nulls=("zeros", "alone")
)
def check_layers(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The outputs of one layer are the vectors of the next."""
    yield from agrees(_above(case, bench.run(case).output), bench, "second layer")


@SELF_ATTENTION.law(
    "self-attention-mean",
    "self-attention.projections",
    nulls=("alone",),
    fields={"data": ("integers", "normal"), "length": (2, 3, 5, 8)},
)
def check_mean(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Queries of zeros take the mean of all values that they see."""
    none = np.zeros_like(case["query_weights"])
    yield from agrees(case.replace(query_weights=none), bench, "no query")


@SELF_ATTENTION.law(
    "self-attention-padding",
    "sets.padding",
    needs=("mask",),
    nulls=("unmasked",),
    fields={"mask": (None, "members"), "causal": (False,)},
)
def check_padding(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Masked vectors change nothing for the others, however large they are."""
    x = case["vectors"]
    count, width = x.shape
    known = np.ones(count, bool) if case["mask"] is None else case["mask"]
    fill = np.array(512.0 if case.dtype == "float16" else 2.0**20).astype(x.dtype)
    padding = np.broadcast_to(fill, (3, width))
    shape = (count + 3, case["value_weights"].shape[-1])
    padded = case.replace(
        vectors=np.concatenate([x, padding]),
        mask=np.concatenate([known, np.zeros(3, bool)]),
        results=result("output", shape, case.dtype),
    )
    yield from alike(padded, case, bench, "padded", moved=lambda a: a[:count])


@SELF_ATTENTION.law(
    "self-attention-causal",
    "masks.causal",
    needs=("causal",),
    nulls=("acausal",),
    fields={
        "causal": (True,),
        "length": (2, 3, 5, 8, 17),
        "data": ("integers", "normal"),
    },
)
def check_causal(case: Case, bench: Bench) -> Iterator[Comparison]:
    """With a causal mask no output depends on a later vector."""
    half = (len(case["vectors"]) + 1) // 2
    later = case["vectors"].copy()
    later[half:] = -2 * later[half:] + 1
    other = case.replace(vectors=later)
    yield from same_at(case, other, bench, "later vectors changed", np.s_[:half])


__all__ = [
    "SELF_ATTENTION",
    "check_agreement",
    "check_causal",
    "check_equal",
    "check_equivariance",
    "check_layers",
    "check_mean",
    "check_padding",
]
