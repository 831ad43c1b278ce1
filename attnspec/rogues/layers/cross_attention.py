"""Readers of sets that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues.layers._attention_forms import (
    Function,
    attended,
    by_value_width,
    leaking,
    online,
    root,
    shown,
    softmax,
    wide,
)


def _reader(
    change: Callable[[Array], Array] = lambda members: members,
    *,
    see: Callable[[Array], Array] = lambda seen: seen,
    attend: Function = attended,
) -> Function:
    """Return cross-attention that sees other members, or mixes otherwise."""

    def read(
        *operands: Array, mask: Array | None = None, scale: float | None = None
    ) -> Array:
        x, z, ask, answer, pass_on = wide(*operands)
        z = change(z)
        seen = see(shown(mask, len(x), len(z), causal=False))
        output = attend(x @ ask, z @ answer, z @ pass_on, seen, scale)
        return np.asarray(output).astype(operands[0].dtype)

    return read


def _maskless(
    *operands: Array,
    mask: Array | None = None,  # noqa: ARG001 - this is the mistake
) -> Array:
    return np.asarray(_reader()(*operands))


def _placed(members: Array) -> Array:
    """Add the place to each member, which nobody asked for."""
    places = np.arange(len(members), dtype=members.dtype)
    return np.asarray(members + places[:, None] / 8)


def _causal(seen: Array) -> Array:
    """Hide members behind the place of the reader, where one is left."""
    early = seen & (np.tri(*seen.shape) > 0)
    return np.where(early.any(-1, keepdims=True), early, seen)


def _over_readers(scores: Array, seen: Array) -> Array:
    """Subtract and divide by what belongs to all readers together."""
    hidden = np.where(seen, scores, -np.inf)
    sizes = np.exp(hidden - hidden.max(-1, keepdims=True))
    total = sizes.sum(-1, keepdims=True).mean(0, keepdims=True)
    return np.asarray(sizes / total)


def _one_more(scores: Array, seen: Array) -> Array:
    """Divide by one more than the sum, as a softmax off by one does."""
    hidden = np.where(seen, scores, -np.inf)
    sizes = np.exp(hidden - hidden.max(-1, keepdims=True))
    return np.asarray(sizes / (1 + sizes.sum(-1, keepdims=True)))


def _by_chunks(
    *operands: Array, mask: Array | None = None, scale: float | None = None
) -> Array:
    """Read the members in two parts and merge what comes of them by their sums."""
    x, z, ask, answer, pass_on = wide(*operands)
    seen = shown(mask, len(x), len(z), causal=False)
    half = len(z) // 2
    factor = x.dtype.type(root(ask.shape[1], scale))
    parts = []
    for part in (np.s_[:half], np.s_[half:]):
        scores = (x @ ask) @ (z[part] @ answer).T * factor
        scores = np.where(seen[:, part], scores, -np.inf)
        top = scores.max(-1, keepdims=True, initial=-np.inf)
        # A part may show nothing to a reader; its maximum is minus infinity.
        sizes = np.exp(scores - np.where(np.isfinite(top), top, 0))
        parts.append((top, sizes.sum(-1, keepdims=True), sizes @ (z[part] @ pass_on)))
    # The merge law: each part counts by its sum below the common maximum.
    top = np.maximum(parts[0][0], parts[1][0])
    shares = [np.exp(part[0] - top) for part in parts]
    total = sum(share * part[1] for share, part in zip(shares, parts, strict=True))
    output = sum(share * part[2] for share, part in zip(shares, parts, strict=True))
    return np.asarray(output / total).astype(operands[0].dtype)


def _absorbed(*operands: Array, mask: Array | None = None) -> Array:
    """Bring the queries to the members, which stay what they are."""
    x, z, ask, answer, pass_on = wide(*operands)
    scores = ((x @ ask) @ answer.T) @ z.T * x.dtype.type(root(ask.shape[1], None))
    weights = softmax(scores, shown(mask, len(x), len(z), causal=False))
    return np.asarray((weights @ z) @ pass_on).astype(operands[0].dtype)


_MIMICS = {"leaking": "onnxruntime#14363", "maskless": "mlx-lm#1906"}


_rogue, _control = makers("cross-attention", mimics=_MIMICS, right_in=FORMATS)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "value-scale",
        "width",
        "The scale is that of the values' width.",
        _reader(attend=by_value_width),
        "agreement",
    ),
    _rogue(
        "placed",
        "order",
        "Every member has its place added to it.",
        _reader(_placed),
        "members",
    ),
    _rogue(
        "causal",
        "order",
        "A reader sees no member after its own place, as in self-attention.",
        _reader(see=_causal),
        "readers",
    ),
    _rogue(
        "over-readers",
        "order",
        "The sums of all readers are averaged before they divide.",
        _reader(attend=partial(attended, weigh=_over_readers)),
        "alone",
    ),
    _rogue(
        "one-more",
        "formula",
        "The softmax divides by one more than its sum.",
        _reader(attend=partial(attended, weigh=_one_more)),
        "twice",
    ),
    _rogue("maskless", "dropped-option", "The mask is not read.", _maskless, "padding"),
    _rogue(
        "leaking",
        "mask",
        "Hidden scores have 10,000 taken off, and large ones shine through.",
        _reader(attend=partial(attended, weigh=leaking)),
        "padding",
    ),
)
"""Readers that are wrong."""

CONTROLS: tuple[Control, ...] = tuple(
    _control(*entry)
    for entry in (
        ("by-chunks", "It reads members in two parts and merges them.", _by_chunks),
        ("absorbed", "It brings the queries to the members.", _absorbed),
        ("online", "It reads one member after the other.", _reader(attend=online)),
    )
)
"""Readers that are right."""

__all__ = ["CONTROLS", "ROGUES"]
