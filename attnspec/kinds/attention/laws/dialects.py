"""Laws of dialects: empty rows, NaN in what is hidden, one choice everywhere."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np

from attnspec.judge.compare import noted
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.compare import AttentionBench, lse_agrees, output_agrees
from attnspec.kinds.attention.kind import ATTENTION
from attnspec.kinds.attention.probes import flat, hidden_from_all
from attnspec.kinds.attention.scope import empties_rows, has_choices
from attnspec.numerics import Comparison, within


def _nan_hidden(
    case: AttentionCase, bench: AttentionBench, name: str
) -> Iterator[Comparison]:
    hidden = hidden_from_all(case, bench.dialect)
    if not hidden.any():
        return
    array = getattr(case, name)
    nan = np.asarray(np.nan).astype(array.dtype)
    poisoned = case.replace(**{name: np.where(hidden, nan, array).astype(array.dtype)})
    exact = bench.judged(case)
    output = bench.run(poisoned).output
    yield noted(within(exact.output, output, exact.bound), f"NaN in hidden {name}s")


_law_of_nan = functools.partial(
    ATTENTION.law,
    clause="masks.hidden-nan",
    needs=("mask",),
    families=("masks-with-holes",),
    fields={
        "mask": ("padding", "left_padding", "sparse", "prefix_hidden"),
        "lengths": ((1, 5), (2, 9), (3, 17), (1, 65), (5, 33)),
    },
    nulls=("options_dropped", "zeros"),
)


@_law_of_nan(
    "nan-masked-keys",
    applies=lambda dialect, _: dialect["nan_masked_key"] == "clean",
)
def check_nan_masked_keys(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """A NaN in a key that no query sees changes nothing."""
    yield from _nan_hidden(case, bench, "key")


@_law_of_nan(
    "nan-masked-values",
    applies=lambda dialect, _: dialect["nan_masked_value"] == "clean",
)
def check_nan_masked_values(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """A NaN in a value that no query sees changes nothing."""
    yield from _nan_hidden(case, bench, "value")


@ATTENTION.law(
    "empty-rows",
    "masks.empty-row",
    pins=("model-groups", "composite-keys", "many-rows"),
    families=("empty-rows", "unequal-lengths", "biases"),
    fields={
        "bias": ("empty_rows", "holes"),
        "mask": ("empty_rows", "none", "left_padding", "holes"),
        "lengths": ((5, 2), (2, 1), (17, 3), (9, 4), (33, 8), (5, 5), (3, 9)),
    },
    any_of=("mask", "bias", "causal", "window"),
    nulls=("options_dropped", "other_empty_row", "ones"),
    applies=empties_rows,
)
def check_empty_rows(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """A query that sees no key has the output that the dialect names."""
    exact = bench.judged(case)
    empty = exact.visible == 0
    if not empty.any():
        return
    output = bench.run(case).output
    yield noted(
        within(exact.output[empty], output[empty], exact.bound[empty]),
        f"empty rows: {bench.dialect['empty_row']}",
    )
    if "return_lse" in bench.capabilities:
        yield from lse_agrees(case, bench, f"empty rows: {bench.dialect['empty_lse']}")


@ATTENTION.law(
    "empty-sequences",
    "masks.empty-row",
    needs=("empty_keys", "unequal_lengths"),
    families=("plain",),
    fields={"lengths": ((3, 0), (1, 0), (2, 0), (9, 0)), "layouts": ((),)},
    nulls=("ones",),
)
def check_empty_sequences(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """Without any key every query is an empty row."""
    yield from output_agrees(case, bench, "S = 0")


@ATTENTION.law(
    "dialect-consistent",
    "dialects.one-choice",
    also=("masks.alignment",),
    families=("empty-rows", "unequal-lengths", "option-pairs", "biases"),
    fields={
        "batch": (1, 2),
        "layouts": ((),),
        "mask": ("empty_rows", "none", "left_padding", "holes"),
        "bias": ("empty_rows", "holes"),
    },
    any_of=("mask", "bias", "causal", "window"),
    nulls=("options_dropped", "ones"),
    applies=has_choices,
)
def check_dialect_consistent(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """Alignment and empty rows are the same at every shape, dtype and mask form."""
    probe = flat(case)
    empty = bench.judged(probe).visible == 0
    aligned = (probe.causal or probe.window) and probe.sizes.L != probe.sizes.S
    if not empty.any() and not aligned:
        return
    dialect = bench.dialect
    note = f"alignment {dialect['alignment']}, empty row {dialect['empty_row']}"
    yield from output_agrees(probe, bench, note)


__all__: list[str] = []
