"""Laws of the call itself: its result, its inputs, its memory, its past."""

from __future__ import annotations

import operator
from collections.abc import Iterator

import numpy as np

from attnspec.exceptions import Inadmissible, InvalidArgument
from attnspec.judge.compare import alike, fact, noted, rounding
from attnspec.judge.far import FAR, is_far, last_offset, reserved
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.compare import AttentionBench, lse_of, output_agrees
from attnspec.kinds.attention.kind import ATTENTION
from attnspec.kinds.attention.sizes import ALL_SIZES
from attnspec.numerics import Comparison, identical, within

_OPERANDS = ("query", "key", "value")
_FAR = (
    *(((name, FAR),) for name in _OPERANDS),
    tuple((name, FAR) for name in _OPERANDS),
)


@ATTENTION.law(
    "result-form",
    "calls.result",
    pins=("model-widths", "model-groups", "many-rows"),
    families=("plain", "option-pairs", "unequal-lengths"),
    nulls=("wrong_dtype",),
)
def check_result_form(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """The result has the query's dtype and the shape (B, Hq, L, Ev)."""
    output = bench.run(case).output
    sizes = case.sizes
    right = output.shape == (sizes.B, sizes.Hq, sizes.L, sizes.Ev)
    right = right and output.dtype == case.query.dtype
    note = f"returned {output.dtype.name} {output.shape}"
    yield fact(note, holds=right)
    if "return_lse" in bench.capabilities:
        lse = lse_of(case, bench)
        holds = lse.shape == (sizes.B, sizes.Hq, sizes.L)
        yield fact("logsumexp of shape (B, Hq, L)", holds=holds)


@ATTENTION.law(
    "inputs-unchanged",
    "calls.inputs",
    pins=(
        "model-widths",
        "model-groups",
        "composite-keys",
        "composite-queries",
        "many-rows",
    ),
    nulls=("mutates",),
)
def check_inputs_unchanged(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """A call leaves its inputs, the memory around them and earlier results alone."""
    for call in (case, case.replace(query=-case.query)):
        mutated = bench.run(call).mutated
        yield fact(f"changed: {', '.join(mutated) or 'nothing'}", holds=not mutated)


@ATTENTION.law(
    "determinism",
    "calls.deterministic",
    pins=ALL_SIZES,
    needs=("deterministic",),
    nulls=("random",),
)
def check_determinism(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """The same call gives the same bits."""
    first = bench.run(case).output
    yield noted(identical(first, bench.run(case).output, what="output"), "second call")


@ATTENTION.law(
    "history",
    "calls.history",
    pins=("model-widths", "model-groups"),
    families=("option-pairs", "plain", "tile-boundaries", "grouped-heads"),
    nulls=("stale",),
    of_history=True,
)
def check_history(case: AttentionCase, bench: AttentionBench) -> Iterator[Comparison]:
    """A call gives the same after other calls: of other data, options and shapes."""
    right = bench.judged(case)
    first = bench.run(case).output.astype(np.float64)
    # Wrong from the start is not a matter of history: the law is held back.
    yield within(right.output, first, right.bound)
    bound = 2.0 * right.bound + rounding(first)
    for name, other in _others(case, bench):
        # A kernel that clings to its first call answers that one right for ever.
        yield from output_agrees(other, bench, f"a call with {name}")
        again = bench.run(case).output
        yield noted(within(first, again, bound), f"after a call with {name}")


def _others(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[tuple[str, AttentionCase]]:
    """Yield calls that a kernel might confuse with this one."""
    value = (1.0 - 2.0 * case.value.astype(np.float64)).astype(case.value.dtype)
    yield "other data", case.replace(value=value, query=-case.query)
    if case.options:
        bare = dict.fromkeys(case.options, None) | {"causal": False}
        yield "no options", case.replace(**bare)
    elif "causal" in bench.capabilities:
        yield "the causal flag", case.replace(causal=True)
    if case.sizes.B > 1:
        plain = case.replace(mask=None, bias=None, alibi_slopes=None, layouts={})
        first = operator.itemgetter(slice(0, 1))
        yield "a smaller batch", plain.changed(first, "query", "key", "value")


@ATTENTION.law(
    "layout",
    "calls.layout",
    families=("strided-operands",),
    needs=("strided_operands",),
    nulls=("strides_ignored",),
)
def check_layout(case: AttentionCase, bench: AttentionBench) -> Iterator[Comparison]:
    """The memory layout of an operand changes nothing."""
    if case.layouts:
        named = ", ".join(f"{o} {layout}" for o, layout in case.layouts.items())
        yield from alike(case.replace(layouts={}), case, bench, named)


@ATTENTION.law(
    "far-offsets",
    "calls.layout",
    needs=("far_offsets", "strided_operands"),
    families=("plain",),
    fields={
        "layouts": _FAR,
        "batch": (2, 1, 3),
        "heads": ((2, 2), (1, 1), (6, 2)),
        "lengths": ((3, 5), (5, 3), (1, 9), (17, 17)),
        "widths": ((4, 4), (8, 8), (16, 16)),
        "scores": ("normal",),
        "values": ("normal",),
    },
    nulls=("strides_ignored",),
)
def check_far_offsets(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """An operand whose last element lies 2**31 elements from its first is read right.

    Where there is not as much address space the example is no evidence.
    """
    far = [name for name in case.layouts if is_far(case[name].shape)]
    if not far:
        return
    try:
        for name in far:
            reserved((last_offset(case[name].shape) + 1) * case[name].itemsize)
    except InvalidArgument as error:
        raise Inadmissible(str(error)) from error
    said = f"{', '.join(far)} over more than 2**31 elements"
    yield from alike(case.replace(layouts={}), case, bench, said)
    mutated = bench.run(case).mutated
    yield fact(f"changed: {', '.join(mutated) or 'nothing'}", holds=not mutated)


__all__: list[str] = []
