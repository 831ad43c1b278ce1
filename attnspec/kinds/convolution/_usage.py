"""What convolutions, and attention by distance alone, are called with."""

from __future__ import annotations

from attnspec._typing import Range
from attnspec.judge.usage import Argument, Usage, number, whole

_BORDER = Argument(
    "",
    "what a tap finds beyond the border: zeros, the last vector, or it is shifted",
    Range("'zero', 'clip' or 'shifted'", lambda _: True),
    "str",
    ("padding_mode",),
)

_CHANNELS = {"D": "output channels"}

CONVOLUTION = Usage(
    {
        "x": Argument("L C", "a sequence of vectors", known_as=("input",)),
        "kernel": Argument("T C D", "a matrix for each tap", known_as=("weight",)),
        "left": whole(
            "how many taps stand before the own position; half by default",
            known_as=("padding",),
        ),
        "border": _BORDER,
    },
    {"output": Argument("L D", "what all taps find, summed")},
    {"length": 3, "size": 2, "data": "integers"},
    {"L": "positions", **_CHANNELS},
)
CONVOLUTION_2D = Usage(
    {
        "image": Argument("Y X C", "pixels with C channels", known_as=("input",)),
        "kernel": Argument("Ty Tx C D", "a matrix for each tap", known_as=("weight",)),
        "border": _BORDER,
    },
    {"output": Argument("Y X D", "what all taps find, summed")},
    {"height": 2, "width": 3, "tall": 2, "broad": 2, "data": "integers"},
    _CHANNELS,
)
DISTANCE_ATTENTION = Usage(
    {
        "scores": Argument("T", "a score for each distance", known_as=("logits",)),
        "value": Argument("L Ev", "a value for each position", known_as=("x",)),
        "left": whole("how many distances stand before the own position"),
        "sink": number("one more score, without a value; none by default"),
    },
    {"output": Argument("L Ev", "the values, weighed by distance")},
    {"length": 3, "size": 2, "scores": "slope"},
    {"L": "positions", "T": "distances"},
)

__all__ = ["CONVOLUTION", "CONVOLUTION_2D", "DISTANCE_ATTENTION"]
