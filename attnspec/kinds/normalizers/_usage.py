"""What normalizers are called with: scores, a mask, an axis, a number of their own."""

from __future__ import annotations

from attnspec._typing import Range
from attnspec.judge.usage import (
    BELOW_INFINITY,
    COUNT,
    FINITE,
    POSITIVE,
    SHARE,
    Argument,
    Usage,
    mask,
    number,
    whole,
)

_SCORES = Argument(
    "*shape", "how relevant each key is", BELOW_INFINITY, known_as=("input", "logits")
)
_KEYWORDS = {
    "mask": mask("*shape", "True where a key is visible"),
    "axis": whole(
        "the axis of the keys; the last by default",
        Range("any axis of the scores", lambda _: True),
        ("dim",),
    ),
}
_EXAMPLE = {"rows": (2,), "length": 3, "data": "quarters"}


def _usage(
    scores: Argument = _SCORES, values: Argument | None = None, **own: Argument
) -> Usage:
    """Return the usage of a normalizer with keywords of its own."""
    weights = values or Argument("*shape", "the weight of each key", SHARE)
    arguments = {"scores": scores, **_KEYWORDS, **own}
    return Usage(arguments, {"weights": weights}, _EXAMPLE)


SOFTMAX = _usage(
    temperature=number("a number that divides the scores; 1 by default", POSITIVE),
    sink=number("one more score, without a weight; none by default", FINITE),
)
SPARSEMAX = _usage()
ENTMAX15 = _usage()
SIGMOID = _usage(
    offset=number("added to the scores; 0 by default", FINITE, ("bias",)),
)
RELU = _usage(
    Argument("*shape", "how relevant each key is", known_as=("input", "logits")),
    Argument("*shape", "the weight of each key", COUNT),
    power=number(
        "the weights are divided by the number of keys to this power; 1 by default",
        COUNT,
    ),
)

__all__ = ["ENTMAX15", "RELU", "SIGMOID", "SOFTMAX", "SPARSEMAX"]
