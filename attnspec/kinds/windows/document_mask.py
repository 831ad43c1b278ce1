"""Patterns of marked tokens: `document-mask` and `global-mask`, and their laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers
from attnspec.judge.case import Case, Shape
from attnspec.judge.compare import agrees
from attnspec.judge.kind import Bench, Right
from attnspec.judge.recipe import Recipe
from attnspec.kinds.windows._masks import (
    SIZES,
    counts,
    holds,
    mask_kind,
    mask_of,
    sized,
)
from attnspec.numerics import Comparison
from attnspec.reference import documents, global_tokens

_LONG = (3, 5, 8, 17)


def _of_pair(case: Case) -> Shape:
    """Return the shape of a mask whose operands say something of each token."""
    query, key = case.operands.values()
    return len(query), len(key)


def _ids(recipe: Recipe) -> dict[str, Array]:
    """Return the document of each token."""
    both = {}
    for name, count in zip(("query", "key"), counts(recipe).values(), strict=True):
        at = np.arange(count)
        kinds = {
            "one": np.zeros(count),
            "packed": at // 3,
            "alternating": at % 2,
            "any": integers(recipe.seed, name, (count,), 0, 3),
            "far": 1000 - 16 * (at // 2),
        }
        both[f"{name}_ids"] = kinds[recipe["ids"]].astype(np.int64)
    return both


def _neighbors(case: Case, _right: Right) -> Array:
    """Let the next document be seen as well."""
    return np.abs(case["query_ids"][:, None] - case["key_ids"]) <= 1


def _earlier(case: Case, _right: Right) -> Array:
    """Let earlier documents be seen as well."""
    return np.asarray(case["query_ids"][:, None] >= case["key_ids"])


DOCUMENT_MASK = mask_kind(
    "document-mask",
    "Says which keys each query sees of several documents in one sequence.",
    documents,
    fields={**SIZES, "ids": ("one", "packed", "alternating", "any", "far")},
    operands=_ids,
    exact=lambda case, _: documents(*case.operands.values()),
    shape=_of_pair,
    nulls={"neighbors": _neighbors, "earlier": _earlier},
)


@DOCUMENT_MASK.law(
    "document-mask-agreement",
    "bands.documents",
    nulls=("zeros", "ones", "neighbors", "earlier", "early"),
)
def check_documents(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A key is seen if it is of the query's document."""
    yield from agrees(case, bench)


@DOCUMENT_MASK.law(
    "document-mask-parts",
    "bands.documents",
    nulls=("neighbors", "earlier", "zeros"),
    fields={"queries": _LONG, "ids": ("packed", "any", "alternating")},
)
def check_parts(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Each token sees itself, seeing is mutual, and those seen see the same."""
    ids = case["query_ids"]
    square = sized(case.replace(key_ids=ids), (len(ids), len(ids)))
    mask = mask_of(square, bench)
    own = mask.diagonal()
    yield from holds(np.ones_like(own), own, "own key")
    yield from holds(mask.T, mask, "the other way round")
    yield from holds(mask, mask @ mask, "what is seen by what is seen")


@DOCUMENT_MASK.law(
    "document-mask-names",
    "bands.documents",
    nulls=("neighbors",),
    fields={"queries": _LONG, "ids": ("packed", "any")},
)
def check_names(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What the documents are called has no influence."""
    other = case.replace(**{n: 41 - 5 * ids for n, ids in case.operands.items()})
    yield from holds(mask_of(case, bench), mask_of(other, bench), "other names")


@DOCUMENT_MASK.law(
    "document-mask-order",
    "bands.documents",
    nulls=("early",),
    fields={"queries": _LONG, "ids": ("packed", "any")},
)
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The tokens of a document need not stand together."""
    query, key = case["query_ids"], case["key_ids"]
    rows, columns = _interleaved(len(query)), _interleaved(len(key))
    other = case.replace(query_ids=query[rows], key_ids=key[columns])
    expected = mask_of(case, bench)[np.ix_(rows, columns)]
    yield from holds(expected, mask_of(other, bench), "tokens in another order")


def _interleaved(count: int) -> Array:
    """Return an order that takes the second half first, and every second token."""
    return np.concatenate([np.arange(1, count, 2), np.arange(0, count, 2)])


def _marks(recipe: Recipe) -> dict[str, Array]:
    """Return which tokens are global."""
    both = {}
    for name, count in counts(recipe).items():
        at = np.arange(count)
        kinds = {
            "none": at < 0,
            "first": at == 0,
            "any": integers(recipe.seed, name, (count,), 0, 3) == 0,
            "all": at >= 0,
        }
        both[name] = kinds[recipe[name + "_marked"]]
    return both


def _keys_alone(case: Case, _right: Right) -> Array:
    """Forget that a global query sees everything."""
    return np.broadcast_to(case["keys"], _of_pair(case))


def _both(case: Case, _right: Right) -> Array:
    """Show a global query global keys alone."""
    return np.asarray(case["queries"][:, None] & case["keys"])


GLOBAL_MASK = mask_kind(
    "global-mask",
    "Says which keys each query sees through global tokens.",
    global_tokens,
    fields={
        "queries": SIZES["queries"],
        "more": SIZES["more"],
        "queries_marked": ("first", "none", "any", "all"),
        "keys_marked": ("first", "none", "any", "all"),
    },
    operands=_marks,
    exact=lambda case, _: global_tokens(*case.operands.values()),
    shape=_of_pair,
    nulls={"keys_alone": _keys_alone, "both": _both},
)


@GLOBAL_MASK.law(
    "global-mask-agreement",
    "bands.global",
    nulls=("zeros", "ones", "keys_alone", "both"),
)
def check_global(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A pair is seen if the query is global, or the key."""
    yield from agrees(case, bench)


@GLOBAL_MASK.law(
    "global-mask-mutual",
    "bands.global",
    nulls=("keys_alone",),
    fields={"queries": _LONG, "queries_marked": ("first", "any")},
)
def check_mutual(case: Case, bench: Bench) -> Iterator[Comparison]:
    """With the same tokens global as queries and keys, seeing is mutual."""
    marked = case["queries"]
    square = sized(case.replace(keys=marked), (len(marked), len(marked)))
    mask = mask_of(square, bench)
    yield from holds(mask.T, mask, "the other way round")


@GLOBAL_MASK.law(
    "global-mask-cross",
    "bands.global",
    nulls=("both", "keys_alone"),
    fields={"queries": _LONG, "queries_marked": ("first", "any")},
)
def check_cross(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A global row is full, a global column is full, and nothing else is shown."""
    mask = mask_of(case, bench)
    rows, columns = case["queries"], case["keys"]
    yield from holds(np.ones_like(mask[rows]), mask[rows], "global rows")
    yield from holds(np.ones_like(mask[:, columns]), mask[:, columns], "columns")
    rest = mask[~rows][:, ~columns]
    yield from holds(np.zeros_like(rest), rest, "the rest")


__all__ = [
    "DOCUMENT_MASK",
    "GLOBAL_MASK",
    "check_cross",
    "check_documents",
    "check_global",
    "check_mutual",
    "check_names",
    "check_order",
    "check_parts",
]
