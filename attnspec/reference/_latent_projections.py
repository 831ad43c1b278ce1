"""The matrices of latent attention."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float


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


__all__ = ["LatentProjections"]
