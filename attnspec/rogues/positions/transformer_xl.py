"""Terms of the distance that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import Control, Rogue, makers
from attnspec.rogues.layers._attention_forms import softmax, wide
from attnspec.rogues.positions._padded_shift import padded_shift


def _encoded(distances: Array, width: int, *, halves: bool = False) -> Array:
    """Return the sinusoidal encoding of distances, in float32."""
    speeds = 10_000.0 ** (-np.arange(0, width, 2) / width)
    angles = distances.astype(np.float32)[:, None] * speeds.astype(np.float32)
    parts = np.sin(angles), np.cos(angles)
    if halves:
        return np.concatenate(parts, -1)
    return np.stack(parts, -1).reshape(len(distances), width)


def _shown(every: Array, keys: int) -> Array:
    """Take each pair's distance out of all distances, those behind too."""
    queries = every.shape[1]
    columns = np.arange(keys) + np.arange(queries)[::-1, None]
    return np.asarray(every[:, np.arange(queries)[:, None], columns])


def _past(every: Array, keys: int) -> Array:
    """Take the distances up to the query, and shift."""
    return padded_shift(every[..., :keys])


def _from_zero(every: Array, keys: int) -> Array:
    """Let the queries stand at their own numbers, whatever was before them."""
    queries, count = every.shape[1:]
    columns = np.arange(keys) + keys - 1 - np.arange(queries)[:, None]
    # A distance beyond all that were encoded is taken for the last of them.
    columns = np.minimum(columns, count - 1)
    return np.asarray(every[:, np.arange(queries)[:, None], columns])


def _both(q: Array, u: Array, v: Array) -> tuple[Array, Array]:
    """Add a vector to the query for contents, and one for distances."""
    return q + u, q + v


def _xl(
    term: Callable[[Array, int], Array] = _shown,
    *,
    add: Callable[[Array, Array, Array], tuple[Array, Array]] = _both,
    sign: int = 1,
    scaled: bool = True,
    halves: bool = False,
) -> Callable[..., Array]:
    """Return attention whose term of the distance is made by other means."""

    def xl(*operands: Array, bidirectional: bool = False) -> Array:
        q, k, v, w, u, b = wide(*operands)
        asked, moved = add(q, u[:, None], b[:, None])
        queries, keys = q.shape[1], k.shape[1]
        # From the farthest key on the left to the farthest on the right.
        distances = sign * np.arange(keys - 1, -queries, -1)
        known = _encoded(distances, w.shape[-2], halves=halves).astype(q.dtype) @ w
        factor = q.dtype.type(q.shape[-1] ** -0.5)
        by_distance = term(moved @ known.swapaxes(-1, -2), keys)
        plain = asked @ k.swapaxes(-1, -2) * factor
        seen = np.tri(queries, keys, keys - queries, dtype=bool) | bidirectional
        scores = plain + by_distance * (factor if scaled else 1)
        weights = softmax(scores, seen)
        return np.asarray(weights @ v).astype(operands[0].dtype)

    return xl


_rogue, _control = makers("transformer-xl", usual="position")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "turned",
        "The distance is key minus query.",
        _xl(sign=-1),
        "agreement",
    ),
    _rogue(
        "one-bias",
        "The same vector is added to the query for contents and for distances.",
        _xl(add=lambda q, u, _v: (q + u, q + u)),
        "agreement",
        mistake="formula",
    ),
    _rogue(
        "unscaled",
        "Only the scores of the contents are scaled.",
        _xl(scaled=False),
        "agreement",
        mistake="formula",
    ),
    _rogue(
        "place-unbiased",
        "Nothing is added to the query for distances.",
        _xl(add=lambda q, u, _v: (q + u, q)),
        "biases",
        mistake="dropped-option",
    ),
    _rogue(
        "moved-in",
        "What the shift moves in counts where no causal mask hides it.",
        _xl(_past),
        "rows",
        mistake="tail",
        mimics="OpenTransformer#25",
    ),
    _rogue(
        "without-memory",
        "Queries stand at their own numbers, whatever was before them.",
        _xl(_from_zero),
        "alone",
        mistake="alignment",
    ),
)
"""Terms of the distance that are wrong."""


def _causal(*operands: Array) -> Array:
    """Shift as the paper does; the mask hides what was moved in."""
    return np.asarray(_xl(_past)(*operands))


def _four_terms(*operands: Array, bidirectional: bool = False) -> Array:
    """Add four terms for each pair, one pair after the other."""
    q, k, v, w, u, b = wide(*operands)
    queries, keys = q.shape[1], k.shape[1]
    scores = np.full((len(q), queries, keys), -np.inf, q.dtype)
    for i, j in np.ndindex(queries, keys):
        distance = i + keys - queries - j
        if distance < 0 and not bidirectional:
            continue
        r = _encoded(np.array([distance]), w.shape[-2]).astype(q.dtype)[0] @ w
        terms = (q[:, i] * k[:, j], q[:, i] * r, u * k[:, j], b * r)
        scores[:, i, j] = sum(term.sum(-1) for term in terms)
    scores = scores * q.dtype.type(q.shape[-1] ** -0.5)
    return (softmax(scores, scores > -np.inf) @ v).astype(operands[0].dtype)


CONTROLS: tuple[Control, ...] = (
    _control(
        "shifted",
        "It shifts as the paper does, and is always causal.",
        _causal,
        dtypes=("float32", "float16", "bfloat16"),
    ),
    _control(
        "four-terms",
        "It adds four terms for each pair.",
        _four_terms,
        dtypes=("float32", "float16", "bfloat16"),
    ),
    _control(
        "halves",
        "All sines of a distance come before its cosines.",
        _xl(halves=True),
        dialect={"layout": "halves"},
    ),
)
"""Terms of the distance that are right."""

__all__ = ["CONTROLS", "ROGUES"]
