"""What functions of positions and of distances are called with."""

from __future__ import annotations

from attnspec._typing import Range
from attnspec.judge.usage import (
    ANY,
    COUNT,
    FLOATING,
    POSITIVE,
    SIZE,
    Argument,
    Usage,
    flag,
    number,
    whole,
)

_POSITIONS = Argument(
    "L", "where each row stands", COUNT, "int64", ("position_ids", "input_pos")
)
_BASE = number("the base of the frequencies; 10,000 by default", POSITIVE, ("theta",))
_EVEN = Range("an even number, 2 or more", lambda n: n >= 2 and n % 2 == 0)
_TURNED = Range("an even number, 2 or more, at most E", _EVEN.holds)
_PLACES = {"L": "positions", "E": "width of a vector"}
_QUERY = Argument("H L E", "vectors that ask", known_as=("q",))
_KEY = Argument("H S E", "vectors that are asked", known_as=("k",))
_VALUE = Argument("H S Ev", "what each key has to say", known_as=("v",))
_OUTPUT = {"output": Argument("H L Ev", "the values, weighed")}

SINUSOIDAL = Usage(
    {
        "positions": _POSITIONS,
        "width": whole("how many entries a label has", _EVEN, ("d_model", "dim")),
        "base": _BASE,
    },
    {"output": Argument("L E", "sines and cosines of each position", dtype=FLOATING)},
    {"length": 2, "width": 4},
    _PLACES,
)
LEARNED = Usage(
    {
        "positions": _POSITIONS,
        "table": Argument("N E", "a row for each position", known_as=("wpe.weight",)),
    },
    {"output": Argument("L E", "the row of each position")},
    {"length": 2, "rows": 3, "width": 2},
    {**_PLACES, "N": "rows of the table"},
)
PLACED_ATTENTION = Usage(
    {
        "vectors": Argument("N D", "the vectors of a sequence", known_as=("x",)),
        "encoding": Argument("N D", "added to them: where each stands"),
        "query_weights": Argument("D E", "makes queries", known_as=("W_Q",)),
        "key_weights": Argument("D E", "makes keys", known_as=("W_K",)),
        "value_weights": Argument("D Ev", "makes values", known_as=("W_V",)),
    },
    {"output": Argument("N Ev", "what each vector has read")},
    {"length": 2, "width": 2, "data": "integers", "seed": 3},
)
ROPE = Usage(
    {
        "x": Argument("B H L E", "queries or keys", known_as=("q", "k")),
        "positions": Argument(
            "B L",
            "where each row stands; (L,), or with the claim position_ids (B, L)",
            COUNT,
            "int64",
            ("position_ids", "input_pos"),
            broadcasts=True,
        ),
        "base": _BASE,
        "width": whole(
            "how many entries are turned; all by default",
            _TURNED,
            ("rotary_dim", "rotary_ndims"),
        ),
    },
    {"output": Argument("B H L E", "the vectors, turned")},
    {"length": 2, "width": 4, "data": "integers"},
    _PLACES,
)
ALIBI = Usage(
    {
        "heads": whole("how many heads there are", SIZE, ("num_heads",)),
        "queries": whole("how many queries there are", SIZE),
        "keys": whole("how many keys there are", SIZE),
    },
    {"bias": Argument("H L S", "what is added to the scores", dtype=FLOATING)},
    {"heads": 2, "queries": 2},
)
T5 = Usage(
    {
        "relative": Argument(
            "L S", "key minus query", ANY, "int64", ("relative_position",)
        ),
        "buckets": whole("how many buckets there are; 32", SIZE, ("num_buckets",)),
        "max_distance": whole("from here on all are in the last bucket; 128", SIZE),
        "bidirectional": flag("later keys have buckets of their own; True"),
    },
    {"bucket": Argument("L S", "the bucket of each distance", COUNT, "integer")},
    {"queries": 2, "keys": 3},
)
SHAW = Usage(
    {
        "query": _QUERY,
        "key": _KEY,
        "value": _VALUE,
        "key_distances": Argument(
            "R E",
            "for each distance from -k to k what is added to keys, R = 2k + 1",
            known_as=("a_K", "rel_k"),
        ),
        "value_distances": Argument(
            "R Ev", "the same, for values", known_as=("a_V", "rel_v")
        ),
        "causal": flag("no query sees a later key", ("is_causal",)),
    },
    _OUTPUT,
    {"queries": 2, "width": 2, "value_width": 2, "data": "integers"},
    {"R": "distances that have a vector"},
)
TRANSFORMER_XL = Usage(
    {
        "query": _QUERY,
        "key": _KEY,
        "value": _VALUE,
        "distance_weights": Argument(
            "H T E",
            "makes keys of the sines and cosines of a distance",
            known_as=("W_kR", "r_net"),
        ),
        "content_bias": Argument("H E", "asks of contents", known_as=("u", "r_w_bias")),
        "place_bias": Argument("H E", "asks of distances", known_as=("v", "r_r_bias")),
        "bidirectional": flag("a query sees later keys, too; False"),
    },
    _OUTPUT,
    {"queries": 2, "width": 2, "value_width": 2, "data": "integers"},
    {"T": "sines and cosines of a distance"},
)
RELATIVE_SHIFT = Usage(
    {"x": Argument("H L S", "scores in the order of distances", known_as=("BD",))},
    {"output": Argument("H L S", "the same in the order of keys")},
    {"queries": 2},
)

__all__ = [
    "ALIBI",
    "LEARNED",
    "PLACED_ATTENTION",
    "RELATIVE_SHIFT",
    "ROPE",
    "SHAW",
    "SINUSOIDAL",
    "T5",
    "TRANSFORMER_XL",
]
