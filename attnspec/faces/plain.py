"""The face `plain`: our own signature."""

from __future__ import annotations

from attnspec.faces._face import Face, Parameter
from attnspec.faces._values import given
from attnspec.kinds.attention.kind import ATTENTION

_SENTENCES = {
    "mask": "boolean, True attends; broadcasts to (B, Hq, L, S)",
    "bias": "added to the scores; broadcasts to (B, Hq, L, S)",
    "scale": "the factor on the dot products; None is 1/sqrt(E)",
    "causal": "no query sees a later key",
    "window": "(left, right): inclusive distances, None is unlimited",
    "softcap": "c in c tanh(s/c), after the scale and before the mask",
    "sink": "(Hq,): a score without a value in every row",
    "alibi_slopes": "(Hq,) or (B, Hq): m in -m |i + S - L - j|, which is added",
    "return_lse": "the result is (output, logsumexp)",
}

PLAIN = Face(
    id="plain",
    title="kernel",
    sentence="A plain function of attention, in (B, H, L, E).",
    parameters=tuple(
        Parameter(
            names=(name,),
            sentence=_SENTENCES[name],
            says={name: claims},
            value=given(name),
        )
        for name, claims in ATTENTION.options.items()
    ),
    # Its keywords are its claims: nobody lists one for the sake of others.
    not_offered=(),
    example="attnspec.kernels:tiled_attention",
)
"""Our own signature."""

__all__ = ["PLAIN"]
