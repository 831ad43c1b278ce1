"""Many heads: the kind `multi-head`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.compare import alike
from attnspec.judge.law import Bench
from attnspec.kinds.layers._multi_head import MULTI_HEAD, WEIGHTS
from attnspec.numerics import Comparison, within

_OF_KEYS = ("key_weights", "value_weights")
_OF_QUERIES = ("query_weights", "output_weights")
_TELLING = ("integers", "normal")


def _head(case: Case, head: int) -> Case:
    """Return the same case with one head alone."""
    shared = head * len(case["key_weights"]) // len(case["query_weights"])
    one = {name: case[name][head : head + 1] for name in _OF_QUERIES}
    one |= {name: case[name][shared : shared + 1] for name in _OF_KEYS}
    return case.replace(**one)


def _joining(case: Case) -> Case:
    """Return the case whose output is all heads, joined: entry by entry handed on."""
    heads, width, _ = case["output_weights"].shape
    joint = np.eye(heads * width, dtype=case["output_weights"].dtype)
    batch, readers, _ = case["readers"].shape
    joined = case.replace(output_weights=joint.reshape(heads, width, heads * width))
    return joined.returning((batch, readers, heads * width))


MULTI_HEAD.agreement_law(
    "heads.multi-head",
    "What comes out is the sum over heads that attend by matrices of their own.",
    also=("heads.grouped", "heads.value-width"),
    nulls=("zeros", "first_head", "unmasked", "acausal", "tiled", "numbered"),
)


@MULTI_HEAD.law(
    "multi-head-sum",
    "heads.multi-head",
    also=("heads.independence",),
    needs=("free_widths",),
    nulls=("counted", "ones"),
    fields={"key_heads": (2, 1, 3), "group": (2, 1, 3)},
)
def check_sum(case: Case, bench: Bench) -> Iterator[Comparison]:
    """All heads together give the sum of what each of them gives alone."""
    alone = [_head(case, head) for head in range(len(case["query_weights"]))]
    found = [bench.run(one).output.astype(np.float64) for one in alone]
    bounds = [bench.judged(one).bound for one in alone]
    bound = np.sum(bounds, 0) + bench.judged(case).bound
    sizes = np.sum(np.abs(found), 0)
    actual = bench.run(case).output
    # At most nine heads are summed in float64.
    yield within(np.sum(found, 0), actual, bound + 2.0**-48 * sizes, what="sum")


@MULTI_HEAD.law(
    "multi-head-joined",
    "heads.joined",
    also=("heads.layout",),
    needs=("free_widths",),
    nulls=("ones", "numbered"),
    fields={"key_heads": (2, 1, 3), "data": _TELLING},
)
def check_joined(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What comes out is one matrix times the joined heads."""
    joining = _joining(case)
    joint = case["output_weights"].reshape(-1, case["output_weights"].shape[-1])
    yield _multiplied(bench, joining, case, np.asarray(joint, np.float64))
    width = case["output_weights"].shape[1]
    last = _joining(_head(case, len(case["query_weights"]) - 1))
    yield from alike(joining, last, bench, "last", moved=lambda a: a[..., -width:])


def _multiplied(
    bench: Bench, one: Case, other: Case, matrix: npt.NDArray[np.float64]
) -> Comparison:
    """Compare one output times a matrix with another output."""
    first = bench.run(one).output.astype(np.float64)
    carried = bench.judged(one).bound @ np.abs(matrix)
    # The product is formed in float64.
    room = 2.0**-48 * (np.abs(first) @ np.abs(matrix))
    bound = carried + bench.judged(other).bound + room
    return within(first @ matrix, bench.run(other).output, bound)


@MULTI_HEAD.law(
    "multi-head-one",
    "heads.one",
    nulls=("ones", "counted"),
    fields={"key_heads": (1,), "group": (1,), "data": _TELLING},
)
def check_one(case: Case, bench: Bench) -> Iterator[Comparison]:
    """One head is self-attention followed by a matrix."""
    joint = np.asarray(case["output_weights"][0], np.float64)
    yield _multiplied(bench, _joining(case), case, joint)


@MULTI_HEAD.law(
    "multi-head-independence",
    "heads.independence",
    needs=("free_widths",),
    nulls=("counted",),
    fields={"key_heads": (2, 3), "data": _TELLING},
)
def check_independence(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Heads that hand nothing on have no influence, whatever their matrices hold."""
    groups = len(case["query_weights"]) // len(case["key_weights"])
    silent = case["output_weights"].copy()
    silent[-groups:] = 0
    quiet = case.replace(output_weights=silent)
    query, key, value = (case[name].copy() for name in WEIGHTS[:3])
    # Other numbers everywhere: only 1/3 would stay itself.
    query[-groups:] = -2 * query[-groups:] + 1
    key[-1:], value[-1:] = 3 - key[-1:], 64
    loud = quiet.replace(query_weights=query, key_weights=key, value_weights=value)
    yield from alike(quiet, loud, bench, "other matrices")
    rest = quiet.changed(lambda by: by[:-groups], *_OF_QUERIES)
    rest = rest.changed(lambda by: by[:-1], *_OF_KEYS)
    yield from alike(quiet, rest, bench, "without them")


@MULTI_HEAD.law(
    "multi-head-order",
    "heads.order",
    nulls=("numbered", "first_head"),
    fields={"key_heads": (2, 3, 1), "group": (2, 1, 3), "data": _TELLING},
)
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Heads in another order give the same, as whole groups and within each."""
    heads, shared = len(case["query_weights"]), len(case["key_weights"])
    places = np.arange(heads).reshape(shared, heads // shared)
    yield from alike(case, _ordered(case, places[::-1]), bench, "groups")
    yield from alike(case, _ordered(case, places[:, ::-1]), bench, "within groups")


def _ordered(case: Case, places: Array) -> Case:
    """Return the same case with query heads, and key heads by groups, in an order."""
    groups = places[:, 0] // places.shape[1]
    moved = {name: case[name][places.ravel()] for name in _OF_QUERIES}
    moved |= {name: case[name][groups] for name in _OF_KEYS}
    return case.replace(**moved)


@MULTI_HEAD.law(
    "multi-head-shared",
    "heads.multi-query",
    also=("heads.grouped",),
    needs=("grouped",),
    nulls=("counted", "tiled"),
    fields={"key_heads": (1, 2, 3), "group": (2, 3), "data": _TELLING},
)
def check_shared(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A key head that is shared is as many key heads with equal matrices."""
    groups = len(case["query_weights"]) // len(case["key_weights"])
    repeated = {name: np.repeat(case[name], groups, axis=0) for name in _OF_KEYS}
    yield from alike(case, case.replace(**repeated), bench, "repeated")


@MULTI_HEAD.law(
    "multi-head-value-width",
    "heads.value-width",
    needs=("value_width",),
    nulls=("counted",),
    fields={"value_width": (2, 3, 8), "data": _TELLING},
)
def check_value_width(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Each entry of a value is averaged by itself, however many there are."""
    parts = [
        case.replace(
            value_weights=case["value_weights"][..., part],
            output_weights=case["output_weights"][:, part],
        )
        # Unlike parts, as widths of tiles are.
        for part in (np.s_[:1], np.s_[1:])
    ]
    first, rest = (bench.run(part).output.astype(np.float64) for part in parts)
    bound = bench.judged(parts[0]).bound + bench.judged(parts[1]).bound
    # The sum of both parts is formed in float64.
    room = 2.0**-48 * (np.abs(first) + np.abs(rest))
    bound = bound + bench.judged(case).bound + room
    yield within(first + rest, bench.run(case).output, bound, what="sum of parts")


__all__ = ["MULTI_HEAD"]
