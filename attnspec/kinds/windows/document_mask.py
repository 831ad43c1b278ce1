"""Several documents in one sequence: the kind `document-mask`, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import integers
from attnspec.judge.case import Case
from attnspec.judge.claims import Claim
from attnspec.judge.law import Bench
from attnspec.judge.recipe import Recipe
from attnspec.kinds.windows import _mask_kinds as masks
from attnspec.kinds.windows import _usage as usage
from attnspec.numerics import Comparison
from attnspec.reference import documents


def _ids(recipe: Recipe) -> dict[str, Array]:
    """Return the document of each token."""
    both = {}
    for name, count in zip(
        ("query", "key"), masks.counts(recipe).values(), strict=True
    ):
        at = np.arange(count)
        kinds = {
            "one": np.zeros(count),
            "packed": at // 3,
            "alternating": at % 2,
            # Four documents, whose tokens stand anywhere.
            "any": integers(recipe.seed, name, (count,), 0, 3),
            # Large, descending, and alike in their last four bits.
            "far": 1000 - 16 * (at // 2),
        }
        both[f"{name}_ids"] = kinds[recipe["ids"]].astype(np.int64)
    return both if recipe["key_ids"] else dict.fromkeys(both, both["query_ids"])


def _mend(recipe: Recipe) -> Recipe:
    """Have as many keys as queries where both have the same documents."""
    return recipe if recipe["key_ids"] else recipe.replace(more=0)


def _steps(case: Case) -> Array:
    """Return by how much the document of each query lies behind that of each key."""
    return np.asarray(case["query_ids"][:, None] - case["key_ids"])


DOCUMENT_MASK = masks.mask_kind(
    "document-mask",
    "Says which keys each query sees of several documents in one sequence.",
    documents,
    usage=usage.DOCUMENT_MASK,
    fields={
        **masks.SIZES,
        "ids": ("one", "packed", "alternating", "any", "far"),
        "key_ids": (False, True),
    },
    claims={"key_ids": Claim("keys of other documents than the queries'", "key_ids")},
    mend=_mend,
    operands=_ids,
    simplest={"queries": 8, "ids": "packed"},
    nulls={
        "neighbors": lambda case, _: np.abs(_steps(case)) <= 1,
        "earlier": lambda case, _: _steps(case) >= 0,
    },
)


DOCUMENT_MASK.agreement_law(
    "bands.documents",
    "A key is seen if it is of the query's document.",
    nulls=("zeros", "ones", "neighbors", "earlier", "early"),
)


@DOCUMENT_MASK.law(
    "document-mask-parts",
    "bands.documents",
    nulls=("neighbors", "earlier", "zeros"),
    fields={"queries": masks.LONG, "ids": ("packed", "any", "alternating")},
)
def check_parts(case: Case, bench: Bench) -> Iterator[Comparison]:
    """Each token sees itself, seeing is mutual, and those seen see the same."""
    ids = case["query_ids"]
    square = case.replace(key_ids=ids).returning((len(ids), len(ids)))
    yield from masks.parts(masks.mask_of(square, bench))


@DOCUMENT_MASK.law(
    "document-mask-names",
    "bands.documents",
    nulls=("neighbors",),
    fields={"queries": masks.LONG, "ids": ("packed", "any")},
)
def check_names(case: Case, bench: Bench) -> Iterator[Comparison]:
    """What the documents are called has no influence."""
    # One to one and descending; what exceeds 31 is more than a small table holds.
    other = case.replace(**{n: 41 - 5 * ids for n, ids in case.operands.items()})
    yield from masks.holds(
        masks.mask_of(case, bench), masks.mask_of(other, bench), "other names"
    )


@DOCUMENT_MASK.law(
    "document-mask-order",
    "bands.documents",
    nulls=("early",),
    fields={"queries": masks.LONG, "ids": ("packed", "any")},
)
def check_order(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The tokens of a document need not stand together."""
    query, key = case["query_ids"], case["key_ids"]
    rows, columns = _interleaved(len(query)), _interleaved(len(key))
    other = case.replace(query_ids=query[rows], key_ids=key[columns])
    expected = masks.mask_of(case, bench)[np.ix_(rows, columns)]
    yield from masks.holds(
        expected, masks.mask_of(other, bench), "tokens in another order"
    )


def _interleaved(count: int) -> Array:
    """Return an order that takes the second half first, and every second token."""
    return np.concatenate([np.arange(1, count, 2), np.arange(0, count, 2)])


__all__ = ["DOCUMENT_MASK"]
