"""What a history of a cache is called with, as one function."""

from __future__ import annotations

from attnspec._typing import Range
from attnspec.judge.usage import (
    ANY,
    COUNT,
    FLOATING,
    SIZE,
    Argument,
    Usage,
    flag,
    whole,
)
from attnspec.kinds.attention.usage import USAGE as ATTENTION
from attnspec.kinds.serving._histories import told


def _options(*names: str) -> dict[str, Argument]:
    """Return options that are those of attention."""
    return {name: ATTENTION.arguments[name] for name in names}


KV_CACHE = Usage(
    {
        "query": Argument("B Hq L E", "the queries of all steps that attend", ANY),
        "key": Argument("B Hkv N E", "the keys of all steps that append", ANY),
        "value": Argument("B Hkv N Ev", "the values of all steps that append", ANY),
        "steps": Argument(
            "T 3",
            "what is done: 0 append, 1 attend, 2 take back, 3 reset, 4 turn to the "
            "other cache; of how many tokens; in which sequence, -1 for all",
            Range("-1 or more", lambda number: number >= -1),
            "int64",
        ),
        "capacity": whole("how many tokens it must have room for", SIZE),
        **_options("causal", "window", "softcap", "sink", "scale", "return_lse"),
        "return_tokens": flag("the keys and values at each step that attends as well"),
        "return_lengths": flag("the numbers of tokens after each step as well"),
    },
    {
        "output": Argument("B Hq L Ev", "the values, weighed", ANY),
        "lse": Argument("B Hq L", "the logarithm of the denominator", ANY, FLOATING),
        "keys": Argument("B Hkv A E", "the keys at each step that attends", ANY),
        "values": Argument("B Hkv A Ev", "the values at each step that attends", ANY),
        "lengths": Argument("T B", "how many tokens there are", COUNT, "integer"),
    },
    {"steps": told("append 2, attend 1"), "width": 2},
    {
        "A": "tokens at all steps that attend, one step behind the other",
        "N": "tokens that are appended",
        "T": "steps",
    },
)

__all__ = ["KV_CACHE"]
