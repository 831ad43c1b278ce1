"""Cases with data on which error analysis goes wrong, from a seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from attnspec.judge.law import Dialect
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import dialect_of
from attnspec.numerics.dtypes import numpy_dtype

Array = npt.NDArray[Any]

KINDS = (
    "gauss",
    "spread",
    "peaked",
    "ties",
    "constant",
    "offset_values",
    "cancelling_values",
    "integers",
    "sparse",
    "outlier",
)


def _values(random: np.random.Generator, kind: str, shape: tuple[int, ...]) -> Array:
    """Draw values of one kind."""
    value = random.standard_normal(shape)
    if kind == "offset_values":
        value = 1000.0 + value
    if kind == "cancelling_values" and shape[2]:
        value *= np.where(np.arange(shape[2]) % 2, -100.0, 100.0)[:, None]
    if kind == "integers":
        value = np.rint(2 * value)
    return value


def _keys(random: np.random.Generator, kind: str, shape: tuple[int, ...]) -> Array:
    """Draw keys of one kind."""
    key = random.standard_normal(shape)
    if kind == "spread":
        key *= 10.0 ** random.uniform(-3, 1, shape)
    if kind == "peaked":
        key *= 10.0 ** random.uniform(0, 2)
    if kind == "ties":
        key = np.broadcast_to(key[:, :, :1], shape).copy()
    if kind == "constant":
        key = np.full(shape, random.uniform(-2, 2))
    if kind == "integers":
        key = np.rint(key)
    if kind == "sparse":
        key *= random.random(shape) < 0.2
    if kind == "outlier" and key.size:
        key.flat[random.integers(key.size)] = 30.0
    return key


def _options(
    random: np.random.Generator, batch: int, heads: int, queries: int, keys: int
) -> dict[str, Any]:
    """Draw options, each with a moderate chance."""
    options: dict[str, Any] = {}
    chosen = random.random(7) < 0.3
    if chosen[0]:
        options["causal"] = True
    if chosen[1]:
        options["window"] = (int(random.integers(0, 9)), None)
    if chosen[2]:
        options["softcap"] = float(random.uniform(0.5, 5))
    if chosen[3]:
        options["mask"] = random.random((batch, 1, queries, keys)) < 0.7
    if chosen[4]:
        bias = 3 * random.standard_normal((heads, queries, keys))
        bias[random.random(bias.shape) < 0.1] = -np.inf
        options["bias"] = bias.astype(np.float32)
    if chosen[5]:
        options["sink"] = random.standard_normal(heads).astype(np.float32)
    if chosen[6]:
        options["scale"] = float(random.choice([0.0, -1.0, 0.125, 0.3, 1.0]))
    return options


def problem(seed: int, dtype: str, *, most: int = 40) -> AttentionCase:
    """Return one case; the same seed gives the same case."""
    random = np.random.default_rng(seed)
    kind = KINDS[seed % len(KINDS)]
    key_heads, group, batch = (int(n) for n in random.integers(1, 3, 3))
    queries, keys = (int(n) for n in random.integers(1, most, 2))
    width, value_width = (int(n) for n in random.choice([1, 3, 8, 16, 64], 2))
    heads = key_heads * group
    query = random.standard_normal((batch, heads, queries, width))
    real = numpy_dtype(dtype)
    return AttentionCase.of(
        query=query.astype(real),
        key=_keys(random, kind, (batch, key_heads, keys, width)).astype(real),
        value=_values(random, kind, (batch, key_heads, keys, value_width)).astype(real),
        **_options(random, batch, heads, queries, keys),
    )


def dialect(seed: int) -> Dialect:
    """Return a dialect with one alignment or the other."""
    return dialect_of(alignment="upper_left" if seed % 3 == 0 else "lower_right")


__all__ = ["KINDS", "dialect", "problem"]
