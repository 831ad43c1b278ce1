"""New tokens in paged keys and values: behind the last token of each sequence."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int, Int64, Shaped

from attnspec._checks import check_least, check_places
from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import definition


@definition
def new_slots(
    table: Int[np.ndarray, "B M"],
    lengths: Int[np.ndarray, "B"],
    counts: Int[np.ndarray, "B"],
    page: int,
) -> Int64[np.ndarray, "B N"]:
    r"""Return in which slots of the pool the next tokens of each sequence lie.

    .. math:: s_{b,\, t} = n \, T_{b,\, \lfloor (\ell_b + t) / n \rfloor}
              + (\ell_b + t) \bmod n, \qquad t < c_b

    Pages have n slots, and N is the largest of the counts.

    Parameters
    ----------
    table : (B, M) array of int
        The pages of each sequence, in the order of its tokens.
    lengths : (B,) array of int
        How many tokens each sequence has already.
    counts : (B,) array of int
        How many more it gets.
    page : int
        The slots of a page.

    Returns
    -------
    (B, N) array of int64
        -1 behind the last new token of a sequence.

    Raises
    ------
    InvalidArgument
        If a sequence becomes longer than its pages, or a token has no page: its entry
        in the table is negative.

    References
    ----------
    ``slot_mapping`` of vLLM.

    Examples
    --------
    >>> new_slots([[2, 0], [1, -1]], [1, 0], [2, 1], 2)
    array([[ 5,  0],
           [ 2, -1]])
    """
    room = table.shape[1] * page
    check_places("lengths", lengths, room + 1)
    check_places("counts", counts, room + 1)
    check_places("lengths", lengths + counts, room + 1)
    tokens = np.arange(counts.max(initial=0))
    at = np.minimum(lengths[:, None] + tokens, max(room - 1, 0))
    pages = np.take_along_axis(table, at // page, axis=1) if at.size else at
    new = tokens < counts[:, None]
    check_least("table", int(pages[new].min(initial=0)), 0)
    return np.where(new, pages * page + at % page, -1)


@definition
def append_to_pages(
    key: Shaped[np.ndarray, "B N Hkv E"],
    value: Shaped[np.ndarray, "B N Hkv Ev"],
    key_pages: Shaped[np.ndarray, "P page Hkv E"],
    value_pages: Shaped[np.ndarray, "P page Hkv Ev"],
    table: Int[np.ndarray, "B M"],
    lengths: Int[np.ndarray, "B"],
    /,
    *,
    counts: Int[np.ndarray, "B"] | None = None,
) -> tuple[Shaped[np.ndarray, "P page Hkv E"], Shaped[np.ndarray, "P page Hkv Ev"]]:
    r"""Put new keys and values into the slots behind the last token of each sequence.

    .. math:: \text{pages}'_s = \begin{cases}
              x_{b,\, t} & s = s_{b,\, t} \\ \text{pages}_s & \text{otherwise}
              \end{cases}

    Nothing is computed: every number keeps its bits.

    Parameters
    ----------
    key : (B, N, Hkv, E) array
    value : (B, N, Hkv, Ev) array
        The new tokens of each sequence.
    key_pages : (P, page, Hkv, E) array
    value_pages : (P, page, Hkv, Ev) array
    table, lengths
        The pages of each sequence, and how many tokens it has before; as `new_slots`
        takes them.
    counts : (B,) array of int, optional
        How many of its N tokens each sequence gets; by default all of them.

    Returns
    -------
    key_pages, value_pages : (P, page, Hkv, E) and (P, page, Hkv, Ev) arrays
        The pools afterwards.

    Raises
    ------
    InvalidArgument
        If a sequence becomes longer than its pages, one of the pages that get a token
        is none of the pool, or two tokens have the same slot.

    References
    ----------
    ``append_paged_kv_cache`` of FlashInfer, ``reshape_and_cache`` of vLLM.

    Examples
    --------
    >>> import numpy as np
    >>> pages = np.reshape([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (3, 2, 1, 1))
    >>> new = np.reshape([7.0, 8.0, 9.0, 0.0], (2, 2, 1, 1))
    >>> table, lengths, counts = [[2, 0], [1, -1]], [1, 0], np.array([2, 1])
    >>> after, _ = append_to_pages(
    ...     new, new, pages, pages, table, lengths, counts=counts
    ... )
    >>> after[..., 0, 0]
    array([[8., 2.],
           [9., 4.],
           [5., 7.]])
    """
    (batch, most), (count, page) = key.shape[:2], key_pages.shape[:2]
    if counts is None:
        counts = np.full(batch, most)
    check_places("counts", counts, most + 1)
    slots = new_slots(table, lengths, counts, page)
    new = np.arange(slots.shape[1]) < counts[:, None]
    here = slots[new]
    check_places("table", here // page, count)
    if len(np.unique(here)) < len(here):
        msg = "table: expected a slot of its own for each new token, got one for two"
        raise InvalidArgument(msg)
    pools = []
    for pages, tokens in ((key_pages, key), (value_pages, value)):
        after = pages.reshape(count * page, *pages.shape[2:]).copy()
        after[here] = tokens[:, : slots.shape[1]][new]
        pools.append(after.reshape(pages.shape))
    return pools[0], pools[1]


__all__ = ["append_to_pages", "new_slots"]
