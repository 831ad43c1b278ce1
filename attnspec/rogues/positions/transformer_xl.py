"""Terms of the distance that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import Control, Rogue, kind_control, kind_rogue
from attnspec.rogues.layers._attention_forms import softmax, wide


def _encoded(distances: Array, width: int, *, halves: bool = False) -> Array:
    """Return the sinusoidal encoding of distances, in float32."""
    speeds = 10_000.0 ** (-np.arange(0, width, 2) / width)
    angles = distances.astype(np.float32)[:, None] * speeds.astype(np.float32)
    parts = np.sin(angles), np.cos(angles)
    if halves:
        return np.concatenate(parts, -1)
    return np.stack(parts, -1).reshape(len(distances), width)


def _shifted(x: Array) -> Array:
    """Pad a column and read on in rows of another length."""
    heads, queries, keys = x.shape
    wider = np.concatenate([np.zeros_like(x[..., :1]), x], -1)
    return wider.reshape(heads, -1)[:, queries:].reshape(heads, queries, keys)


def _unpadded(x: Array) -> Array:
    """Read on in rows of another length, and forget the pad."""
    heads, queries, keys = x.shape
    rest = np.concatenate([x.reshape(heads, -1), np.zeros_like(x[:, 0])], -1)
    return rest[:, queries - 1 :][:, : queries * keys].reshape(x.shape)


def _rolled(x: Array, more: int = 0) -> Array:
    """Roll each row, so that what leaves on the left comes in on the right."""
    queries = x.shape[1]
    rows = [np.roll(x[:, i], i + 1 - queries - more, -1) for i in range(queries)]
    return np.stack(rows, 1)


def _gathered(x: Array) -> Array:
    """Look each place up, and fill what is not there with zeros."""
    queries, keys = x.shape[1:]
    columns = np.arange(keys) + np.arange(queries)[::-1, None]
    kept = columns < keys
    found = x[:, np.arange(queries)[:, None], np.where(kept, columns, 0)]
    return np.where(kept, found, x.dtype.type(0))


def _to_the_right(x: Array) -> Array:
    """Move rows the other way."""
    return np.stack([np.roll(x[:, i], i, -1) for i in range(x.shape[1])], 1)


def _shown(every: Array, keys: int) -> Array:
    """Take each pair's distance out of all distances, those behind too."""
    queries = every.shape[1]
    columns = np.arange(keys) + np.arange(queries)[::-1, None]
    return np.asarray(every[:, np.arange(queries)[:, None], columns])


def _past(every: Array, keys: int) -> Array:
    """Take the distances up to the query, and shift."""
    return _shifted(every[..., :keys])


def _from_zero(every: Array, keys: int) -> Array:
    """Let the queries stand at their own numbers, whatever was before them."""
    queries, count = every.shape[1:]
    columns = np.arange(keys) + keys - 1 - np.arange(queries)[:, None]
    columns = np.minimum(columns, count - 1)
    return np.asarray(every[:, np.arange(queries)[:, None], columns])


def _both(q: Array, u: Array, v: Array) -> tuple[Array, Array]:
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

    def xl(
        query: Array,
        key: Array,
        value: Array,
        distance_weights: Array,
        content_bias: Array,
        place_bias: Array,
        *,
        bidirectional: bool = False,
    ) -> Array:
        given = query, key, value, distance_weights, content_bias, place_bias
        q, k, v, w, u, b = wide(*given)
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
        return np.asarray(weights @ v).astype(query.dtype)

    return xl


def _causal(
    query: Array,
    key: Array,
    value: Array,
    distance_weights: Array,
    content_bias: Array,
    place_bias: Array,
) -> Array:
    """Shift as the paper does; the mask hides what was moved in."""
    given = query, key, value, distance_weights, content_bias, place_bias
    return np.asarray(_xl(_past)(*given))


def _four_terms(
    query: Array,
    key: Array,
    value: Array,
    distance_weights: Array,
    content_bias: Array,
    place_bias: Array,
    *,
    bidirectional: bool = False,
) -> Array:
    """Add four terms for each pair, one pair after the other."""
    given = query, key, value, distance_weights, content_bias, place_bias
    q, k, v, w, u, b = wide(*given)
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
    return (softmax(scores, scores > -np.inf) @ v).astype(query.dtype)


def _rogue(id: str, sentence: str, function: Any, law: str, **more: Any) -> Rogue:  # noqa: A002 - the field's name
    mistake = more.pop("mistake", "position")
    kind = "relative-shift" if law.startswith("relative-shift") else "transformer-xl"
    return kind_rogue(
        kind, f"{kind}-{id}", mistake, sentence, function, caught_by=law, **more
    )


ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "turned",
        "The distance is key minus query.",
        _xl(sign=-1),
        "transformer-xl-agreement",
    ),
    _rogue(
        "one-bias",
        "The same vector is added to the query for contents and for distances.",
        _xl(add=lambda q, u, _v: (q + u, q + u)),
        "transformer-xl-agreement",
        mistake="formula",
    ),
    _rogue(
        "unscaled",
        "Only the scores of the contents are scaled.",
        _xl(scaled=False),
        "transformer-xl-agreement",
        mistake="formula",
    ),
    _rogue(
        "place-unbiased",
        "Nothing is added to the query for distances.",
        _xl(add=lambda q, u, _v: (q + u, q)),
        "transformer-xl-biases",
        mistake="dropped-option",
    ),
    _rogue(
        "moved-in",
        "What the shift moves in counts where no causal mask hides it.",
        _xl(_past),
        "transformer-xl-rows",
        mistake="tail",
    ),
    _rogue(
        "without-memory",
        "Queries stand at their own numbers, whatever was before them.",
        _xl(_from_zero),
        "transformer-xl-alone",
        mistake="alignment",
    ),
    _rogue(
        "unmoved",
        "The columns stay where they are.",
        np.copy,
        "relative-shift-agreement",
    ),
    _rogue(
        "unpadded",
        "Rows are read on in another length, and nothing was padded before.",
        _unpadded,
        "relative-shift-rows",
        mistake="tail",
    ),
    _rogue(
        "one-more",
        "Every row moves by one column too many.",
        lambda x: _rolled(x, 1),
        "relative-shift-present",
    ),
    _rogue(
        "to-the-right",
        "Later rows move to the right instead of earlier ones to the left.",
        _to_the_right,
        "relative-shift-present",
    ),
)
"""Terms of the distance that are wrong."""

_ALL = ("float32", "float64", "float16", "bfloat16")

CONTROLS: tuple[Control, ...] = (
    kind_control(
        "transformer-xl",
        "transformer-xl-shifted",
        "It shifts as the paper does, and is always causal.",
        _causal,
        dtypes=("float32", "float16", "bfloat16"),
    ),
    kind_control(
        "transformer-xl",
        "transformer-xl-four-terms",
        "It adds four terms for each pair.",
        _four_terms,
        dtypes=("float32", "float16", "bfloat16"),
    ),
    kind_control(
        "transformer-xl",
        "transformer-xl-halves",
        "All sines of a distance come before its cosines.",
        _xl(halves=True),
        dialect={"layout": "halves"},
    ),
    kind_control(
        "relative-shift",
        "relative-shift-gathered",
        "It looks each place up.",
        _gathered,
        dtypes=_ALL,
    ),
    kind_control(
        "relative-shift",
        "relative-shift-padded",
        "It pads a column and reads on in rows of another length, as the paper does.",
        _shifted,
        dtypes=_ALL,
        dialect={"behind": "next_row"},
    ),
    kind_control(
        "relative-shift",
        "relative-shift-rolled",
        "It rolls each row.",
        _rolled,
        dialect={"behind": "own_row"},
    ),
)
"""Terms of the distance that are right."""

__all__ = ["CONTROLS", "ROGUES"]
