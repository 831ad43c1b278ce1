"""What attention is called with, in our own signature."""

from __future__ import annotations

import math

from attnspec._typing import Range
from attnspec.judge.usage import (
    ANY,
    BELOW_INFINITY,
    FLOATING,
    POSITIVE,
    Argument,
    Usage,
    flag,
    mask,
    number,
)

_SIDE = Range("0 or more, or None: unlimited", lambda number: number >= 0)

_SLOPE = Range("finite, 0 or more", lambda number: 0 <= number < math.inf)

USAGE = Usage(
    {
        "query": Argument("B Hq L E", "what each query asks for", ANY, known_as=("q",)),
        "key": Argument(
            "B Hkv S E",
            "what each key is known by; consecutive query heads share a key head",
            ANY,
            known_as=("k",),
        ),
        "value": Argument("B Hkv S Ev", "what is mixed", ANY, known_as=("v",)),
        "mask": mask("B Hq L S", "True where a query sees a key", "attn_mask"),
        "bias": Argument(
            "B Hq L S",
            "added to the scores; minus infinity hides a key",
            BELOW_INFINITY,
            "judged format or float32",
            ("attn_bias", "attn_mask"),
            broadcasts=True,
        ),
        "scale": number(
            "the factor on the dot products; 1/sqrt(E) by default",
            known_as=("sm_scale", "softmax_scale", "scaling"),
        ),
        "causal": flag("no query sees a later key", ("is_causal",)),
        "window": Argument(
            "",
            "inclusive distances to the left and right",
            _SIDE,
            "(int, int)",
            ("window_size", "local_window_size"),
        ),
        "softcap": number(
            "c in c tanh(s/c), after the scale and before the mask",
            POSITIVE,
            ("logits_soft_cap",),
        ),
        "sink": Argument(
            "Hq",
            "a score without a value in every row",
            BELOW_INFINITY,
            known_as=("s_aux", "sinks", "learnable_sink"),
        ),
        "alibi_slopes": Argument(
            "*batch Hq",
            "the slope m of -m |i + S - L - j|, which is added to the scores; (Hq,) or "
            "(B, Hq)",
            _SLOPE,
            "judged format or float32",
        ),
        "return_lse": flag("the result is (output, lse)", ("return_residual",)),
    },
    {
        "output": Argument("B Hq L Ev", "the values, weighed", ANY),
        "lse": Argument(
            "B Hq L", "the natural logarithm of the denominator", ANY, FLOATING
        ),
    },
    {"lengths": (2, 2), "widths": (2, 2), "scores": "integers", "values": "integers"},
)
"""Attention."""

__all__ = ["USAGE"]
