"""Caches of latents that are wrong, and unusual ones that are right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnspec._typing import Array
from attnspec.rogues._gallery import FORMATS, Control, Rogue, makers
from attnspec.rogues.layers._attention_forms import Function, wide
from attnspec.rogues.layers._turned_keys import turned
from attnspec.rogues.positions._half_split import half_split


def _cache(
    places: Callable[[int], Array] = np.arange,
    *,
    change: Callable[[Array], Array] = lambda members: members,
    keep: Callable[[Array], Array] = lambda latent: latent,
    halves: bool = False,
) -> Function:
    """Return a cache with other places, members or latents."""

    def cache(
        members: Array, latent_weights: Array, rotary_key_weights: Array
    ) -> Array:
        z, down, telling = wide(members, latent_weights, rotary_key_weights)
        z = change(z)
        key = turned(z @ telling, places(z.shape[1]), halves=halves)
        return np.concatenate([keep(z @ down), key], axis=-1).astype(members.dtype)

    return cache


def _one_by_one(
    members: Array, latent_weights: Array, rotary_key_weights: Array
) -> Array:
    """Keep one token after the other, as they are written."""
    z, both = wide(members, np.concatenate([latent_weights, rotary_key_weights], 1))
    width, rows = latent_weights.shape[1], []
    for place in range(z.shape[1]):
        made = z[:, place : place + 1] @ both
        pairs = made[..., width:].reshape(*made.shape[:2], -1, 2)
        powers = np.arange(pairs.shape[2]) / max(1, pairs.shape[2])
        # A rotation is a product with a complex number of length one.
        turn = np.exp(1j * place * 10_000.0**-powers)
        numbers = (pairs[..., 0] + 1j * pairs[..., 1]) * turn
        key = np.stack([numbers.real, numbers.imag], -1).reshape(*made.shape[:2], -1)
        rows.append(np.concatenate([made[..., :width], key], -1))
    return np.concatenate(rows, 1).astype(members.dtype)


def _centered(members: Array) -> Array:
    """Take off the mean of all members."""
    return np.asarray(members - members.mean(1, keepdims=True))


def _normed(latent: Array) -> Array:
    """Normalize latents, as a layer does that comes before."""
    squares = (latent * latent).mean(-1, keepdims=True)
    return np.asarray(latent / np.sqrt(squares + latent.dtype.type(1e-6)))


_rogue, _control = makers("latent-cache", right_in=FORMATS)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "unturned",
        "position",
        "Keys are kept as they are.",
        _cache(np.zeros),
        "agreement",
    ),
    _rogue(
        "keys-first",
        "layout",
        "The key stands before the latent.",
        lambda z, a, b: np.roll(_cache()(z, a, b), b.shape[1], axis=-1),
        "agreement",
    ),
    _rogue(
        "normed",
        "formula",
        "Latents are normalized once more.",
        _cache(keep=_normed),
        "agreement",
    ),
    _rogue(
        "centered",
        "batch",
        "The mean of all members is taken off.",
        _cache(change=_centered),
        "own",
    ),
    _rogue(
        "from-the-end",
        "position",
        "Places are counted from the newest token.",
        _cache(lambda count: np.arange(count)[::-1]),
        "growth",
    ),
)
"""Caches of latents that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control(
        "one-by-one",
        "It keeps one token after the other, keys as complex numbers.",
        _one_by_one,
    ),
    half_split("latent-cache", _cache(halves=True)),
    _control(
        "neighbors-to-halves",
        "It reads pairs of neighbors and keeps halves, as DeepSeek does.",
        lambda z, a, b: _cache(halves=True)(z, a, np.c_[b[:, ::2], b[:, 1::2]]),
        dialect={"pairing": "interleaved_to_halves"},
    ),
)
"""Caches of latents that are right."""

__all__ = ["CONTROLS", "ROGUES"]
