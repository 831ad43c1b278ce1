"""What functions of windows, masks and neighborhoods are called with."""

from __future__ import annotations

from attnspec._typing import Range
from attnspec.judge.usage import (
    ANY,
    COUNT,
    SIZE,
    TRUTH,
    Argument,
    Usage,
    number,
    whole,
)

_QUERIES = whole("how many queries there are", SIZE)
_KEYS = whole("how many keys there are", SIZE)
_MASK = {"mask": Argument("L S", "True where a query sees a key", TRUTH, "boolean")}
_SCALE = number("the factor on the dot products; 1/sqrt(E) by default")
_ONE_SEQUENCE = {"L": "queries, and as many keys", "E": "width of all vectors"}
_SMALL = {"width": 2, "data": "integers"}


def _attended(axes: str) -> dict[str, Argument]:
    """Return query, key and value, of which each stands where the others do."""
    return {
        "query": Argument(f"{axes} E", "vectors that ask", known_as=("q",)),
        "key": Argument(f"{axes} E", "vectors that are asked", known_as=("k",)),
        "value": Argument(f"{axes} E", "what each has to say", known_as=("v",)),
    }


def _output(axes: str) -> dict[str, Argument]:
    return {"output": Argument(f"{axes} E", "the values in sight, weighed")}


def _pair(meaning: str, values: Range, known_as: tuple[str, ...] = ()) -> Argument:
    return Argument("", meaning, values, "(int, int)", known_as)


def _of_counts(example: dict[str, int], **own: Argument) -> Usage:
    """Return the usage of a mask that is made of numbers."""
    return Usage({"queries": _QUERIES, "keys": _KEYS, **own}, _MASK, example)


BANDED = Usage(
    {
        **_attended("B H L"),
        "window": _pair(
            "how many keys to the left and to the right are seen beside the own",
            COUNT,
            ("window_size",),
        ),
        "scale": _SCALE,
    },
    _output("B H L"),
    {**_SMALL, "length": 3, "window": (1, 0)},
    _ONE_SEQUENCE,
)
BAND_COST = Usage(
    {
        "queries": _QUERIES,
        "keys": _KEYS,
        "left": whole("how many keys to the left are seen beside the own"),
        "right": whole("how many to the right"),
    },
    {"products": Argument("L", "the dot products of each query", COUNT, "integer")},
    {"queries": 3, "left": 1, "right": 0},
)
WINDOW_MASK = _of_counts(
    {"queries": 3, "size": 2},
    size=whole("the size of the window", SIZE, ("sliding_window", "window_size")),
)
NEIGHBORHOOD = Usage(
    {
        **_attended("B H L"),
        "kernel_size": whole("how many keys each query sees", SIZE),
        "dilation": whole("the distance between two of them; 1 by default", SIZE),
        "scale": _SCALE,
    },
    _output("B H L"),
    {**_SMALL, "length": 3, "kernel_size": 2},
    _ONE_SEQUENCE,
)
NEIGHBORHOOD_2D = Usage(
    {
        **_attended("B H Y X"),
        "kernel_size": _pair("rows and columns of the pixels that are seen", SIZE),
        "dilation": _pair("the distance between two of them; (1, 1)", SIZE),
        "scale": _SCALE,
    },
    _output("B H Y X"),
    {"height": 1, "breadth": 3, "kernel_size": (1, 3), "data": "integers"},
    {"E": "width of all vectors"},
)
PREFIX_MASK = _of_counts(
    {"queries": 3, "length": 2},
    length=whole("how many keys all queries see", COUNT, ("prefix_length",)),
)
DILATED_MASK = _of_counts(
    {"queries": 4, "dilation": 2},
    dilation=whole("the distance between two keys that are seen", SIZE),
)
CHUNKED_MASK = _of_counts(
    {"queries": 4},
    size=whole("how many positions a chunk has", SIZE, ("attention_chunk",)),
    start=whole("where a chunk begins; 0 is the first key", COUNT, ("left_padding",)),
)
SINK_WINDOW_MASK = _of_counts(
    {"queries": 4, "sinks": 1, "size": 1},
    sinks=whole("how many of the first keys stay visible", COUNT, ("start_size",)),
    size=whole("how many keys before the own are seen", SIZE, ("recent_size",)),
)
BLOCK_MASK = Usage(
    {
        "layout": Argument(
            "Lb Sb", "True where queries of a block see keys of one", TRUTH, "bool"
        ),
        "rows": whole("queries in a block", SIZE, ("BLOCK_SIZE",)),
        "columns": whole("keys in a block", SIZE, ("BLOCK_SIZE",)),
        "queries": _QUERIES,
        "keys": _KEYS,
    },
    _MASK,
    {"queries": 3, "rows": 2, "columns": 2},
)
DOCUMENT_MASK = Usage(
    {
        "query_ids": Argument(
            "L", "the document of each query", ANY, "int64", ("document_id",)
        ),
        "key_ids": Argument(
            "S", "the document of each key", ANY, "int64", ("segment_ids",)
        ),
    },
    _MASK,
    {"queries": 4, "ids": "packed", "seed": 1},
)
GLOBAL_MASK = Usage(
    {
        "queries": Argument(
            "L", "True for queries that see all", TRUTH, "bool", ("global tokens",)
        ),
        "keys": Argument(
            "S", "True for keys that all see", TRUTH, "bool", ("global tokens",)
        ),
    },
    _MASK,
    {"queries": 3},
)
GRID_MASK = Usage(
    {
        "rows": Argument("Y Yk", "True where a row sees a row", TRUTH, "bool"),
        "columns": Argument("X Xk", "True where a column does", TRUTH, "bool"),
    },
    {
        "mask": Argument(
            "L S", "True where a pixel sees one, L = Y X, S = Yk Xk", TRUTH, "boolean"
        )
    },
    {"rows": (2, 2), "columns": (2, 2), "along_rows": "causal"},
)

__all__ = [
    "BANDED",
    "BAND_COST",
    "BLOCK_MASK",
    "CHUNKED_MASK",
    "DILATED_MASK",
    "DOCUMENT_MASK",
    "GLOBAL_MASK",
    "GRID_MASK",
    "NEIGHBORHOOD",
    "NEIGHBORHOOD_2D",
    "PREFIX_MASK",
    "SINK_WINDOW_MASK",
    "WINDOW_MASK",
]
