"""Biases by distance that are wrong, and unusual ones that are right."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import Control, Rogue, makers


def _formula(heads: int) -> Array:
    """Take one formula for any number of heads."""
    return np.asarray(2.0 ** (-8.0 * np.arange(1, heads + 1) / heads))


def _authors(heads: int) -> list[float]:
    """Return slopes as the authors do: powers of the first, and again for the rest."""
    power = 2 ** math.floor(math.log2(heads))
    # That is 2 to the -8 / power, as the authors write it.
    start = 2.0 ** (-(2.0 ** -(math.log2(power) - 3)))
    slopes = [start**n for n in range(1, power + 1)]
    if power == heads:
        return slopes
    return slopes + _authors(2 * power)[0::2][: heads - power]


Form = Callable[[Array, Array], Array]


def _symmetric(query: Array, key: Array) -> Array:
    return -np.abs(key - query)


def _alibi(
    form: Form = _symmetric,
    *,
    slopes: Callable[[int], Any] = _authors,
    offset: Callable[[int, int], int] = lambda queries, keys: keys - queries,
    rounded: Callable[[Array], Array] = lambda bias: bias,
) -> Callable[..., Array]:
    """Return a bias of another form, with other slopes or places."""

    def alibi(heads: int, queries: int, keys: int) -> Array:
        places = np.arange(queries)[:, None] + offset(queries, keys)
        steps = form(places.astype(np.float32), np.arange(keys, dtype=np.float32))
        by_head = np.asarray(slopes(heads), np.float32)[:, None, None]
        return np.asarray(rounded(by_head * steps))

    return alibi


def _bfloat16(bias: Array) -> Array:
    """Keep the upper half of each float32, rounded to nearest."""
    word = bias.astype(np.float32).view(np.uint32)
    # Half of the last bit that is kept is added before the rest is cut off.
    return ((word + 0x8000) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def _running(heads: int, queries: int, keys: int) -> Array:
    """Take slopes in float32, one product after the other."""
    power = 1 << (heads.bit_length() - 1)
    # Between two slopes of so many heads lies one of twice as many.
    first = np.float32(2.0 ** (-8.0 / power))
    between = np.float32(2.0 ** (-4.0 / power))
    slopes = [first]
    while len(slopes) < power:
        slopes.append(slopes[-1] * first)
    while len(slopes) < heads:
        last = slopes[-1] * between * between if len(slopes) > power else between
        slopes.append(last)
    by_head = np.asarray(slopes, np.float32)[:, None, None]
    places = np.arange(keys - queries, keys, dtype=np.float32)[:, None]
    return -by_head * np.abs(np.arange(keys, dtype=np.float32) - places)


_rogue, _control = makers("alibi", usual="formula")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "ignored",
        "The bias is zero.",
        _alibi(lambda query, key: 0 * (key - query)),
        "agreement",
        mistake="dropped-option",
        mimics="vllm#57614",
    ),
    _rogue(
        "rewards-distance",
        "The bias rises with the distance.",
        _alibi(lambda query, key: np.abs(key - query)),
        "agreement",
    ),
    _rogue(
        "without-cache",
        "Queries stand at their own numbers, whatever was before them.",
        _alibi(offset=lambda _queries, _keys: 0),
        "agreement",
        mistake="alignment",
    ),
    _rogue(
        "bfloat16",
        "The bias is rounded to bfloat16: far keys are all as far.",
        _alibi(rounded=_bfloat16),
        "agreement",
        mistake="precision",
    ),
    _rogue(
        "slopes-from-one",
        "The exponents of the slopes count from 0, so that the first is 1.",
        _alibi(slopes=lambda heads: _formula(heads) * 2.0 ** (8.0 / heads)),
        "slopes",
        mimics="aprender#2143",
    ),
    _rogue(
        "slopes-of-formula",
        "It declares slopes in between, and takes the formula for any number of heads.",
        _alibi(slopes=_formula),
        "slopes",
        mistake="heads",
    ),
    _rogue(
        "slopes-sorted",
        "The slopes of 12 heads are sorted.",
        _alibi(slopes=lambda heads: sorted(_authors(heads), reverse=True)),
        "slopes",
        mistake="heads",
    ),
    _rogue(
        "one-sided",
        "Keys after the query have no bias.",
        _alibi(lambda query, key: np.minimum(key - query, 0)),
        "mirror",
    ),
    _rogue(
        "signed",
        "It declares distances without a sign, and has them with one.",
        _alibi(lambda query, key: key - query),
        "mirror",
    ),
    _rogue(
        "after-the-last-key",
        "It declares distances from the last key, and takes one more.",
        _alibi(lambda query, key: key - len(key) + 0 * query),
        "agreement",
        dialect={"form": "last_key"},
    ),
    _rogue(
        "of-columns",
        "The bias falls with the square of the column.",
        _alibi(lambda query, key: -np.abs(key * key - query * query)),
        "relative",
    ),
)
"""Biases by distance that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control(
        "running-slopes",
        "Each slope is a product of the one before, in float32.",
        _running,
    ),
    _control(
        "signed-upper-left",
        "Distances have a sign, and queries stand at their own numbers.",
        _alibi(lambda query, key: key - query, offset=lambda _queries, _keys: 0),
        dialect={"form": "signed", "alignment": "upper_left"},
    ),
    _control(
        "keys",
        "The bias counts keys and leaves the query out.",
        _alibi(lambda query, key: key + 0 * query),
        dialect={"form": "keys"},
    ),
    _control(
        "last-key",
        "The bias counts keys back from the last one, for every query, as in MPT.",
        _alibi(lambda query, key: key - key[-1] + 0 * query),
        dialect={"form": "last_key"},
    ),
    _control(
        "formula",
        "It takes one formula for any number of heads.",
        _alibi(slopes=_formula),
        dialect={"slopes": "formula"},
    ),
)
"""Biases by distance that are right."""

__all__ = ["CONTROLS", "ROGUES"]
