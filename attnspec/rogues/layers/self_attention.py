"""Self-attention that is wrong, and unusual self-attention that is right."""

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
    exchanged,
    leaking,
    one_ahead,
    online,
    root,
    shown,
    softmax,
    wide,
)


def _layer(
    change: Callable[[Array], Array] = lambda x: x,
    *,
    see: Callable[[Array], Array] = lambda seen: seen,
    attend: Function = attended,
) -> Function:
    """Return self-attention that sees other vectors, or mixes otherwise."""

    def layer(
        *operands: Array,
        mask: Array | None = None,
        causal: bool = False,
        scale: float | None = None,
    ) -> Array:
        x, *by = wide(*operands)
        x = change(x)
        seen = see(shown(mask, len(x), len(x), causal=causal))
        output = attend(*(x @ weight for weight in by), seen, scale)
        return np.asarray(output).astype(operands[0].dtype)

    return layer


def _down_the_columns(scores: Array, seen: Array) -> Array:
    # Not infinite: a column may be hidden from every query.
    weights = softmax(np.where(seen, scores, -1e30), np.ones_like(seen), axis=-2)
    return np.where(seen, weights, 0)


def _warmer(
    query: Array, key: Array, value: Array, seen: Array, scale: float | None
) -> Array:
    """Let the scale grow with the logarithm of the place."""
    places = np.arange(1, len(query) + 1, dtype=query.dtype)[:, None]
    return attended(query * (1 + np.log(places)), key, value, seen, scale)


def _not_itself(seen: Array) -> Array:
    """Hide each vector from itself, where it sees another one."""
    others = seen & ~np.eye(len(seen), dtype=bool)
    return np.where(others.any(-1, keepdims=True), others, seen)


def _placed(x: Array) -> Array:
    """Add the place to each vector, which nobody asked for."""
    return np.asarray(x + np.arange(len(x), dtype=x.dtype)[:, None] / 8)


def _maskless(
    *operands: Array,
    mask: Array | None = None,  # noqa: ARG001 - this is the mistake
) -> Array:
    plain = _layer()(*operands)
    return np.asarray(plain)


def _masked_rows(*operands: Array, mask: Array | None = None) -> Array:
    """Apply a mask of members to the readers."""
    if mask is not None and mask.ndim == 1:
        # Each still sees itself, so that no row is empty.
        mask = mask[:, None] | np.eye(len(mask), dtype=bool)
    plain = _layer()(*operands, mask=mask)
    return np.asarray(plain)


class _Remembering:
    """Keeps the matrices of the first call of each shape, as a graph capture does."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], tuple[Array, Array]] = {}

    def __call__(
        self,
        vectors: Array,
        query_weights: Array,
        key_weights: Array,
        value_weights: Array,
    ) -> Array:
        first = query_weights.copy(), key_weights.copy()
        query, key = self._known.setdefault(query_weights.shape, first)
        return np.asarray(_layer()(vectors, query, key, value_weights))


def _by_vector(
    *operands: Array,
    mask: Array | None = None,
    causal: bool = False,
    scale: float | None = None,
) -> Array:
    """Compute one output after the other, from what its query sees."""
    x, ask, answer, pass_on = wide(*operands)
    seen = np.broadcast_to(shown(mask, len(x), len(x), causal=causal), (len(x), len(x)))
    factor = x.dtype.type(root(ask.shape[1], scale))
    outputs = []
    for vector, mine in zip(x, seen, strict=True):
        scores = factor * ((x[mine] @ answer) @ (vector @ ask))
        sizes = np.exp(scores - scores.max())
        outputs.append((sizes @ (x[mine] @ pass_on)) / sizes.sum())
    return np.stack(outputs).astype(operands[0].dtype)


def _in_columns(*operands: Array, causal: bool = False) -> Array:
    """Write vectors as columns, as lectures do."""
    x, ask, answer, pass_on = (a.T for a in wide(*operands))
    query, key, value = ask @ x, answer @ x, pass_on @ x
    scores = key.T @ query * x.dtype.type(root(len(query), None))
    seen = shown(None, x.shape[1], x.shape[1], causal=causal).T
    return np.ascontiguousarray((value @ softmax(scores, seen, axis=0)).T).astype(
        operands[0].dtype
    )


def _bilinear(*operands: Array, scale: float | None = None) -> Array:
    """Make one matrix of two, and average vectors before they become values."""
    x, ask, answer, pass_on = wide(*operands)
    scores = x @ (ask @ answer.T) @ x.T * x.dtype.type(root(ask.shape[1], scale))
    weights = softmax(scores, np.ones(scores.shape, bool))
    return np.asarray((weights @ x) @ pass_on).astype(operands[0].dtype)


_MIMICS = {
    "maskless": "mlx-lm#1906",
    "masked-rows": "hyunwoongko/transformer#40",
    "leaking": "onnxruntime#14363",
}


_rogue, _control = makers("self-attention", mimics=_MIMICS, right_in=FORMATS)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "down-the-columns",
        "formula",
        "The softmax runs over the queries instead of the keys.",
        _layer(attend=partial(attended, weigh=_down_the_columns)),
        "agreement",
    ),
    _rogue(
        "exchanged",
        "formula",
        "Queries and keys have exchanged their matrices.",
        _layer(attend=exchanged),
        "agreement",
    ),
    _rogue(
        "value-scale",
        "width",
        "The scale is that of the values' width.",
        _layer(attend=by_value_width),
        "agreement",
    ),
    _rogue(
        "not-itself",
        "mask",
        "No vector sees itself.",
        _layer(see=_not_itself),
        "mean",
    ),
    _rogue(
        "placed",
        "order",
        "Every vector has its place added to it.",
        _layer(_placed),
        "equivariance",
    ),
    _rogue(
        "warmer",
        "order",
        "The scale grows with the place of the query.",
        _layer(attend=_warmer),
        "equal",
    ),
    _rogue(
        "remembering",
        "state",
        "Matrices of a shape that was seen before are not read again.",
        _Remembering(),
        "layers",
    ),
    _rogue("maskless", "dropped-option", "The mask is not read.", _maskless, "padding"),
    _rogue(
        "masked-rows",
        "mask",
        "A mask of vectors hides queries instead of keys.",
        _masked_rows,
        "padding",
    ),
    _rogue(
        "leaking",
        "mask",
        "Hidden scores have 10,000 taken off, and large ones shine through.",
        _layer(attend=partial(attended, weigh=leaking)),
        "padding",
    ),
    _rogue(
        "one-ahead",
        "alignment",
        "Every vector sees the next one.",
        _layer(see=one_ahead),
        "causal",
    ),
)
"""Self-attention that is wrong."""

CONTROLS: tuple[Control, ...] = tuple(
    _control(*entry)
    for entry in (
        ("by-vector", "It computes one output after the other.", _by_vector),
        ("in-columns", "Its vectors are columns.", _in_columns),
        ("bilinear", "It makes one matrix of those of queries and keys.", _bilinear),
        (
            "online",
            "It reads one key after the other with a running maximum.",
            _layer(attend=online),
        ),
    )
)
"""Self-attention that is right."""

__all__ = ["CONTROLS", "ROGUES"]
