"""Keys by distance that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues.layers._attention_forms import online, softmax, wide

Rows = Callable[[Array, int], Array]


def _clipped(relative: Array, reach: int) -> Array:
    return np.asarray(np.clip(relative, -reach, reach) + reach)


def _relative(queries: int, keys: int, *, first: int | None = None) -> Array:
    """Return key minus query, the last of both together or the first elsewhere."""
    start = keys - queries if first is None else first
    return np.arange(keys) - np.arange(start, start + queries)[:, None]


def _shaw(
    rows: Rows = _clipped,
    *,
    first: int | None = None,
    fading: bool = False,
    scaled: bool = True,
    parts: tuple[int, int] = (1, 1),
) -> Callable[..., Array]:
    """Return attention that finds other vectors for a distance, or drops some."""

    def shaw(*operands: Array, causal: bool = False) -> Array:
        q, k, v, *tables = wide(*operands)
        known = _relative(q.shape[1], k.shape[1], first=first)
        reach = len(tables[0]) // 2
        # A row of zeros in the place of the outermost one, if it fades.
        near = ~(fading & (np.abs(known) > reach))[..., None]
        added = [
            t[rows(known, reach)] * near * p for t, p in zip(tables, parts, strict=True)
        ]
        by_distance = np.einsum("hle,lse->hls", q, added[0])
        factor = q.dtype.type(q.shape[-1] ** -0.5)
        plain = q @ k.swapaxes(-1, -2)
        scores = (plain + by_distance) * factor
        if not scaled:
            scores = plain * factor + by_distance
        weights = softmax(scores, (known <= 0) | (not causal))
        output = weights @ v + np.einsum("hls,lse->hle", weights, added[1])
        return np.asarray(output).astype(operands[0].dtype)

    return shaw


def _materialized(*operands: Array, causal: bool = False) -> Array:
    """Make keys and values of each query, and read one after the other."""
    q, k, v, *tables = wide(*operands)
    relative = _relative(q.shape[1], k.shape[1])
    rows = _clipped(relative, len(tables[0]) // 2)
    keys, values = k[:, None] + tables[0][rows], v[:, None] + tables[1][rows]
    seen = ((relative <= 0) | (not causal))[None, :, None, :]
    output = online(q[:, :, None], keys, values, seen, None)
    return np.asarray(output[:, :, 0]).astype(operands[0].dtype)


def _padded(*operands: Array, causal: bool = False) -> Array:
    """Score all distances at once, and shift; the tables are made longer before."""
    q, k, v, *tables = wide(*operands)
    queries, keys = q.shape[1], k.shape[1]
    reach = len(tables[0]) // 2
    # Every distance that there is; the last query stands at the last key.
    distances = np.arange(-(keys - 1), queries)
    long = [table[_clipped(distances, reach)] for table in tables]
    every = q @ long[0].T
    columns = _relative(queries, keys) + keys - 1
    places = np.broadcast_to(columns, (len(q), queries, keys))
    by_distance = np.take_along_axis(every, places, -1)
    factor = q.dtype.type(q.shape[-1] ** -0.5)
    scores = (q @ k.swapaxes(-1, -2) + by_distance) * factor
    weights = softmax(scores, (columns <= keys - 1) | (not causal))
    spread = np.zeros((*weights.shape[:2], len(distances)), weights.dtype)
    np.put_along_axis(spread, places, weights, -1)
    return (weights @ v + spread @ long[1]).astype(operands[0].dtype)


_rogue, _control = makers("shaw", usual="position")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "keys-only",
        "No vector is added to the values.",
        _shaw(parts=(1, 0)),
        "agreement",
        mistake="dropped-option",
    ),
    _rogue(
        "values-only",
        "No vector is added to the keys.",
        _shaw(parts=(0, 1)),
        "agreement",
        mistake="dropped-option",
    ),
    _rogue(
        "turned",
        "It declares the left first, and reads the tables from the other end.",
        _shaw(lambda relative, reach: _clipped(-relative, reach)),
        "agreement",
    ),
    _rogue(
        "unscaled",
        "Only the scores of the contents are scaled.",
        _shaw(scaled=False),
        "agreement",
        mistake="formula",
    ),
    _rogue(
        "without-cache",
        "Queries stand at their own numbers, whatever was before them.",
        _shaw(first=0),
        "agreement",
        mistake="alignment",
    ),
    _rogue(
        "fading",
        "Distances beyond the tables have no vector.",
        _shaw(fading=True),
        "constant",
        mistake="tail",
    ),
    _rogue(
        "wrapped",
        "Distances beyond the tables start again at their other end.",
        _shaw(lambda relative, reach: (relative + reach) % (2 * reach + 1)),
        "clipped",
        mistake="tail",
    ),
)
"""Keys by distance that are wrong."""


CONTROLS: tuple[Control, ...] = (
    _control(
        "materialized",
        "It makes keys and values of each query, and reads one after the other.",
        _materialized,
        dtypes=FORMATS,
    ),
    _control(
        "all-distances",
        "It scores all distances at once, and sums weights by distance.",
        _padded,
        dtypes=FORMATS,
    ),
    _control(
        "right-first",
        "The tables begin on the right, and queries stand at their own numbers.",
        _shaw(lambda relative, reach: _clipped(-relative, reach), first=0),
        dialect={"rows": "right_first", "alignment": "upper_left"},
    ),
)
"""Keys by distance that are right."""

__all__ = ["CONTROLS", "ROGUES"]
