"""What a backward pass of attention is called with."""

from __future__ import annotations

from attnspec._typing import Range
from attnspec.judge.usage import ANY, FINITE, FLOATING, Argument, Usage, flag
from attnspec.kinds.attention.case import OPTIONS
from attnspec.kinds.attention.usage import USAGE as FORWARD
from attnspec.kinds.serving import _usage as serving

_MULTIPLIER = Range("0 or more", lambda number: number >= 0)
_WIDE = "judged format or float32"


USAGE = Usage(
    {
        **{name: FORWARD.arguments[name] for name in ("query", "key", "value")},
        "d_output": Argument(
            "B Hq L Ev",
            "the cotangent of the output",
            known_as=("do", "dout", "grad_output"),
        ),
        "output": Argument(
            "B Hq L Ev", "the output of the forward pass", ANY, known_as=("out", "o")
        ),
        "lse": Argument(
            "B Hq L",
            "the logsumexp of the forward pass",
            ANY,
            _WIDE,
            ("softmax_lse", "logsumexp"),
        ),
        "d_lse": Argument(
            "B Hq L", "the cotangent of the logsumexp", FINITE, _WIDE, ("dlse",)
        ),
        "kept": Argument(
            "B Hq L S",
            "the multiplier of dropout: 0, or 1 / (1 - p) where a weight is kept",
            _MULTIPLIER,
            _WIDE,
            broadcasts=True,
        ),
        **{name: FORWARD.arguments[name] for name in OPTIONS},
        "return_saved": flag("output and logsumexp that it saved come last"),
        "retain_graph": flag("it goes back over the same graph a second time"),
    },
    {
        "dq": Argument("B Hq L E", "the gradient of the queries", ANY),
        "dk": Argument("B Hkv S E", "the gradient of the keys", ANY),
        "dv": Argument("B Hkv S Ev", "the gradient of the values", ANY),
        "dbias": Argument(
            "B Hq L S",
            "the gradient of a bias, in its shape",
            ANY,
            FLOATING,
            broadcasts=True,
        ),
        "dsink": Argument("Hq", "the gradient of a sink", ANY, FLOATING),
    },
    {
        **FORWARD.example,
        "lengths": (2, 2),
        "cotangent": "integers",
    },
)
"""The gradients of attention."""


def _of_sequences(forward: Usage, without: tuple[str, ...], *axes: str) -> Usage:
    """Return how the backward pass of many sequences in one call is called.

    The axes are those of queries, keys, values and outputs.
    """
    query, key, value, output = axes
    given = {n: v for n, v in forward.arguments.items() if n not in without}
    first = {name: given.pop(name) for name in ("query", "key", "value")}
    known_as = USAGE.arguments["d_output"].known_as
    meaning = "the cotangent of the output"
    return Usage(
        {**first, "d_output": Argument(output, meaning, ANY, known_as=known_as)}
        | given,
        {
            "dq": Argument(query, "the gradient of all queries", ANY),
            "dk": Argument(key, "the gradient of all keys", ANY),
            "dv": Argument(value, "the gradient of all values", ANY),
            "dsink": USAGE.results["dsink"],
        },
        {**forward.example, "cotangent": "integers"},
        forward.axes,
    )


VARLEN = _of_sequences(
    *(serving.VARLEN, ("return_lse", "out")),
    *("Tq Hq E", "Tk Hkv E", "Tk Hkv Ev", "Tq Hq Ev"),
)
"""The gradients of packed sequences."""

PADDED = _of_sequences(
    *(serving.PADDED, ("return_lse", "bias")),
    *("B Hq L E", "B Hkv S E", "B Hkv S Ev", "B Hq L Ev"),
)
"""The gradients of padded sequences."""

__all__ = ["PADDED", "USAGE", "VARLEN"]
