"""What merges of partial results, and attention of many sequences, are called with."""

from __future__ import annotations

from attnspec._typing import Range
from attnspec.judge.usage import (
    ANY,
    BELOW_INFINITY,
    COUNT,
    FLOATING,
    TRUTH,
    Argument,
    Usage,
    whole,
)
from attnspec.kinds.attention.usage import USAGE as ATTENTION


def _part(name: str, *known_as: tuple[str, ...]) -> dict[str, Argument]:
    """Return output and logsumexp over one set of keys."""
    outputs, lses = known_as
    return {
        f"output_{name}": Argument(
            "N H Ev", "attention over one set of keys", ANY, known_as=outputs
        ),
        f"lse_{name}": Argument(
            "N H",
            "its logsumexp; minus infinity if there is no key",
            ANY,
            known_as=lses,
        ),
    }


MERGE = Usage(
    {
        **_part("a", ("v_a", "prefix_output"), ("s_a", "prefix_lse")),
        **_part("b", ("v_b", "suffix_output"), ("s_b", "suffix_lse")),
        "rows": Argument(
            "N", "True for rows that are merged", TRUTH, "bool", ("mask",)
        ),
        "in_place": Argument(
            "",
            "the results take the place of the first part; nothing is returned",
            TRUTH,
            "bool",
        ),
    },
    {
        "output": Argument("N H Ev", "attention over both sets", ANY),
        "lse": Argument("N H", "its logsumexp", ANY, FLOATING),
    },
    {"rows": 2, "heads": 1, "width": 2},
    {"N": "rows: queries of one sequence or of several"},
)

MERGE_ALL = Usage(
    {
        "outputs": Argument(
            "T N H Ev", "attention over each set of keys", ANY, known_as=("v",)
        ),
        "lses": Argument(
            "T N H",
            "their logsumexps; minus infinity if there is no key",
            ANY,
            known_as=("s",),
        ),
    },
    {
        "output": Argument("T H Ev", "attention over all sets", ANY),
        "lse": Argument("T H", "its logsumexp", ANY, FLOATING),
    },
    {"rows": 2, "parts": 2, "heads": 1, "width": 2},
    {"T": "rows: queries of one sequence or of several", "N": "parts of the keys"},
)

_INTEGERS = "int32 or int64"
_OPTIONS = ("causal", "window", "softcap", "sink", "scale")
_WRITTEN = "full of NaN: the result is written here, not returned"


def _options(*names: str) -> dict[str, Argument]:
    """Return options that are those of attention."""
    return {name: ATTENTION.arguments[name] for name in names}


def _counts(letter: str, meaning: str, *known_as: str) -> Argument:
    """Return an array of lengths, or of their sums."""
    return Argument(letter, meaning, COUNT, _INTEGERS, known_as)


VARLEN = Usage(
    {
        "query": Argument("Tq Hq E", "all queries", ANY, known_as=("q",)),
        "key": Argument("Tk Hkv E", "all keys", ANY, known_as=("k",)),
        "value": Argument("Tk Hkv Ev", "all values", ANY, known_as=("v",)),
        "cu_query": _counts(
            "N1", "where the queries of each sequence begin", "cu_seqlens_q"
        ),
        "cu_key": _counts("N1", "where its keys begin", "cu_seqlens_k"),
        "max_query": whole(
            "a bound on the numbers of queries", COUNT, ("max_seqlen_q",)
        ),
        "max_key": whole("a bound on the numbers of keys", COUNT, ("max_seqlen_k",)),
        **_options(*_OPTIONS),
        "used_query": _counts("N", "how many queries each has", "seqused_q"),
        "used_key": _counts("N", "how many keys each has", "seqused_k"),
        **_options("return_lse"),
        "out": Argument("Tq Hq Ev", _WRITTEN, ANY),
    },
    {
        "output": Argument("Tq Hq Ev", "the values, weighed", ANY),
        "lse": Argument("Hq Tq", "the logarithm of the denominator", ANY, FLOATING),
    },
    {"lengths": ((1, 1), (2, 2)), "width": 2},
    {
        "N": "packed sequences",
        "N1": "N + 1: where each of N sequences begins, and where the last one ends",
    },
)

PADDED = Usage(
    {
        **_options("query", "key", "value"),
        "query_lengths": _counts(
            "B", "how many queries each sequence has", "query_seq_lengths", "seqused_q"
        ),
        "key_lengths": Argument(
            "B",
            "how many keys each sequence has; one number is that of all",
            COUNT,
            _INTEGERS,
            ("key_value_seq_lengths", "seqused_k", "nonpad_kv_seqlen"),
            broadcasts=True,
        ),
        **_options("causal", "window"),
        "bias": Argument(
            "B Hq L S", "added to the scores", BELOW_INFINITY, broadcasts=True
        ),
        "mask": Argument(
            "B Hq L M",
            "True where a query sees a key; of M keys, others are hidden",
            TRUTH,
            "bool",
            ("attn_mask",),
        ),
        **_options("softcap", "sink", "scale", "return_lse"),
    },
    {
        "output": Argument("B Hq L Ev", "the values, weighed", ANY),
        "lse": Argument("B Hq L", "the logarithm of the denominator", ANY, FLOATING),
    },
    {"lengths": ((1, 1), (2, 2)), "width": 2, "key_lengths": True},
)


def _pages(what: str, width: str, *known_as: str) -> Argument:
    """Return a pool of pages."""
    meaning = f"all {what}, in pages"
    return Argument(f"P page Hkv {width}", meaning, ANY, known_as=known_as)


_POOLS = {
    "key_pages": _pages("keys", "E", "k_cache", "key_cache"),
    "value_pages": _pages("values", "Ev", "v_cache", "value_cache"),
}
_TABLE = Argument(
    "B M",
    "the pages of each sequence; what is behind its last one is not read",
    Range("-1 or more", lambda number: number >= -1),
    _INTEGERS,
    ("block_table", "page_table"),
)
_OF_PAGES = {
    "M": "entries for each sequence",
    "P": "pages of the pool",
    "page": "slots of a page",
}

PAGED = Usage(
    {
        "query": Argument("B L Hq E", "the queries", ANY, known_as=("q",)),
        **_POOLS,
        "table": _TABLE,
        "lengths": _counts(
            "B", "how many tokens each sequence has", "cache_seqlens", "seqused_k"
        ),
        **_options(*_OPTIONS, "return_lse"),
        "out": Argument("B L Hq Ev", _WRITTEN, ANY),
    },
    {
        "output": Argument("B L Hq Ev", "the values, weighed", ANY),
        "lse": Argument("B Hq L", "the logarithm of the denominator", ANY, FLOATING),
    },
    {"page": 2, "lengths": ((1, 1), (1, 0)), "table": "reversed", "width": 2},
    _OF_PAGES,
)

PAGED_APPEND = Usage(
    {
        "key": Argument("B N Hkv E", "new keys", ANY, known_as=("k",)),
        "value": Argument("B N Hkv Ev", "new values", ANY, known_as=("v",)),
        **_POOLS,
        "table": _TABLE,
        "lengths": _counts("B", "how many tokens each sequence has before"),
        "counts": _counts("B", "how many new tokens each gets; by default N"),
    },
    _POOLS,
    {"page": 2, "lengths": ((0, 1), (1, 0)), "table": "reversed", "width": 2},
    {"N": "new tokens", **_OF_PAGES},
)

__all__ = ["MERGE", "MERGE_ALL", "PADDED", "PAGED", "PAGED_APPEND", "VARLEN"]
