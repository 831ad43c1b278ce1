"""Latent attention: all keys and values of a token are made of one short vector.

The expanded form makes them, for every head. The absorbed form moves the matrices
that would make them to the side of the query and of the output, and reads the short
vectors as they are: one head of keys, whose first entries are the values as well.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64

from attnspec._typing import Finite
from attnspec.reference._arrays import definition, float64
from attnspec.reference._latent_projections import LatentProjections
from attnspec.reference.attention import attention
from attnspec.reference.latent_cache import latent_cache
from attnspec.reference.multi_head import projected_heads, summed_heads
from attnspec.reference.rope import rotary
from attnspec.reference.scores import default_scale


@definition
def latent_attention_expanded(
    readers: Float[np.ndarray, "B L D"],
    members: Float[np.ndarray, "B S F"],
    projections: LatentProjections,
    *,
    mask: Bool[np.ndarray, "..."] | None = None,
    scale: Finite | None = None,
    causal: bool = False,
) -> Float64[np.ndarray, "B L Dout"]:
    r"""Expand every latent to a key and a value for each head, then attend.

    .. math::
        k_{hj} &= \bigl[\, c_j W^{UK}_h \;\; k^R_j \,\bigr], \qquad
        v_{hj} = c_j W^{UV}_h, \qquad
        q_{hi} = \bigl[\, x_i W^Q_h \;\; R_i (x_i W^{QR}_h) \,\bigr] \\
        y_i &= \sum_h \operatorname{attention}(q_{hi}, K_h, V_h) \, W^O_h

    Parameters
    ----------
    readers : (B, L, D) array
        Reader i stands at position i + S - L: the last reader at the last member.
    members : (B, S, F) array
    projections : LatentProjections
    mask : array of bool, optional
        Broadcasts to (B, Hq, L, S); True attends.
    scale : float, optional
        One over the root of E + R by default.
    causal : bool
        Hide the members after each reader.

    Returns
    -------
    (B, L, Dout) array

    Raises
    ------
    InvalidArgument
        If a matrix does not fit the vectors or another matrix, or R is odd.

    References
    ----------
    DeepSeek-AI, "DeepSeek-V2: A Strong, Economical, and Efficient
    Mixture-of-Experts Language Model", 2024, section 2.1,
    :doi:`10.48550/arXiv.2405.04434`; without the query's own latent, which is a
    factorization of its matrix.

    Examples
    --------
    Equal scores take the mean of the values, which are three times the latents:

    >>> import numpy as np
    >>> one, none = np.ones((1, 1, 1)), np.zeros((1, 1, 0))
    >>> by = LatentProjections(0.0 * one, one[0], one, 3.0 * one, one, none, none[0])
    >>> x = np.array([[[2.0], [4.0]]])
    >>> latent_attention_expanded(x, x, by)
    array([[[9.],
            [9.]]])
    """
    cache = latent_cache(members, projections)
    latent, turned = np.split(cache, [projections.latent.shape[1]], axis=-1)
    key = projected_heads(latent, projections.key)
    shared = np.broadcast_to(turned[:, None], (*key.shape[:3], turned.shape[-1]))
    output = attention(
        np.concatenate(_queries(readers, members.shape[1], projections), axis=-1),
        np.concatenate([key, shared], axis=-1),
        projected_heads(latent, projections.value),
        mask=mask,
        scale=scale,
        causal=causal,
    )
    return summed_heads(output, projections.output)


@definition
def latent_attention_absorbed(
    readers: Float[np.ndarray, "B L D"],
    members: Float[np.ndarray, "B S F"],
    projections: LatentProjections,
    *,
    mask: Bool[np.ndarray, "..."] | None = None,
    scale: Finite | None = None,
    causal: bool = False,
) -> Float64[np.ndarray, "B L Dout"]:
    r"""Bring every query to the latents, attend there, and expand what comes out.

    .. math::
        \tilde q_{hi} &= \bigl[\, x_i W^Q_h (W^{UK}_h)^\top \;\;
                         R_i (x_i W^{QR}_h) \,\bigr] \\
        y_i &= \sum_h \operatorname{attention}\bigl(\tilde q_{hi},\,
               [\, C \;\; K^R \,],\, C\bigr) \, W^{UV}_h \, W^O_h

    Parameters
    ----------
    readers : (B, L, D) array
        Reader i stands at position i + S - L.
    members : (B, S, F) array
        They are read through `latent_cache` alone.
    projections : LatentProjections
    mask : array of bool, optional
        Broadcasts to (B, Hq, L, S); True attends.
    scale : float, optional
        One over the root of E + R by default, though the keys have width C + R.
    causal : bool
        Hide the members after each reader.

    Returns
    -------
    (B, L, Dout) array

    Raises
    ------
    InvalidArgument
        If a matrix does not fit the vectors or another matrix, or R is odd.

    References
    ----------
    DeepSeek-AI, "DeepSeek-V2", 2024, section 2.1.2 and appendix C,
    :doi:`10.48550/arXiv.2405.04434`.

    Examples
    --------
    >>> import numpy as np
    >>> one, none = np.ones((1, 1, 1)), np.zeros((1, 1, 0))
    >>> by = LatentProjections(0.0 * one, one[0], one, 3.0 * one, one, none, none[0])
    >>> x = np.array([[[2.0], [4.0]]])
    >>> latent_attention_absorbed(x, x, by)
    array([[[9.],
            [9.]]])
    """
    cache = latent_cache(members, projections)
    latent = cache[..., : projections.latent.shape[1]]
    query, turned = _queries(readers, members.shape[1], projections)
    width = query.shape[-1] + turned.shape[-1]  # Of the expanded keys, not of these.
    moved = np.einsum("bhle,hce->bhlc", query, float64(projections.key))
    output = attention(
        np.concatenate([moved, turned], axis=-1),
        cache[:, None],
        latent[:, None],
        mask=mask,
        scale=default_scale(width) if scale is None else scale,
        causal=causal,
    )
    expanded = np.einsum("bhlc,hcv->bhlv", output, float64(projections.value))
    return summed_heads(expanded, projections.output)


def _queries(
    readers: Float[np.ndarray, "B L D"], keys: int, projections: LatentProjections
) -> tuple[Float64[np.ndarray, "B Hq L E"], Float64[np.ndarray, "B Hq L R"]]:
    """Project the readers to what they ask of contents and, turned, of places."""
    length = readers.shape[1]
    asked = projected_heads(readers, projections.rotary_query)
    turned = rotary(asked, np.arange(length) + keys - length)
    return projected_heads(readers, projections.query), turned


__all__ = [
    "LatentProjections",
    "latent_attention_absorbed",
    "latent_attention_expanded",
]
