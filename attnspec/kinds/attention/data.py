"""The data of a case: one function for each kind of scores, values, mask, bias, sink.

The kinds are stressors that were measured to reveal faults that standard normal
data hide: large offsets (a missing maximum subtraction), peaked rows (a wrong
rescale), ties, ascending scores (every tile raises the maximum), exact probes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from attnspec.judge.bits import bits, integers, normals, uniforms
from attnspec.judge.recipe import Recipe
from attnspec.kinds.attention.options import HIDING_BIASES
from attnspec.reference import alibi_slopes

F64 = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Shape = tuple[int, ...]


def _query_shape(r: Recipe) -> Shape:
    return (r["batch"], r["query_heads"], r["queries"], r["width"])


def _key_shape(r: Recipe) -> Shape:
    return (r["batch"], r["key_heads"], r["keys"], r["width"])


def _factor(r: Recipe) -> float:
    """Return the factor that the kernel will put on a dot product, never zero."""
    return r["width"] ** -0.5 if not r["scale"] else abs(r["scale"])


def _pair(r: Recipe) -> tuple[F64, F64]:
    """Scores of standard deviation about 1, what most tests draw."""
    query = normals(r.seed, "query", _query_shape(r))
    return query, normals(r.seed, "key", _key_shape(r))


def _uniform(r: Recipe) -> tuple[F64, F64]:
    """All scores are 0: the weights are exactly equal."""
    return np.zeros(_query_shape(r)), normals(r.seed, "key", _key_shape(r))


def _integers(r: Recipe) -> tuple[F64, F64]:
    """Small integers: exact dot products that a person can follow."""
    query = integers(r.seed, "query", _query_shape(r), -2, 2)
    key = integers(r.seed, "key", _key_shape(r), -2, 2)
    return query.astype(np.float64), key.astype(np.float64)


def _ties(r: Recipe) -> tuple[F64, F64]:
    """Few different keys: many equal scores, whose errors add coherently."""
    query, key = _pair(r)
    pick = integers(r.seed, "pick", _key_shape(r)[:3], 0, 1)[..., None]
    first = key[:, :, :1]
    return query, np.where(pick == 1, first, -0.7 * first)


def _spread(r: Recipe) -> tuple[F64, F64]:
    """Scores of standard deviation about 3."""
    query, key = _pair(r)
    return 3.0 * query, key


def _peaked(r: Recipe) -> tuple[F64, F64]:
    """Each query points at one key, often at the edge of what it may see."""
    query, key = _pair(r)
    if not r["keys"] or not r["width"]:
        return query, key
    aim = _aim(r)
    shared = max(1, r["query_heads"] // max(1, r["key_heads"]))
    group = np.arange(r["query_heads"]) // shared
    batch = np.arange(r["batch"])[:, None, None]
    target = key[batch, group[None, :, None], aim]
    norm = np.maximum((target**2).sum(-1, keepdims=True), 0.25)
    height = 4.0 + 8.0 * uniforms(r.seed, "height", (*_query_shape(r)[:3], 1))
    sign = -1.0 if r["scale"] is not None and r["scale"] < 0 else 1.0
    return sign * target * (height / norm / _factor(r)) + 0.1 * query, key


def _aim(r: Recipe) -> npt.NDArray[np.int64]:
    """Return a key index for each query: mask edges, tile edges, the last key."""
    i = np.arange(r["queries"])
    left, right = r["window"] or (None, None)
    lower = i + r["keys"] - r["queries"]
    edges = [i, i + 1, lower, lower + 1, i * 0 + r["keys"] - 1]
    edges += [i * 0, i * 0 + 63, i + 64]
    edges += [e - left for e in (i, lower) if left is not None]
    edges += [e - left - 1 for e in (i, lower) if left is not None]
    edges += [e + right + 1 for e in (i, lower) if right is not None]
    table = np.clip(np.stack(edges), 0, max(0, r["keys"] - 1))
    choice = integers(r.seed, "aim", _query_shape(r)[:3], 0, len(edges) - 1)
    return np.asarray(table[choice, i])


def _offset(r: Recipe, sign: float, distance: float = 100.0) -> tuple[F64, F64]:
    """Return a pair whose scores all lie near sign * distance."""
    query, key = _pair(r)
    if r["width"]:
        height = (distance / _factor(r)) ** 0.5
        query[..., 0] = height
        negative = r["scale"] is not None and r["scale"] < 0
        key[..., 0] = height * (-sign if negative else sign) + 0.2 * key[..., 0]
    return query, key


def _ascending(r: Recipe) -> tuple[F64, F64]:
    """Each key scores higher than the one before: the maximum rises in every tile."""
    query, key = _pair(r)
    if r["width"]:
        query[..., 0] = 1.0
        step = 0.125 / _factor(r)
        key[..., 0] = step * (np.arange(r["keys"]) - r["keys"] / 2)
    return query, 0.3 * key + 0.7 * key * (np.arange(r["width"]) == 0)


def _gather(r: Recipe) -> tuple[F64, F64]:
    """Keys are codes of +-1, a query is one code times a power of two.

    A query beats every other key by more than 120 nats where the codes differ, in
    float64 by more than 800: a weight that far down is 0.
    """
    code = np.arange(r["keys"])[:, None] >> np.minimum(np.arange(r["width"]), 62) & 1
    key = np.broadcast_to(2.0 * code - 1.0, _key_shape(r)).copy()
    if not r["keys"] or not r["width"]:
        return np.zeros(_query_shape(r)), key
    height = 512.0 if r.dtype == "float64" else 64.0
    amplitude = 2.0 ** np.ceil(np.log2(height / _factor(r)))
    sign = -1.0 if r["scale"] is not None and r["scale"] < 0 else 1.0
    return sign * amplitude * key[0, 0][_aim(r)], key


SCORE_KINDS: dict[str, Callable[[Recipe], tuple[F64, F64]]] = {
    "normal": _pair,
    "uniform": _uniform,
    "integers": _integers,
    "ties": _ties,
    "spread": _spread,
    "peaked": _peaked,
    # The exponential overflows unless the maximum is subtracted.
    "offset_up": lambda recipe: _offset(recipe, 1.0),
    # A mask filled with a finite number shows through.
    "offset_down": lambda recipe: _offset(recipe, -1.0),
    # Lower than the -10,000 that stands for hidden.
    "far_down": lambda recipe: _offset(recipe, -1.0, 60_000.0),
    "ascending": _ascending,
    "gather": _gather,
}


def value(r: Recipe) -> F64:
    """Return the values of this recipe's kind."""
    shape = (r["batch"], r["key_heads"], r["keys"], r["value_width"])
    noise = normals(r.seed, "value", shape)
    if r["values"] == "integers":
        return integers(r.seed, "value", shape, -8, 8).astype(np.float64)
    if r["values"] == "one_hot":
        hot = np.arange(r["keys"])[:, None] % max(1, r["value_width"])
        return np.broadcast_to(hot == np.arange(r["value_width"]), shape) * 1.0
    if r["values"] == "offset":
        return 100.0 + noise
    if r["values"] == "cancelling":
        return noise * np.where(np.arange(r["keys"]) % 2, 30.0, -30.0)[:, None]
    if r["values"] == "constant":
        return np.broadcast_to(noise[:, :, :1], shape).copy()
    return noise


def _reach(r: Recipe, axes: str) -> tuple[Shape, npt.NDArray[np.int64]]:
    """Return the shape for these axes, at least two, and a column of query indices."""
    lengths = {"B": r["batch"], "H": r["query_heads"], "L": r["queries"]}
    lengths |= {"S": r["keys"], "1": 1}
    shape = tuple(lengths[axis] for axis in axes.rjust(2, "1"))
    return shape, np.arange(shape[-2])[:, None]


def mask(r: Recipe, kind: str, axes: str, label: str = "mask") -> Booleans:
    """Return a boolean mask of this kind on these axes; True attends."""
    shape, i = _reach(r, axes)
    j = np.arange(shape[-1])
    own = (j == i) | (j == i + r["keys"] - r["queries"])
    if "L" not in axes:
        own = (j == 0) | (j == r["keys"] - 1)
    draw = bits(r.seed, label, shape)
    count = integers(
        r.seed, label + "/count", (*shape[:-2], 1, 1), 1, max(1, r["keys"])
    )
    hidden_row = bits(r.seed, label + "/row", (*shape[:-1], 1)) % np.uint64(3) == 0
    kinds: dict[str, Callable[[], npt.NDArray[np.bool_]]] = {
        "all": lambda: np.ones(shape, np.bool_),
        "holes": lambda: own | (draw % np.uint64(4) != 0),
        "sparse": lambda: own | (draw % np.uint64(8) == 0),
        "padding": lambda: j < count,
        "left_padding": lambda: j >= count - 1,
        "prefix_hidden": lambda: j >= min(r["keys"] - 1, max(1, r["keys"] // 2)),
        "one_key": lambda: j == (i + 3 * count) % max(1, r["keys"]),
        "empty_rows": lambda: (own | (draw % np.uint64(4) != 0)) & ~hidden_row,
        "none": lambda: np.zeros(shape, np.bool_),
    }
    return np.broadcast_to(kinds[kind](), shape).reshape(shape[-len(axes) :]).copy()


def bias(r: Recipe, kind: str, axes: str) -> F64:
    """Return an additive bias of this kind on these axes."""
    shape, i = _reach(r, axes)
    return _bias(r, kind, axes, shape, i).reshape(shape[-len(axes) :])


def _bias(
    r: Recipe, kind: str, axes: str, shape: Shape, i: npt.NDArray[np.int64]
) -> F64:
    """Return a bias of at least two axes."""
    noise = 2.0 * normals(r.seed, "bias", shape)
    if kind == "distance":
        heads = np.arange(shape[-3])[:, None, None] if len(shape) > 2 else 0
        distance = np.abs(i + r["keys"] - r["queries"] - np.arange(shape[-1]))
        return np.broadcast_to(-distance * 2.0 ** (-1.0 - heads), shape).copy()
    if kind == "row_offset":
        row = integers(r.seed, "bias/row", (*shape[:-1], 1), -1, 1)
        return noise + 100.0 * row
    if kind in HIDING_BIASES:
        noise[~mask(r, kind, axes, "bias").reshape(shape)] = -np.inf
    return noise


def sink(r: Recipe, kind: str | float) -> F64:
    """Return the sink of each query head."""
    if not isinstance(kind, str):
        return np.full(r["query_heads"], float(kind))
    noise = normals(r.seed, "sink", (r["query_heads"],))
    offset = {"normal": 0.0, "large": 15.0, "small": -15.0}
    if kind == "minus_infinity":
        return np.full(r["query_heads"], -np.inf)
    return noise + offset[kind]


def slopes(r: Recipe, kind: str) -> F64:
    """Return the slope of each query head, or of each in each batch element."""
    heads = r["query_heads"]
    if kind == "powers":
        return np.asarray(alibi_slopes(heads)) if heads else np.zeros(0)
    shape = (r["batch"], heads) if kind == "batch" else (heads,)
    steps = integers(r.seed, "slopes", shape, 1, 64) / 64.0
    return steps * (kind != "zero")


__all__ = ["SCORE_KINDS", "bias", "mask", "sink", "slopes", "value"]
