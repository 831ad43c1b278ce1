"""The matrices of latent attention, and what must hold of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from attnspec.reference._shapes import check_shapes


class LatentProjections(NamedTuple):
    """The matrices of latent attention; a rotary width R of 0 has no rotary part.

    Parameters
    ----------
    query : (Hq, D, E) array
    latent : (F, C) array
        Makes of each member its latent, for all heads.
    key : (Hq, C, E) array
        Expands a latent to the key of each head.
    value : (Hq, C, Ev) array
        Expands a latent to the value of each head.
    output : (Hq, Ev, Dout) array
    rotary_query : (Hq, D, R) array
        R is even.
    rotary_key : (F, R) array
        One for all heads.
    """

    query: Float[np.ndarray, "Hq D E"]
    latent: Float[np.ndarray, "F C"]
    key: Float[np.ndarray, "Hq C E"]
    value: Float[np.ndarray, "Hq C Ev"]
    output: Float[np.ndarray, "Hq Ev Dout"]
    rotary_query: Float[np.ndarray, "Hq D R"]
    rotary_key: Float[np.ndarray, "F R"]


def check_matrices(projections: LatentProjections, reading: int, read: int) -> None:
    """Reject matrices that do not fit: einsum would stretch an axis of length 1."""
    arrays = projections._asdict()
    (heads, *_, width), latent = arrays["query"].shape, arrays["latent"].shape[-1]
    value, turning = arrays["value"].shape[-1], arrays["rotary_key"].shape[-1]
    expected = {
        "query": (heads, reading, width),
        "latent": (read, latent),
        "key": (heads, latent, width),
        "value": (heads, latent, value),
        "output": (heads, value, arrays["output"].shape[-1]),
        "rotary_query": (heads, reading, turning),
        "rotary_key": (read, turning),
    }
    check_shapes(arrays, expected)


__all__ = ["LatentProjections", "check_matrices"]
