"""The faces of rotary positions: by the ids of a batch, and by cosines and sines."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.faces._of_kind import KindFace, Said
from attnspec.judge.usage import COUNT, Argument
from attnspec.kinds.positions._places import BASE
from attnspec.numerics.operations import WITH_TABLES

_X = Argument("B H L E", "queries or keys", known_as=("q", "k"))
_TABLES = {dtype: WITH_TABLES[f"tables-{dtype}"] for dtype in ("float16", "bfloat16")}


def _angles(positions: Array, width: int, base: float) -> Array:
    """Return the angle of each pair of entries at each position."""
    frequencies = base ** (-np.arange(0, width, 2) / width)
    return np.asarray(positions[..., None] * frequencies)


def _by_ids(x: Array, positions: Array) -> tuple[Any, ...]:
    """Give a position to each row of each sequence."""
    return x, np.broadcast_to(positions, (len(x), x.shape[2])).copy()


def _by_tables(
    x: Array, positions: Array, *, base: float = BASE, width: int | None = None
) -> tuple[Any, ...]:
    """Give the cosine and the sine of each pair, in the format of the vectors."""
    angles = _angles(positions, width or x.shape[-1], base)
    tables = (np.cos(angles).astype(x.dtype), np.sin(angles).astype(x.dtype))
    return x.swapaxes(1, 2), *tables


def _of_both(x: Array, positions: Array, *, base: float = BASE) -> tuple[Any, ...]:
    """Give cosines and sines of both halves, and the vectors as queries and keys."""
    rows = np.broadcast_to(positions, (len(x), x.shape[2]))
    angles = np.concatenate([_angles(rows, x.shape[-1], base)] * 2, axis=-1)
    return x, x.copy(), np.cos(angles).astype(x.dtype), np.sin(angles).astype(x.dtype)


def _length_second(returned: Any, _said: Said, _placed: tuple[Any, ...]) -> Any:
    """Bring the heads of what came back before the length."""
    is_array = isinstance(returned, np.ndarray) and returned.ndim == 4
    return returned.swapaxes(1, 2) if is_array else returned


def _from_both(returned: Any, _said: Said, _placed: tuple[Any, ...]) -> Any:
    """Read every other head from the keys, so that both are judged."""
    is_pair = isinstance(returned, tuple | list) and len(returned) == 2
    if not is_pair or not all(isinstance(part, np.ndarray) for part in returned):
        return returned
    queries, keys = returned
    if queries.shape != keys.shape or queries.ndim != 4:
        return returned
    odd = np.arange(queries.shape[1])[:, None, None] % 2 == 1
    return np.where(odd, keys, queries)


_IDS_EXAMPLE = """\
# example.py
import numpy as np


def rope(x, position_ids):
    half = x.shape[-1] // 2
    frequencies = 10_000.0 ** (-np.arange(half) / half)
    angles = position_ids[:, None, :, None] * frequencies
    turned = (x[..., :half] + 1j * x[..., half:]) * np.exp(1j * angles)
    return np.concatenate([turned.real, turned.imag], axis=-1).astype(x.dtype)
"""
_TABLES_EXAMPLE = """\
# example.py
import numpy as np


def apply_rotary_emb(x, cos, sin):
    pairs = cos.shape[-1]
    one, two, rest = np.split(x, [pairs, 2 * pairs], axis=-1)
    cos, sin = cos[:, None], sin[:, None]
    turned = [one * cos - two * sin, two * cos + one * sin]
    return np.concatenate([*turned, rest], axis=-1)
"""
_BOTH_EXAMPLE = """\
# example.py
import numpy as np


def apply_rotary_pos_emb(q, k, cos, sin):
    def turned(x):
        one, two = np.split(x, 2, axis=-1)
        exchanged = np.concatenate([-two, one], axis=-1)
        return x * cos[:, None] + exchanged * sin[:, None]

    return turned(q), turned(k)
"""

ROPE_IDS = KindFace(
    id="rope-ids",
    title="rope",
    sentence="Positions are ids of each sequence of a batch.",
    kind="rope",
    operands={
        "x": _X,
        "position_ids": Argument("B L", "where each row stands", COUNT, "int64"),
    },
    results={"output": Argument("B H L E", "the vectors, turned")},
    given=_by_ids,
    example=_IDS_EXAMPLE,
    claims=("position_ids",),
)
"""By the ids of a batch."""

ROPE_TABLES = KindFace(
    id="rope-tables",
    title="flash_attn.layers.rotary.apply_rotary_emb",
    sentence="Cosines and sines of each pair are given, and length is before heads.",
    kind="rope",
    operands={
        "x": Argument("B L H E", "queries or keys", known_as=("q", "k")),
        "cos": Argument("L R", "the cosine of each of R pairs", known_as=("cosine",)),
        "sin": Argument("L R", "the sine of each of R pairs", known_as=("sine",)),
    },
    results={"output": Argument("B L H E", "the vectors, turned")},
    given=_by_tables,
    example=_TABLES_EXAMPLE,
    read=_length_second,
    says=("base", "width"),
    order=(0, 2, 1, 3),
    arrays="torch",
    models=_TABLES,
)
"""By a cosine and a sine for each pair."""

ROPE_BOTH = KindFace(
    id="rope-both",
    title="transformers.models.llama.modeling_llama.apply_rotary_pos_emb",
    sentence="Queries and keys are turned at once, by cosines and sines of each entry.",
    kind="rope",
    operands={
        "q": Argument("B H L E", "queries", known_as=("query", "xq")),
        "k": Argument("B H L E", "keys", known_as=("key", "xk")),
        "cos": Argument("B L E", "the cosine of each entry", known_as=("cosine",)),
        "sin": Argument("B L E", "the sine of each entry", known_as=("sine",)),
    },
    results={
        "queries": Argument("B H L E", "the queries, turned"),
        "keys": Argument("B H L E", "the keys, turned"),
    },
    given=_of_both,
    example=_BOTH_EXAMPLE,
    read=_from_both,
    says=("base",),
    claims=("position_ids",),
    arrays="torch",
    models=_TABLES,
)
"""Of queries and keys at once."""

__all__ = ["ROPE_BOTH", "ROPE_IDS", "ROPE_TABLES"]
