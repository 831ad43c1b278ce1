"""Kernels in float32 that round one thing to a narrower format, and say nothing of it.

Each is right but for that. What ``attnspec describe`` must say of one are the words of
the numeric model by which it would be right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue
from attnspec.rogues._rounding import tfloat32
from attnspec.rogues.attention._kernel import Tables
from attnspec.rogues.attention._narrowed import NARROWED
from attnspec.rogues.attention._right import PLAIN
from attnspec.rogues.attention._usual import usually


def _in_tfloat32(*operands: str) -> Callable[[Tables, AttentionCase], Tables]:
    """Round some operands to ten bits of fraction."""

    def stage(tables: Tables, _call: AttentionCase) -> Tables:
        changed = {name: tfloat32(getattr(tables, name)) for name in operands}
        return tables._replace(**changed)

    return stage


def _weight_in_tfloat32(weights: Array, _call: AttentionCase) -> Array:
    """Round weights to ten bits of fraction."""
    return tfloat32(weights)


def _exp_within(error: float) -> Callable[[Array], Array]:
    """Return an exponential with a relative error of up to this."""

    def exp(x: Array) -> Array:
        wide = np.maximum(x.astype(np.float64), -200.0)
        found = np.exp(wide) * (1 + error * np.sin(wide * 12345.678))
        return np.where(np.isneginf(x), 0.0, found).astype(x.dtype)

    return exp


_OTHERS: Mapping[str, Callable[..., Any]] = {
    "query and key are rounded to TF32": PLAIN.replace(
        stage=_in_tfloat32("query", "key")
    ),
    "weights and values are rounded to TF32": PLAIN.replace(
        stage=_in_tfloat32("value"), narrow=_weight_in_tfloat32
    ),
    "operands of both products are rounded to TF32": PLAIN.replace(
        stage=_in_tfloat32("query", "key", "value"), narrow=_weight_in_tfloat32
    ),
    "the exponential has a relative error of 1e-5": PLAIN.replace(
        exp=_exp_within(1e-5)
    ),
    "the exponential has a relative error of 1e-4": PLAIN.replace(
        exp=_exp_within(9e-5)
    ),
    "the exponential has a relative error of 1e-3": PLAIN.replace(
        exp=_exp_within(2.0**-10)
    ),
}
"""What is no format of 16 or eight bits, by the words of its model."""


_hidden = usually("precision", "agreement")

_LAWS: Mapping[str, str] = {
    "the logsumexp is rounded to float16": "lse-agreement",
    "the logsumexp is rounded to bfloat16": "lse-agreement",
    "the scale is rounded to bfloat16": "scale-given",
    "the output is rounded to bfloat16": "exact-gather",
}
"""The laws that must see a rounding, where it is not `agreement`."""

_BUGS: Mapping[str, str] = {
    "the scale is rounded to bfloat16": "metal-flash-attention#8",
    "weights are rounded to bfloat16": "mlx#3119",
}
"""Public bugs of the kind."""


def _rogue(words: str, kernel: Callable[..., Any]) -> Rogue:
    """Return a kernel as one that declares float32 throughout."""
    sentence = f"{words[0].upper()}{words[1:]}."
    law, bug = _LAWS.get(words, "agreement"), _BUGS.get(words, "")
    return _hidden(_named(words), sentence, kernel, bug, law)


_UNSAID = {
    *("a", "and", "are", "as", "both", "by", "has", "in", "is", "keys", "of"),
    *("relative", "rounded", "stored", "the", "to", "up"),
}
"""Words that the id of a kernel can do without: what it says by default, it rounds."""

_BRIEF = {
    "bfloat16": "bf16",
    "float16": "fp16",
    "TF32": "tf32",
    "logsumexp": "lse",
    "exponential": "exp",
}
"""The field's short words: an id has 32 characters in a line of a matrix."""


def _named(words: str) -> str:
    """Return the id of the kernel that hides this."""
    said = [_BRIEF.get(w, w) for w in words.split() if w not in _UNSAID]
    return "-".join(["hidden", *said])


_KERNELS = {right.words: right.run for right in NARROWED} | dict(_OTHERS)

ROGUES = tuple(_rogue(words, kernel) for words, kernel in _KERNELS.items())
"""The rogues that are right but for one rounding."""

WORDS: Mapping[str, str] = {_named(words): words for words in _KERNELS}
"""What is to be said of each."""

__all__ = ["ROGUES", "WORDS"]
