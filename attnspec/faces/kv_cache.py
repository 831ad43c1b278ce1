"""The faces of caches: objects that keep keys and values, and attend to them."""

from __future__ import annotations

from attnspec.faces._driving import driven
from attnspec.faces._of_objects import ObjectFace
from attnspec.judge.usage import ANY, Argument

_HND_EXAMPLE = """\
# example.py
import numpy as np


class Cache:
    def __init__(self):
        self.keys = self.values = None

    def append(self, key, value):
        if self.keys is not None:
            key = np.concatenate([self.keys, key], axis=2)
            value = np.concatenate([self.values, value], axis=2)
        self.keys, self.values = key.copy(), value.copy()

    def attend(self, query):
        scores = query @ self.keys.swapaxes(2, 3) * query.shape[3] ** -0.5
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        return (weights @ self.values).astype(query.dtype)

    def truncate(self, length):
        self.keys = self.keys[:, :, :length]
        self.values = self.values[:, :, :length]

    def reset(self):
        self.keys = self.values = None
"""

_NHD_EXAMPLE = """\
# example.py
import numpy as np


class Cache:
    def __init__(self, batch, kv_heads, head_dim, capacity, dtype):
        shape = (batch, capacity, kv_heads, head_dim)
        self.k, self.v = np.zeros(shape, dtype), np.zeros(shape, dtype)
        self.length = 0

    def append(self, k, v):
        end = self.length + k.shape[1]
        self.k[:, self.length : end] = k
        self.v[:, self.length : end] = v
        self.length = end

    def attend(self, q):
        k, v = self.k[:, : self.length], self.v[:, : self.length]
        groups = q.shape[2] // k.shape[2]
        k, v = np.repeat(k, groups, axis=2), np.repeat(v, groups, axis=2)
        scores = np.einsum("blhe,bshe->bhls", q, k) * q.shape[3] ** -0.5
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        return np.einsum("bhls,bshe->blhe", weights, v).astype(q.dtype)
"""

_UPDATE_EXAMPLE = """\
# example.py
import numpy as np


class Cache:
    def __init__(self):
        self.pairs = []

    def update(self, key_states, value_states, layer_idx):
        self.pairs.append((key_states.copy(), value_states.copy()))
        keys, values = zip(*self.pairs)
        return np.concatenate(keys, axis=2), np.concatenate(values, axis=2)

    def get_seq_length(self):
        return sum(keys.shape[2] for keys, _ in self.pairs)

    def reset(self):
        self.pairs.clear()
"""


def _operands(tokens: str, *, answers: bool) -> dict[str, Argument]:
    """Return what methods get, axes of heads and tokens in this order."""

    def shape(tokens_of: str, heads: str, width: str) -> str:
        middle = tokens.replace("N", tokens_of).replace("H", heads)
        return f"B {middle} {width}"

    found = {
        "key": Argument(shape("N", "Hkv", "E"), "the keys that are appended", ANY),
        "value": Argument(shape("N", "Hkv", "Ev"), "their values", ANY),
    }
    if answers:
        query = Argument(shape("L", "Hq", "E"), "the queries that are answered", ANY)
        found["query"] = query
    return found


HND = ObjectFace(
    id="kv-cache-hnd",
    title="Cache",
    sentence="An object with append(key, value) and attend(query), in (B, H, N, E).",
    kind="kv-cache",
    operands=_operands("H N", answers=True),
    results={"output": Argument("B Hq L Ev", "the values, weighed", ANY)},
    example=_HND_EXAMPLE,
    drive=driven,
)
"""Heads before tokens."""

NHD = ObjectFace(
    id="kv-cache-nhd",
    title="Cache",
    sentence="The same in (B, N, H, E); it is named, since no name tells it.",
    kind="kv-cache",
    operands=_operands("N H", answers=True),
    results={"output": Argument("B L Hq Ev", "the values, weighed", ANY)},
    example=_NHD_EXAMPLE,
    drive=driven,
    order=(0, 2, 1, 3),
)
"""Tokens before heads."""

UPDATE = ObjectFace(
    id="kv-cache-update",
    title="transformers.DynamicCache",
    sentence="update(key, value) returns all that there is, as in transformers.",
    kind="kv-cache",
    operands=_operands("H N", answers=False),
    results={
        "keys": Argument("B Hkv N E", "all keys, and room for more behind them", ANY),
        "values": Argument("B Hkv N Ev", "all values", ANY),
    },
    example=_UPDATE_EXAMPLE,
    drive=driven,
    answers=False,
)
"""It keeps, and attends not."""

OF_CACHES = (HND, NHD, UPDATE)
"""Every face of caches."""

__all__ = ["HND", "NHD", "OF_CACHES", "UPDATE"]
