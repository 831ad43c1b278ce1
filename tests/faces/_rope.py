"""Functions with the faces of rotary positions: right ones and wrong ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def _halves(x: Array) -> tuple[Array, Array]:
    half = x.shape[-1] // 2
    return x[..., :half], x[..., half:]


def by_ids(x: Array, position_ids: Array, *, base: float = 10_000.0) -> Array:
    """Turn halves by the ids of each sequence."""
    half = x.shape[-1] // 2
    work: Any = np.float64 if x.dtype == np.float64 else np.float32
    frequencies = work(base) ** (-np.arange(half, dtype=work) / work(half))
    angles = position_ids[:, None, :, None].astype(work) * frequencies
    cosine, sine = np.cos(angles), np.sin(angles)
    one, two = _halves(x.astype(work))
    turned = one * cosine - two * sine, two * cosine + one * sine
    return np.concatenate(turned, -1).astype(x.dtype)


def first_ids(x: Array, position_ids: Array, *, base: float = 10_000.0) -> Array:
    """Turn all sequences by the ids of the first."""
    return by_ids(x, position_ids[:1], base=base)


def apply_rotary_emb(
    x: Array, cos: Array, sin: Array, interleaved: bool = False, inplace: bool = False
) -> Array:
    """Turn (B, L, H, E) by a cosine and a sine for each pair, as flash-attn does."""
    assert not interleaved
    assert not inplace
    pairs = cos.shape[-1]
    cosine, sine = cos[:, None], sin[:, None]
    one, two = x[..., :pairs], x[..., pairs : 2 * pairs]
    turned = one * cosine - two * sine, two * cosine + one * sine
    return np.concatenate([*turned, x[..., 2 * pairs :]], -1)


def rest_lost(x: Array, cos: Array, sin: Array) -> Array:
    """Forget the entries that do not turn."""
    found = apply_rotary_emb(x, cos, sin)
    found[..., 2 * cos.shape[-1] :] = 0
    return found


def apply_rotary_pos_emb(
    q: Array, k: Array, cos: Array, sin: Array, unsqueeze_dim: int = 1
) -> tuple[Array, Array]:
    """Turn queries and keys by cosines and sines of each entry, as Llama does."""
    cosine, sine = (np.expand_dims(table, unsqueeze_dim) for table in (cos, sin))

    def turned(x: Array) -> Array:
        one, two = _halves(x)
        return x * cosine + np.concatenate([-two, one], -1) * sine

    return turned(q), turned(k)


def keys_unturned(q: Array, k: Array, cos: Array, sin: Array) -> tuple[Array, Array]:
    """Leave the keys where they are."""
    return apply_rotary_pos_emb(q, k, cos, sin)[0], k
