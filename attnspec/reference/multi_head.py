"""Multi-head attention: many attentions with matrices of their own, and their sum."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float64

from attnspec._typing import Alignment, Count, Finite, Positive, Window
from attnspec.reference._arrays import definition, float64
from attnspec.reference.attention import attention


class HeadProjections(NamedTuple):
    """The matrices of a layer of many heads; each head has one of each kind.

    Parameters
    ----------
    query : (Hq, D, E) array
    key : (Hkv, F, E) array
        Hq is a multiple of Hkv; consecutive query heads share a key head.
    value : (Hkv, F, Ev) array
    output : (Hq, Ev, Dout) array
        What each head's output adds to the vector that comes out.
    """

    query: Float[np.ndarray, "Hq D E"]
    key: Float[np.ndarray, "Hkv F E"]
    value: Float[np.ndarray, "Hkv F Ev"]
    output: Float[np.ndarray, "Hq Ev Dout"]


@definition
def projected_heads(
    x: Float[np.ndarray, "B L D"], weight: Float[np.ndarray, "H D E"]
) -> Float64[np.ndarray, "B H L E"]:
    r"""Multiply every vector by one matrix for each head.

    .. math:: y_{hi} = x_i W_h

    Parameters
    ----------
    x : (B, L, D) array
    weight : (H, D, E) array
        One matrix a head; they act from the right. Side by side they are the one
        matrix of shape (D, H * E) that frameworks keep.

    Returns
    -------
    (B, H, L, E) array

    See Also
    --------
    attnspec.reference.split_heads.split_heads : Cuts the joint matrix into these.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, section 3.2.2,
    :doi:`10.48550/arXiv.1706.03762`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[[1.0, 2.0]]])
    >>> projected_heads(x, np.array([[[1.0], [0.0]], [[10.0], [1.0]]])).ravel()
    array([ 1., 12.])
    """
    return np.einsum("bld,hde->bhle", float64(x), float64(weight))


@definition
def summed_heads(
    x: Float[np.ndarray, "B H L Ev"], weight: Float[np.ndarray, "H Ev Dout"]
) -> Float64[np.ndarray, "B L Dout"]:
    r"""Multiply every head by its own matrix and sum over the heads.

    .. math:: y_i = \sum_h x_{hi} W_h = [x_{0i} \; x_{1i} \, \dots]
              \begin{bmatrix} W_0 \\ W_1 \\ \vdots \end{bmatrix}

    Parameters
    ----------
    x : (B, H, L, Ev) array
    weight : (H, Ev, Dout) array
        One matrix a head. One upon the other they are the one matrix of shape
        (H * Ev, Dout) that acts on the joined heads.

    Returns
    -------
    (B, L, Dout) array

    See Also
    --------
    attnspec.reference.merge_heads.merge_heads : Joins the heads into one vector.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, section 3.2.2,
    :doi:`10.48550/arXiv.1706.03762`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[[[1.0]], [[2.0]]]])
    >>> summed_heads(x, np.array([[[1.0, 1.0]], [[10.0, 0.0]]]))
    array([[[21.,  1.]]])
    """
    return np.einsum("bhle,hed->bld", float64(x), float64(weight))


@definition
def multi_head_attention(
    readers: Float[np.ndarray, "B L D"],
    members: Float[np.ndarray, "B S F"],
    projections: HeadProjections,
    *,
    mask: Bool[np.ndarray, "..."] | None = None,
    bias: Float[np.ndarray, "..."] | None = None,
    scale: Finite | None = None,
    causal: bool = False,
    window: Window | None = None,
    softcap: Positive | None = None,
    sink: Float[np.ndarray, "Hq"] | None = None,
    alignment: Alignment = "lower_right",
) -> Float64[np.ndarray, "B L Dout"]:
    r"""Let every reader attend to all members in many ways, and sum what it finds.

    .. math:: y_i = \sum_h \operatorname{attention}\bigl(x_i W^Q_h,\;
              Z W^K_{\lfloor h / G \rfloor},\; Z W^V_{\lfloor h / G \rfloor}\bigr)
              \, W^O_h

    Parameters
    ----------
    readers : (B, L, D) array
        In self-attention the members themselves.
    members : (B, S, F) array
    projections : HeadProjections
        As many key heads as query heads are multi-head attention in the narrow
        sense, fewer are grouped-query and a single one is multi-query attention.
    mask, bias, scale, causal, window, softcap, sink, alignment
        As in `attention`.

    Returns
    -------
    (B, L, Dout) array
        Zero for a reader that sees no member.

    Raises
    ------
    InvalidArgument
        If a matrix does not fit the vectors or another matrix, or as `attention`
        does.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, section 3.2.2,
    :doi:`10.48550/arXiv.1706.03762`, which joins the heads and multiplies by one
    matrix; Shazeer, "Fast Transformer Decoding", 2019,
    :doi:`10.48550/arXiv.1911.02150`; Ainslie et al., "GQA", 2023,
    :doi:`10.18653/v1/2023.emnlp-main.298`.

    Examples
    --------
    Two heads of equal scores; one hands on the first entry, one the second:

    >>> import numpy as np
    >>> none, take = np.zeros((2, 2, 1)), np.eye(2)[:, :, None]
    >>> heads = HeadProjections(none, none, take, np.array([[[1.0]], [[10.0]]]))
    >>> x = np.array([[[0.0, 1.0], [2.0, 3.0]]])
    >>> multi_head_attention(x, x, heads)
    array([[[21.],
            [21.]]])
    """
    output = attention(
        projected_heads(readers, projections.query),
        projected_heads(members, projections.key),
        projected_heads(members, projections.value),
        mask=mask,
        bias=bias,
        scale=scale,
        causal=causal,
        window=window,
        softcap=softcap,
        sink=sink,
        alignment=alignment,
    )
    return summed_heads(output, projections.output)


@definition
def cached_numbers(key_heads: Count, width: Count, value_width: Count) -> int:
    r"""Count the numbers that a layer keeps of each token for the queries to come.

    .. math:: H_{kv} \, (E + E_v)

    Parameters
    ----------
    key_heads, width, value_width : int
        Hkv, E and Ev.

    Returns
    -------
    int
        The number of query heads is not in it.

    See Also
    --------
    attnspec.reference.latent_cache.cached_latent_numbers : One latent for all heads.

    References
    ----------
    Shazeer, "Fast Transformer Decoding", 2019, :doi:`10.48550/arXiv.1911.02150`.

    Examples
    --------
    >>> [cached_numbers(heads, 128, 128) for heads in (128, 8, 1)]
    [32768, 2048, 256]
    """
    return key_heads * (width + value_width)


__all__ = [
    "HeadProjections",
    "cached_numbers",
    "multi_head_attention",
    "projected_heads",
    "summed_heads",
]
