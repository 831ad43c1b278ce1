"""What attention over a cache is called with."""

from __future__ import annotations

from attnspec.judge.usage import ANY, COUNT, FLOATING, TRUTH, Argument, Usage
from attnspec.kinds.attention.usage import USAGE as ATTENTION

_INTEGERS = "int32 or int64"
_OPTIONS = ("causal", "window", "softcap", "sink", "scale", "return_lse")


def _counts(meaning: str, *known_as: str) -> Argument:
    """Return a number for each sequence."""
    return Argument("B", meaning, COUNT, _INTEGERS, known_as)


CACHED = Usage(
    {
        "query": Argument("B L Hq E", "the queries", ANY, known_as=("q",)),
        "key_cache": Argument(
            "C cap Hkv E", "the keys of all sequences", ANY, known_as=("k_cache",)
        ),
        "value_cache": Argument(
            "C cap Hkv Ev", "their values", ANY, known_as=("v_cache",)
        ),
        "lengths": _counts(
            "how many tokens each sequence has before the call", "cache_seqlens"
        ),
        "key": Argument(
            "B N Hkv E", "new keys, put into the cache", ANY, known_as=("k",)
        ),
        "value": Argument(
            "B N Hkv Ev", "new values, put into the cache", ANY, known_as=("v",)
        ),
        "slots": _counts("where in the cache each sequence is", "cache_batch_idx"),
        "left_pad": _counts(
            "how many of its first tokens are padding", "cache_leftpad"
        ),
        "cosine": Argument(
            "T R2",
            "queries and new keys are turned by the row of their place",
            ANY,
            known_as=("rotary_cos",),
        ),
        "sine": Argument("T R2", "the sines", ANY, known_as=("rotary_sin",)),
        "interleaved": Argument(
            "",
            "True if neighbors turn together, False if one of each half",
            TRUTH,
            "bool",
            ("rotary_interleaved",),
        ),
        **{name: ATTENTION.arguments[name] for name in _OPTIONS},
    },
    {
        "output": Argument("B L Hq Ev", "the values, weighed", ANY),
        "lse": Argument("B Hq L", "the logarithm of the denominator", ANY, FLOATING),
        "key_cache": Argument("C cap Hkv E", "all keys, the new ones in place", ANY),
        "value_cache": Argument(
            "C cap Hkv Ev", "all values, the new ones in place", ANY
        ),
    },
    {"lengths": (2, 1), "new": 1, "width": 2},
    {
        "C": "sequences for which the cache has room",
        "N": "new tokens of each sequence; as many queries, if there are any",
        "R2": "half of the entries that turn",
        "T": "rows of the tables",
        "cap": "tokens of each for which it has room",
    },
)

__all__ = ["CACHED"]
