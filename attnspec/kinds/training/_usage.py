"""What a backward pass of attention is called with."""

from __future__ import annotations

from attnspec._typing import Range
from attnspec.judge.usage import ANY, FINITE, FLOATING, Argument, Usage, flag
from attnspec.kinds.attention.case import OPTIONS
from attnspec.kinds.attention.usage import USAGE as FORWARD

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

__all__ = ["USAGE"]
