"""Latent attention that is wrong, and unusual latent attention that is right."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues.layers._attention_forms import Weigh, shown, softmax, wide
from attnspec.rogues.layers._turned_keys import turned
from attnspec.rogues.positions._half_split import half_split


class _Layer(NamedTuple):
    """What a layer works with: vectors, matrices, places."""

    x: Array
    z: Array
    query: Array
    latent: Array
    key: Array
    value: Array
    output: Array
    asking: Array
    telling: Array


def _expanded(by: _Layer) -> tuple[Array, Array, Array]:
    """Make queries, keys and values of every head."""
    c = (by.z @ by.latent)[:, None]
    return by.x[:, None] @ by.query, c @ by.key, c @ by.value


def _absorbed(by: _Layer) -> tuple[Array, Array, Array]:
    """Bring queries to the latents; values are the latents as well."""
    c = (by.z @ by.latent)[:, None]
    return (by.x[:, None] @ by.query) @ by.key.swapaxes(1, 2), c, c


def _merged(by: _Layer) -> tuple[Array, Array, Array]:
    """Bring readers to the latents by one matrix that was made before."""
    c = (by.z @ by.latent)[:, None]
    return by.x[:, None] @ (by.query @ by.key.swapaxes(1, 2)), c, c


def _true_width(by: _Layer) -> int:
    return by.query.shape[2] + by.telling.shape[1]


def _places(readers: int, members: int) -> tuple[Array, Array]:
    return np.arange(readers) + members - readers, np.arange(members)


@dataclasses.dataclass(frozen=True)
class _Attention:
    """Latent attention in one form, with a place for each mistake."""

    form: Callable[[_Layer], tuple[Array, Array, Array]] = _expanded
    width: Callable[[_Layer], int] = _true_width
    places: Callable[[int, int], tuple[Array, Array]] = _places
    change: Callable[[_Layer], _Layer] = lambda by: by
    weigh: Weigh = softmax
    given: bool = True
    halves: bool = False

    def __call__(
        self,
        *operands: Array,
        mask: Array | None = None,
        causal: bool = False,
        scale: float | None = None,
    ) -> Array:
        """Evaluate it."""
        by = self.change(_Layer(*wide(*operands)))
        lengths = by.x.shape[1], by.z.shape[1]
        here, there = self.places(*lengths)
        query, key, value = self.form(by)
        asked = turned(by.x[:, None] @ by.asking, here, halves=self.halves)
        told = turned(by.z @ by.telling, there, halves=self.halves)[:, None]
        scores = query @ key.swapaxes(2, 3) + asked @ told.swapaxes(2, 3)
        factor = self.width(by) ** -0.5 if scale is None or not self.given else scale
        seen = np.broadcast_to(shown(mask, *lengths, causal=causal), scores.shape)
        weights = self.weigh(scores * scores.dtype.type(factor), seen)
        mixed = weights @ value
        output = mixed if self.form is _expanded else mixed @ by.value
        return np.asarray((output @ by.output).sum(1)).astype(operands[0].dtype)


def _base_two(scores: Array, seen: Array) -> Array:
    """Exponentiate to base two without the logarithm that belongs to it."""
    return softmax(scores * scores.dtype.type(np.log(2)), seen)


def _cut(by: _Layer) -> _Layer:
    """Leave out the last entry of a latent that is no multiple of four."""
    latent = by.latent.copy()
    # One entry stays at least, and a width of 8 loses none.
    latent[:, latent.shape[1] // 4 * 4 + 1 :] = 0
    return by._replace(latent=latent)


_MIMICS = {"base-two": "flashinfer#787"}

_rogue, _control = makers("latent", mimics=_MIMICS, right_in=FORMATS)

ROGUES: tuple[Rogue, ...] = tuple(
    _rogue(*entry)
    for entry in (
        (
            "wide-scale",
            "width",
            "The absorbed form takes the scale of the latents' width.",
            _Attention(
                _absorbed, width=lambda by: by.latent.shape[1] + by.telling.shape[1]
            ),
            "scale",
        ),
        (
            "content-scale",
            "width",
            "The scale forgets the rotary entries.",
            _Attention(width=lambda by: by.query.shape[2]),
            "agreement",
        ),
        (
            "scale-ignored",
            "dropped-option",
            "The scale is always the default.",
            _Attention(given=False),
            "absorbed",
        ),
        (
            "base-two",
            "formula",
            "Exponentials have base two, and scores no factor for it.",
            _Attention(_absorbed, weigh=_base_two),
            "agreement",
        ),
        (
            "cut",
            "tail",
            "Entries of a latent after the last whole tile are lost.",
            _Attention(change=_cut),
            "entries",
        ),
        (
            "one-key-matrix",
            "heads",
            "All heads expand their keys by the first head's matrix.",
            _Attention(
                _absorbed,
                change=lambda by: by._replace(key=by.key[:1].repeat(len(by.key), 0)),
            ),
            "agreement",
        ),
        (
            "from-zero",
            "position",
            "Readers count their places from 0, not from where members are.",
            _Attention(places=lambda n, m: (np.arange(n), np.arange(m))),
            "shift",
        ),
        (
            "still-queries",
            "position",
            "Keys are turned and queries are not.",
            _Attention(places=lambda n, m: (np.zeros(n), np.arange(m))),
            "shift",
        ),
        (
            "no-places",
            "position",
            "The rotary part is left out.",
            _Attention(
                _absorbed,
                change=lambda by: by._replace(telling=np.zeros_like(by.telling)),
            ),
            "places",
        ),
    )
)
"""Latent attention that is wrong."""

CONTROLS: tuple[Control, ...] = (
    *(
        _control(*entry)
        for entry in (
            ("expanded", "It expands all keys and values.", _Attention()),
            ("absorbed", "It reads the latents as they are.", _Attention(_absorbed)),
            ("merged", "Two matrices were made one before.", _Attention(_merged)),
        )
    ),
    half_split("latent", _Attention(_absorbed, halves=True)),
)
"""Latent attention that is right."""

__all__ = ["CONTROLS", "ROGUES"]
