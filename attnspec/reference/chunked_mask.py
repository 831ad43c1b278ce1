"""A sequence in chunks, each of which begins anew."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int

from attnspec._typing import Count, Size
from attnspec.reference._arrays import definition
from attnspec.reference.masks import causal


@definition
def chunked(
    query_positions: Int[np.ndarray, "*batch L"],
    key_positions: Int[np.ndarray, "*batch S"],
    size: Size,
    *,
    start: Count = 0,
) -> Bool[np.ndarray, "*batch L S"]:
    r"""Let each query see the keys of its own chunk up to its own position.

    .. math:: j \le p_i \quad\text{and}\quad
              \lfloor (j - \mathit{start}) / C \rfloor =
              \lfloor (p_i - \mathit{start}) / C \rfloor

    Parameters
    ----------
    query_positions, key_positions : (..., L) and (..., S) arrays of int
    size : int
        The number C of positions in a chunk.
    start : int
        Where a chunk begins; others begin every C positions before and after it.

    Returns
    -------
    (..., L, S) array of bool

    Raises
    ------
    InvalidArgument
        If a chunk has no position.

    References
    ----------
    ``attention_chunk_size`` of Llama 4: ``chunked_overlay`` of Hugging Face
    Transformers, whose chunks begin behind the padding on the left, and
    ``attention_chunk`` of FlashAttention-3.

    Examples
    --------
    >>> import numpy as np
    >>> chunked(np.arange(4), np.arange(4), 2).astype(int)
    array([[1, 0, 0, 0],
           [1, 1, 0, 0],
           [0, 0, 1, 0],
           [0, 0, 1, 1]])

    Chunks that begin with the second token leave the first one alone:

    >>> chunked(np.arange(3), np.arange(3), 2, start=1).astype(int)
    array([[1, 0, 0],
           [0, 1, 0],
           [0, 1, 1]])
    """
    query_chunks = (query_positions - start) // size
    key_chunks = (key_positions - start) // size
    same = query_chunks[..., :, None] == key_chunks[..., None, :]
    return same & causal(query_positions, key_positions)


__all__ = ["chunked"]
