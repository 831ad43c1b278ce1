"""Forms of relevance that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import Control, Rogue, kind_control, kind_rogue

_DTYPES = ("float32", "float64", "float16", "bfloat16")


def _up(*arrays: Array) -> tuple[Any, ...]:
    """Return arrays in the format that is computed in, float32 at least."""
    wide = all(array.dtype == np.float64 for array in arrays)
    return tuple(a.astype(np.float64 if wide else np.float32) for a in arrays)


def _t(array: Array) -> Array:
    return array.swapaxes(-1, -2)


def _bilinear(
    change: Callable[[Any, Any, Any], Array],
) -> Callable[[Array, Array, Array], Array]:
    """Return a bilinear score with a formula of its own."""

    def bilinear(query: Array, key: Array, weight: Array) -> Array:
        return change(*_up(query, key, weight)).astype(query.dtype)

    return bilinear


def _additive(change: Callable[..., Array]) -> Callable[..., Array]:
    """Return an additive score whose sum of projections is bent otherwise."""

    def additive(
        query: Array, key: Array, query_weight: Array, key_weight: Array, vector: Array
    ) -> Array:
        q, k, wq, wk, v = _up(query, key, query_weight, key_weight, vector)
        hidden = change((q @ wq)[..., :, None, :], (k @ wk)[..., None, :, :])
        return np.asarray(hidden @ v).astype(query.dtype)

    return additive


def _cosine(
    norm: Callable[[Any], Array], key_norm: Callable[[Any], Array] | None = None
) -> Callable[[Array, Array], Array]:
    """Return a cosine with other lengths."""

    def cosine(query: Array, key: Array) -> Array:
        q, k = _up(query, key)
        with np.errstate(all="ignore"):
            scores = (q / norm(q)) @ _t(k / (key_norm or norm)(k))
        return np.asarray(scores).astype(query.dtype)

    return cosine


def _length(x: Array) -> Array:
    """Return the length, or 1 of a vector of zeros."""
    found = np.sqrt((x * x).sum(-1, keepdims=True))
    return np.where(found == 0, 1, found).astype(x.dtype)


def _sum_of_sizes(x: Array) -> Array:
    found = np.abs(x).sum(-1, keepdims=True)
    return np.where(found == 0, 1, found).astype(x.dtype)


def _root_mean_square(x: Array) -> Array:
    return np.asarray(_length(x) * x.dtype.type(x.shape[-1] ** -0.5))


def _unguarded(x: Array) -> Array:
    return np.sqrt((x * x).sum(-1, keepdims=True))


def _clamped(x: Array) -> Array:
    """Take a length of 1e-8 at least, as torch.nn.functional.cosine_similarity."""
    return np.maximum(_unguarded(x), x.dtype.type(1e-8))


def _key_mean_lost(query: Array, key: Array) -> Array:
    """Subtract the mean of all keys from each."""
    wide = key.astype(np.float32)
    moved = (wide - wide.mean(-2, keepdims=True)).astype(key.dtype)
    return np.asarray(_cosine(_length)(query, moved))


def _coarse(array: Array) -> Array:
    """Keep eight bits of each number."""
    bits = array.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
    return bits.view(np.float32)


def _transposed_vector(q: Array, k: Array) -> Array:
    """Give the last entry of the vector to the first hidden one, and so on."""
    return np.tanh(q + k)[..., ::-1]


def _rogue(id: str, sentence: str, function: Any, law: str) -> Rogue:  # noqa: A002 - the field's name
    kind = id.split("-", maxsplit=1)[0]
    return kind_rogue(
        *(kind, id, "formula", sentence, function), caught_by=f"{kind}-{law}"
    )


ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "bilinear-coarse",
        "The matrix is kept in bfloat16.",
        _bilinear(lambda q, k, w: q @ _coarse(w) @ _t(k)),
        "agreement",
    ),
    _rogue(
        "bilinear-scaled",
        "The scores are divided by the root of the width.",
        _bilinear(lambda q, k, w: q @ w @ _t(k) * q.shape[-1] ** -0.5),
        "identity",
    ),
    _rogue(
        "bilinear-directions",
        "Queries are brought to length one.",
        _bilinear(lambda q, k, w: (q / _length(q)) @ w @ _t(k)),
        "linear",
    ),
    _rogue(
        "bilinear-one-sided",
        "The mean of the keys is subtracted.",
        _bilinear(lambda q, k, w: q @ w @ _t(k - k.mean(-2, keepdims=True))),
        "transposed",
    ),
    _rogue(
        "additive-reversed",
        "The vector meets the hidden entries in the other order.",
        _additive(_transposed_vector),
        "agreement",
    ),
    _rogue(
        "additive-straight",
        "The sum of the projections is not bent.",
        _additive(lambda q, k: q + k),
        "bounded",
    ),
    _rogue(
        "additive-logistic",
        "The logistic function takes the place of the tangent.",
        _additive(lambda q, k: 0.5 + 0.5 * np.tanh(0.5 * (q + k))),
        "odd",
    ),
    _rogue(
        "additive-bent-early",
        "The query's projection alone is bent.",
        _additive(lambda q, k: np.tanh(q) + k),
        "swapped",
    ),
    _rogue(
        "cosine-root-mean-square",
        "The root of the mean square takes the place of the length.",
        _cosine(_root_mean_square),
        "range",
    ),
    _rogue(
        "cosine-epsilon",
        "A thousandth is added to the lengths.",
        _cosine(lambda x: _length(x) + x.dtype.type(1e-3)),
        "agreement",
    ),
    _rogue(
        "cosine-query-alone",
        "Keys are not brought to length one.",
        _cosine(_length, lambda x: np.ones_like(x[..., :1])),
        "length",
    ),
    _rogue(
        "cosine-sum-of-sizes",
        "The sum of the absolute entries takes the place of the length.",
        _cosine(_sum_of_sizes),
        "self",
    ),
    _rogue(
        "cosine-keys-centered",
        "The mean of the keys is subtracted.",
        _key_mean_lost,
        "symmetric",
    ),
    _rogue(
        "cosine-unguarded",
        "It declares 0 for a vector of zeros, and divides by its length.",
        _cosine(_unguarded),
        "zero",
    ),
)
"""Forms of relevance that are wrong."""


def _concatenated(
    query: Array, key: Array, query_weight: Array, key_weight: Array, vector: Array
) -> Array:
    """Multiply both, one behind the other, by one matrix."""
    q, k, wq, wk, v = _up(query, key, query_weight, key_weight, vector)
    grid = (*q.shape[:-1], k.shape[-2])
    wide = np.broadcast_to(q[..., :, None, :], (*grid, q.shape[-1]))
    deep = np.broadcast_to(k[..., None, :, :], (*grid, k.shape[-1]))
    both = np.concatenate([wide, deep], -1) @ np.concatenate([wq, wk])
    return np.asarray(np.tanh(both) @ v).astype(query.dtype)


def _from_exponentials(q: Array, k: Array) -> Array:
    """Make the tangent of e^(2 x) - 1; beyond 20 it is 1 in every format."""
    power = np.expm1(2 * np.clip(q + k, -20, 20))
    return np.asarray(power / (power + 2))


def _divided_last(query: Array, key: Array) -> Array:
    """Divide the dot product by the product of both lengths."""
    q, k = _up(query, key)
    lengths = _unguarded(q) * _t(_unguarded(k))
    scores = np.where(lengths > 0, q @ _t(k), 0) / np.where(lengths > 0, lengths, 1)
    return np.asarray(scores).astype(query.dtype)


def _control(id: str, sentence: str, function: Any, **fields: Any) -> Control:  # noqa: A002 - the field's name
    kind = id.split("-", maxsplit=1)[0]
    return kind_control(kind, id, sentence, function, dtypes=_DTYPES, **fields)


CONTROLS: tuple[Control, ...] = (
    _control(
        "bilinear-keys-first",
        "It multiplies matrix and keys first.",
        _bilinear(lambda q, k, w: q @ (w @ _t(k))),
    ),
    _control(
        "bilinear-all-at-once",
        "It sums over both widths at once.",
        _bilinear(lambda q, k, w: np.einsum("...le,ef,...sf->...ls", q, w, k)),
    ),
    _control(
        "additive-concatenated",
        "It has one matrix for query and key.",
        _concatenated,
    ),
    _control(
        "additive-exponentials",
        "It makes the tangent of an exponential.",
        _additive(_from_exponentials),
    ),
    _control(
        "cosine-divided-last",
        "It divides the dot product by both lengths.",
        _divided_last,
    ),
    _control(
        "cosine-clamped",
        "It takes no length for less than a hundred-millionth.",
        _cosine(_clamped),
    ),
    _control(
        "cosine-no-direction",
        "A vector of zeros has no score.",
        _cosine(_unguarded),
        dialect={"zero_vector": "nan"},
    ),
)
"""Forms of relevance that are right."""

__all__ = ["CONTROLS", "ROGUES"]
