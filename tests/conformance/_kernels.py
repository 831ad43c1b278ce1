"""Small kernels, right ones and wrong ones, to try the judge on."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import numpy as np


def right(query: Any, key: Any, value: Any, *, causal: bool = False) -> Any:
    """Return attention, lower right, in float32."""
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(np.float32(query.shape[-1]))
    queries, keys = scores.shape[-2:]
    if causal:
        seen = np.arange(keys) <= np.arange(queries)[:, None] + keys - queries
        scores = np.where(seen, scores, np.float32(-np.inf))
    largest = scores.max(-1, keepdims=True, initial=np.float32(-1e30))
    weights = np.exp(scores - largest)
    total = weights.sum(-1, keepdims=True)
    return weights / np.where(total == 0, np.float32(1), total) @ value


def tail(query: Any, key: Any, value: Any) -> Any:
    """Lose the last key where S = 1 (mod 64)."""
    lost = key.shape[2] > 1 and key.shape[2] % 64 == 1
    kept = slice(0, -1 if lost else None)
    return right(query, key[:, :, kept], value[:, :, kept])


def bf16_scores(query: Any, key: Any, value: Any) -> Any:
    """Store the scores in bfloat16."""
    import ml_dtypes  # noqa: PLC0415 - only this kernel needs it

    scores = query @ key.swapaxes(-1, -2) / np.sqrt(np.float32(query.shape[-1]))
    scores = scores.astype(ml_dtypes.bfloat16).astype(np.float32)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True) @ value


def raises(query: Any, key: Any, value: Any) -> Any:
    """Raise."""
    msg = "no such kernel\nsecond line"
    raise ValueError(msg)


def raises_because(query: Any, key: Any, value: Any) -> Any:
    """Raise an error of many lines that another one has led to."""
    try:
        raises(query, key, value)
    except ValueError as error:
        lines = "\n".join(f"at line {number}" for number in range(9))
        raise RuntimeError(lines) from error


def exits(query: Any, key: Any, value: Any) -> Any:
    """Leave by SystemExit."""
    sys.exit(3)


def returns_none(query: Any, key: Any, value: Any) -> Any:
    """Return nothing."""


def returns_a_row(query: Any, key: Any, value: Any) -> Any:
    """Return another shape."""
    return right(query, key, value)[:, :, :1]


def returns_float64(query: Any, key: Any, value: Any) -> Any:
    """Return another dtype."""
    return right(query, key, value).astype(np.float64)


def mutates(query: Any, key: Any, value: Any) -> Any:
    """Scale the query in place."""
    query *= np.float32(2)
    return right(query / np.float32(2), key, value)


def prints(query: Any, key: Any, value: Any) -> Any:
    """Print rubbish, from Python and below."""
    print("rubbish")
    os.write(1, b"more rubbish\n")
    return right(query, key, value)


def dies(query: Any, key: Any, value: Any) -> Any:
    """End the process where there are five keys or more."""
    if key.shape[2] >= 5:
        os.write(2, b"illegal access\n")
        os._exit(7)
    return right(query, key, value)


def hangs(query: Any, key: Any, value: Any) -> Any:
    """Never return where there are five keys or more."""
    if key.shape[2] >= 5:
        time.sleep(3600)
    return right(query, key, value)


def compiles(query: Any, key: Any, value: Any) -> Any:
    """Take 0.7 s for the first call of a process."""
    if not _COMPILED:
        time.sleep(0.7)
        _COMPILED.append(True)
    return right(query, key, value)


_COMPILED: list[bool] = []


def first_operand(query: Any, key: Any, value: Any) -> Any:
    """Return the query itself."""
    return query


def first_value(query: Any, key: Any, value: Any) -> Any:
    """Return the first value for every query."""
    return np.repeat(value[:, :, :1], query.shape[2], 2)


def floored(query: Any, key: Any, value: Any, *, causal: bool = False) -> Any:
    """Leave a weight of exp(-64) to hidden keys: no choice of an alignment fits."""
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(np.float32(query.shape[-1]))
    if causal:
        seen = np.tril(np.ones(scores.shape[-2:], np.bool_))
        scores = np.where(seen, scores, np.float32(-1e30))
    weights = np.exp(np.maximum(scores - scores.max(-1, keepdims=True), -64))
    return weights / weights.sum(-1, keepdims=True) @ value


def beyond(query: Any, key: Any, value: Any) -> Any:
    """Write one element beyond the key."""
    strided = np.lib.stride_tricks.as_strided
    strided(key, (key.size + 1,), (key.itemsize,))[-1] = 0.0
    return right(query, key, value)


def strides(query: Any, key: Any, value: Any) -> Any:
    """Return the first three strides of the key in place of attention."""
    output = right(query, key, value)
    output.ravel()[:3] = key.strides[:3]
    return output


class Buffered:
    """Return the same buffer from every call of one shape."""

    def __init__(self) -> None:
        """Start without buffers."""
        self._buffers: dict[Any, Any] = {}

    def __call__(self, query: Any, key: Any, value: Any) -> Any:
        """Return attention in a buffer that the next call overwrites."""
        output = right(query, key, value)
        buffer = self._buffers.setdefault(output.shape, output)
        buffer[...] = output
        return buffer


buffered = Buffered()
"""A kernel with one workspace for each shape."""


def writes(query: Any, key: Any, value: Any) -> None:
    """Write into the first argument, the second, or none, as the third one says."""
    if value[0]:
        (query if value[0] == 1 else key)[...] += 1


class Stale:
    """Remember the first mask-free answer of a shape: wrong from the second call on."""

    def __init__(self) -> None:
        """Start without answers."""
        self._answers: dict[Any, Any] = {}

    def __call__(self, query: Any, key: Any, value: Any) -> Any:
        """Return the first answer that was given for this shape."""
        shape = (query.shape, value.shape)
        return self._answers.setdefault(shape, right(query, key, value)).copy()


stale = Stale()
"""A kernel with a cache whose key is too short."""


def threads_of_blas(query: Any, key: Any, value: Any) -> Any:
    """Return how many threads the libraries may use, in every place."""
    import threadpoolctl  # noqa: PLC0415 - only this kernel needs it

    (count, *_) = (found["num_threads"] for found in threadpoolctl.threadpool_info())
    shape = (*query.shape[:3], value.shape[3])
    return np.full(shape, float(count), query.dtype)
