"""Many heads that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, kind_control, rogues_of
from attnspec.rogues.layers._attention_forms import (
    Function,
    attended,
    by_value_width,
    falsy_scale,
    first_shown,
    fused,
    interleaved,
    joined,
    one_ahead,
    online,
    root,
    shown,
    softmax,
    unswapped,
    wide,
)


def _consecutive(heads: int, shared: int) -> Array:
    return np.arange(heads) * shared // heads


def _layer(
    *,
    attend: Function = attended,
    by: Callable[[int, int], Array] = _consecutive,
    join: Callable[[Array, Array], Array] = joined,
    see: Callable[[Array], Array] = lambda seen: seen,
) -> Function:
    """Return multi-head attention with a place for each mistake."""

    def layer(
        *operands: Array,
        mask: Array | None = None,
        causal: bool = False,
        scale: float | None = None,
    ) -> Array:
        x, z, ask, answer, pass_on, out = wide(*operands)
        heads = by(len(ask), len(answer))
        seen = shown(mask, x.shape[1], z.shape[1], causal=causal)
        key, value = z[:, None] @ answer[heads], z[:, None] @ pass_on[heads]
        query = x[:, None] @ ask
        seen = np.broadcast_to(see(seen), (*query.shape[:3], key.shape[2]))
        output = attend(query, key, value, seen, scale)
        return join(np.asarray(output), out).astype(operands[0].dtype)

    return layer


def _numbered(output: Array, weights: Array) -> Array:
    """Let every head count a little more than the one before it."""
    # Sixteenths, which every format holds: the mistake is no rounding.
    number = 1 + np.arange(len(weights), dtype=weights.dtype)[:, None, None] / 16
    return joined(output, weights * number)


def _softmax_of_all(scores: Array, seen: Array) -> Array:
    """Divide by the mean of the sums of all heads."""
    hidden = np.where(seen, scores, -np.inf)
    sizes = np.exp(hidden - hidden.max(-1, keepdims=True))
    return np.asarray(sizes / sizes.sum(-1, keepdims=True).mean(1, keepdims=True))


def _normed(
    query: Array, key: Array, value: Array, seen: Array, scale: float | None
) -> Array:
    """Divide what comes out by its largest entry, as a norm does that nobody asked."""
    output = attended(query, key, value, seen, scale)
    return np.asarray(output / (1 + np.abs(output).max(-1, keepdims=True) / 16))


def _maskless(
    *operands: Array,
    mask: Array | None = None,  # noqa: ARG001 - this is the mistake
    causal: bool = False,
) -> Array:
    return np.asarray(_layer()(*operands, causal=causal))


def _upper_left(
    *operands: Array,
    mask: Array | None = None,
    causal: bool = False,
    scale: float | None = None,
) -> Array:
    """Show the first reader the first member, the second two, and so on."""
    x, z = operands[:2]
    seen = np.tri(x.shape[1], z.shape[1], 0 if causal else z.shape[1], dtype=bool)
    both = seen if mask is None else seen & mask
    return np.asarray(_layer()(*operands, mask=both, scale=scale))


def _tied(*operands: Array, mask: Array | None = None, causal: bool = False) -> Array:
    """Refuse widths that one number of features and heads does not give."""
    x, z, ask, _, pass_on, out = operands
    if not x.shape[-1] == z.shape[-1] == out.shape[-1] == len(ask) * ask.shape[-1]:
        msg = "readers, members and outputs are as wide as all heads together"
        raise ValueError(msg)
    if pass_on.shape[-1] != ask.shape[-1]:
        msg = "values are as wide as queries and keys"
        raise ValueError(msg)
    return np.asarray(_layer()(*operands, mask=mask, causal=causal))


def _head_by_head(
    *operands: Array,
    mask: Array | None = None,
    causal: bool = False,
    scale: float | None = None,
) -> Array:
    """Sum over heads, each with one matrix for queries and keys and one for values."""
    x, z, ask, answer, pass_on, out = wide(*operands)
    seen = shown(mask, x.shape[1], z.shape[1], causal=causal)
    seen = np.broadcast_to(seen, (len(x), len(ask), x.shape[1], z.shape[1]))
    total = np.zeros((*x.shape[:2], out.shape[-1]), x.dtype)
    for head in reversed(range(len(ask))):
        shared = head * len(answer) // len(ask)
        both = ask[head] @ answer[shared].T
        factor = x.dtype.type(root(ask.shape[-1], scale))
        weights = softmax(x @ both @ z.swapaxes(1, 2) * factor, seen[:, head])
        total += weights @ (z @ (pass_on[shared] @ out[head]))
    return np.asarray(total).astype(operands[0].dtype)


_MIMICS = {
    "tiled": "onnx#7274",
    "divided": "ONNXim#33",
    "maskless": "mlx-lm#1906",
}

_GROUPED = ("grouped",)

_rogue = rogues_of("multi-head", mimics=_MIMICS, claims=_GROUPED)

ROGUES: tuple[Rogue, ...] = tuple(
    _rogue(*entry)
    for entry in (
        (
            "tiled",
            "heads",
            "Query heads take turns with the key heads.",
            _layer(by=lambda heads, shared: np.arange(heads) % shared),
            "shared",
        ),
        (
            "divided",
            "heads",
            "A query head reads the key head of its number over Hkv.",
            _layer(by=lambda n, m: np.minimum(np.arange(n) // m, m - 1)),
            "agreement",
        ),
        (
            "unswapped",
            "layout",
            "Heads are joined without exchanging the axes of heads and places.",
            _layer(join=unswapped),
            "joined",
        ),
        (
            "interleaved",
            "layout",
            "Heads are joined entry by entry, not one behind the other.",
            _layer(join=interleaved),
            "joined",
        ),
        (
            "averaged",
            "formula",
            "What the heads give is averaged, not summed.",
            _layer(join=lambda x, w: joined(x, w) / w.dtype.type(len(w))),
            "sum",
        ),
        (
            "one-output",
            "heads",
            "All heads share one output matrix, the mean of theirs.",
            _layer(join=lambda x, w: joined(x, np.broadcast_to(w.mean(0), w.shape))),
            "agreement",
        ),
        (
            "numbered",
            "order",
            "Each head counts a little more than the one before it.",
            _layer(join=_numbered),
            "order",
        ),
        (
            "one-sum",
            "batch",
            "All heads are divided by one sum.",
            _layer(attend=partial(attended, weigh=_softmax_of_all)),
            "independence",
        ),
        (
            "normed",
            "formula",
            "What a head gives is divided by a norm before its output matrix.",
            _layer(attend=_normed),
            "value-width",
        ),
        (
            "bent",
            "formula",
            "What comes out is bent.",
            _layer(join=lambda x, w: 8 * np.tanh(joined(x, w) / 8)),
            "one",
        ),
        (
            "value-scale",
            "width",
            "The scale is that of the values' width.",
            _layer(attend=by_value_width),
            "value-width",
        ),
        ("maskless", "dropped-option", "No mask is read.", _maskless, "agreement"),
        (
            "first-shown",
            "mask",
            "The first member is never hidden.",
            _layer(see=first_shown),
            "agreement",
        ),
        (
            "falsy-scale",
            "dropped-option",
            "A scale of zero counts as none.",
            _layer(attend=falsy_scale),
            "agreement",
        ),
        (
            "one-ahead",
            "alignment",
            "Every reader sees one member more.",
            _layer(see=one_ahead),
            "agreement",
        ),
        (
            "upper-left",
            "alignment",
            "It declares that the last of both stand together, and the first do.",
            _upper_left,
            "agreement",
        ),
    )
)
"""Multi-head attention that is wrong."""

CONTROLS: tuple[Control, ...] = (
    *(
        kind_control(
            *("multi-head", f"multi-head-{name}", sentence, function),
            claims=() if name == "plain" else _GROUPED,
            dtypes=FORMATS,
        )
        for name, sentence, function in (
            ("head-by-head", "It sums over heads of two matrices each.", _head_by_head),
            ("online", "It reads one member after the other.", _layer(attend=online)),
            (
                "summed",
                "It sums over heads and entries at once.",
                _layer(join=lambda x, w: np.einsum("bhle,hed->bld", x, w)),
            ),
            ("plain", "Each query head has a key head of its own.", fused),
        )
    ),
    kind_control(
        *("multi-head", "multi-head-upper-left-declared"),
        "A causal mask shows the first reader the first member, as in Keras.",
        _upper_left,
        dialect={"alignment": "upper_left"},
    ),
    kind_control(
        *("multi-head", "multi-head-tied"),
        "One number of features and one of heads give all widths, as in torch.",
        _tied,
        without=("value_width", "free_widths", "member_width"),
    ),
)
"""Multi-head attention that is right."""

__all__ = ["CONTROLS", "ROGUES"]
