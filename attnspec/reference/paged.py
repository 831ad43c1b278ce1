"""Paged keys and values: in pages of a pool, with a table of each sequence's pages."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Int, Shaped

from attnspec._checks import check_places
from attnspec._typing import Alignment, Finite, Positive, Window
from attnspec.reference._arrays import definition
from attnspec.reference.padded import padded_attention


@definition
def gather_pages(
    pages: Shaped[np.ndarray, "P page H E"],
    table: Int[np.ndarray, "B M"],
    lengths: Int[np.ndarray, "B"],
) -> Shaped[np.ndarray, "B S H E"]:
    r"""Read the tokens of each sequence from its pages, one behind the other.

    .. math:: x_{b,\, t} = \text{pages}_{\, T_{b,\, \lfloor t / n \rfloor},\;
              t \bmod n}, \qquad t < \ell_b

    Pages have n slots, and S = M n.

    Parameters
    ----------
    pages : (P, page, H, E) array
    table : (B, M) array of int
        The pages of each sequence, in the order of its tokens. Entries behind its last
        page are not read.
    lengths : (B,) array of int
        How many tokens each sequence has.

    Returns
    -------
    (B, S, H, E) array
        Zero behind the last token.

    Raises
    ------
    InvalidArgument
        If a sequence is longer than its pages, or one of its pages is none of the pool.

    References
    ----------
    Kwon et al., "Efficient Memory Management for Large Language Model Serving with
    PagedAttention", 2023, :doi:`10.48550/arXiv.2309.06180`.

    Examples
    --------
    >>> import numpy as np
    >>> pages = np.reshape([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (3, 2, 1, 1))
    >>> gather_pages(pages, [[2, 0], [1, -1]], [3, 2])[..., 0, 0]
    array([[5., 6., 1., 0.],
           [3., 4., 0., 0.]])

    Sequences may share a page:

    >>> gather_pages(pages, [[2], [2]], [2, 1])[..., 0, 0]
    array([[5., 6.],
           [5., 0.]])
    """
    (count, page, *rest), width = pages.shape, table.shape[1]
    check_places("lengths", lengths, width * page + 1)
    slots = np.arange(width * page).reshape(width, page)
    read = slots < lengths[:, None, None]
    check_places("table", table[read.any(axis=2)], count)
    found = np.zeros((*read.shape, *rest), pages.dtype)
    sequence, entry, slot = np.nonzero(read)
    found[read] = pages[table[sequence, entry], slot]
    return found.reshape(len(table), width * page, *rest)


@definition
def paged_attention(
    query: Float[np.ndarray, "B L Hq E"],
    key_pages: Float[np.ndarray, "P page Hkv E"],
    value_pages: Float[np.ndarray, "P page Hkv Ev"],
    table: Int[np.ndarray, "B M"],
    lengths: Int[np.ndarray, "B"],
    /,
    *,
    scale: Finite | None = None,
    causal: bool = False,
    window: Window | None = None,
    softcap: Positive | None = None,
    sink: Float[np.ndarray, "Hq"] | None = None,
    alignment: Alignment = "lower_right",
) -> tuple[Float64[np.ndarray, "B L Hq Ev"], Float64[np.ndarray, "B Hq L"]]:
    r"""Attend to keys and values that lie in pages behind a table.

    .. math:: o_b = \operatorname{attention}(q_b, K_{T_b}, V_{T_b})

    Parameters
    ----------
    query : (B, L, Hq, E) array
    key_pages : (P, page, Hkv, E) array
    value_pages : (P, page, Hkv, Ev) array
    table, lengths
        The pages of each sequence, and how many tokens it has; as `gather_pages` takes
        them.
    scale, causal, window, softcap, sink, alignment
        As in `attention`. Queries and keys are counted within their sequence: by
        default its last query stands at its last token.

    Returns
    -------
    output : (B, L, Hq, Ev) array
        Zero for a query that sees no key.
    lse : (B, Hq, L) array
        Minus infinity for such a query.

    Raises
    ------
    InvalidArgument
        As `gather_pages` and `attention` do.

    References
    ----------
    ``block_table`` and ``cache_seqlens`` of FlashAttention's
    ``flash_attn_with_kvcache``; ``block_table`` and ``seqused_k`` of PyTorch's
    ``varlen_attn``. Kwon et al., "Efficient Memory Management for Large Language Model
    Serving with PagedAttention", 2023, :doi:`10.48550/arXiv.2309.06180`.

    Examples
    --------
    >>> import numpy as np
    >>> query, keys = np.zeros((2, 1, 1, 1)), np.zeros((3, 2, 1, 1))
    >>> values = np.reshape([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (3, 2, 1, 1))
    >>> paged_attention(query, keys, values, [[2, 0], [1, -1]], [3, 2])[0].ravel()
    array([4. , 3.5])

    A sequence without tokens has no page:

    >>> paged_attention(query, keys, values, [[2, 0], [-1, -1]], [3, 0])[1].ravel()
    array([1.09861229,       -inf])
    """
    key, value = (
        gather_pages(pages, table, lengths).swapaxes(1, 2)
        for pages in (key_pages, value_pages)
    )
    output, lse = padded_attention(
        query.swapaxes(1, 2),
        key,
        value,
        key_lengths=lengths,
        scale=scale,
        causal=causal,
        window=window,
        softcap=softcap,
        sink=sink,
        alignment=alignment,
    )
    return output.swapaxes(1, 2), lse


__all__ = ["gather_pages", "paged_attention"]
