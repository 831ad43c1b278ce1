"""What functions that score queries against keys are called with."""

from __future__ import annotations

from attnspec.judge.usage import Argument, Usage

_QUERY = Argument("*batch L E", "vectors that ask", known_as=("q", "decoder state"))
_WIDTHS = {"E": "width of the queries", "F": "width of the keys"}
_SCORES = {"scores": Argument("*batch L S", "the score of each key for each query")}


def _key(width: str) -> Argument:
    """Return keys of a width of their own."""
    return Argument(
        f"*batch S {width}", "vectors that are asked", known_as=("k", "encoder state")
    )


BILINEAR = Usage(
    {
        "query": _QUERY,
        "key": _key("F"),
        "weight": Argument("E F", "the matrix between them", known_as=("W",)),
    },
    _SCORES,
    {"queries": 2, "keys": 2, "width": 2, "key_width": 3, "data": "integers"},
    _WIDTHS,
)
ADDITIVE = Usage(
    {
        "query": _QUERY,
        "key": _key("F"),
        "query_weight": Argument("E A", "projects the queries", known_as=("W",)),
        "key_weight": Argument("F A", "projects the keys", known_as=("U",)),
        "vector": Argument("A", "weighs the bent sum of both", known_as=("v",)),
    },
    _SCORES,
    {
        "queries": 2,
        "keys": 2,
        "width": 2,
        "key_width": 3,
        "inner": 2,
        "data": "integers",
    },
    _WIDTHS,
)
COSINE = Usage(
    {"query": _QUERY, "key": _key("E")},
    _SCORES,
    {"queries": 2, "keys": 2, "width": 3, "data": "integers"},
)

__all__ = ["ADDITIVE", "BILINEAR", "COSINE"]
