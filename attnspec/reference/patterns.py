"""Masks that are no single band: dilated, prefix, documents, blocks, global tokens.

Each function gives a mask, True where a query attends. ``&`` intersects masks,
``|`` unites them.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int

from attnspec.exceptions import InvalidArgument
from attnspec.reference._checks import check_least
from attnspec.reference.masks import relative_positions


def dilated(
    query_positions: Int[np.ndarray, "L"],
    key_positions: Int[np.ndarray, "S"],
    dilation: int,
) -> Bool[np.ndarray, "L S"]:
    r"""Let each query see only the keys at a multiple of the dilation from itself.

    .. math:: j \equiv p_i \pmod{\mathit{dilation}}

    Intersect it with a window to see w keys spread over w times the dilation.

    Parameters
    ----------
    query_positions, key_positions : (L,) and (S,) arrays of int
    dilation : int
        1 shows every key.

    Returns
    -------
    (L, S) array of bool

    Raises
    ------
    InvalidArgument
        If the dilation is less than 1.

    References
    ----------
    Beltagy, Peters and Cohan, "Longformer", 2020, section 3.1,
    :doi:`10.48550/arXiv.2004.05150`.

    Examples
    --------
    >>> import numpy as np
    >>> dilated(np.array([2]), np.arange(5), 2)
    array([[ True, False,  True, False,  True]])
    """
    check_least("dilation", dilation, 1)
    return relative_positions(query_positions, key_positions) % dilation == 0


def prefix(
    query_positions: Int[np.ndarray, "L"],
    key_positions: Int[np.ndarray, "S"],
    length: int,
) -> Bool[np.ndarray, "L S"]:
    r"""Let every query see the prefix, and itself and what is before it.

    .. math:: j < \mathit{length} \;\vee\; j \le p_i

    Parameters
    ----------
    query_positions, key_positions : (L,) and (S,) arrays of int
    length : int
        Of the prefix; 0 is the causal mask.

    Returns
    -------
    (L, S) array of bool

    Raises
    ------
    InvalidArgument
        If the length is negative.

    References
    ----------
    Raffel et al., "Exploring the Limits of Transfer Learning with a Unified
    Text-to-Text Transformer", 2020, section 3.2.1,
    :doi:`10.48550/arXiv.1910.10683`.

    Examples
    --------
    >>> import numpy as np
    >>> prefix(np.arange(3), np.arange(3), 2).astype(int)
    array([[1, 1, 0],
           [1, 1, 0],
           [1, 1, 1]])
    """
    check_least("length", length, 0)
    past = relative_positions(query_positions, key_positions) <= 0
    return past | (key_positions < length)


def documents(
    query_ids: Int[np.ndarray, "L"], key_ids: Int[np.ndarray, "S"]
) -> Bool[np.ndarray, "L S"]:
    r"""Let each query see its own document, of the several in one sequence.

    .. math:: d^q_i = d^k_j

    Parameters
    ----------
    query_ids, key_ids : (L,) and (S,) arrays of int
        The document of each token. Its tokens need not stand together.

    Returns
    -------
    (L, S) array of bool

    References
    ----------
    Krell et al., "Efficient Sequence Packing without Cross-contamination", 2021,
    :doi:`10.48550/arXiv.2107.02027`.

    Examples
    --------
    >>> import numpy as np
    >>> documents(np.array([0, 1]), np.array([0, 0, 1])).astype(int)
    array([[1, 1, 0],
           [0, 0, 1]])
    """
    return query_ids[:, None] == key_ids


def blocks(
    layout: Bool[np.ndarray, "_ _"], rows: int, columns: int, *, queries: int, keys: int
) -> Bool[np.ndarray, "L S"]:
    r"""Let each block of queries see the blocks of keys that a layout shows.

    .. math:: \mathit{layout}_{\lfloor i / \mathit{rows} \rfloor,\,
              \lfloor j / \mathit{columns} \rfloor}

    Parameters
    ----------
    layout : array of bool
        One entry for each pair of blocks.
    rows, columns : int
        Queries and keys of a block.
    queries, keys : int
        The numbers L and S. The last blocks may be cut.

    Returns
    -------
    (L, S) array of bool

    Raises
    ------
    InvalidArgument
        If the layout has not one entry for each pair of blocks.

    References
    ----------
    Child et al., "Generating Long Sequences with Sparse Transformers", 2019,
    :doi:`10.48550/arXiv.1904.10509`; Zaheer et al., "Big Bird", 2020,
    :doi:`10.48550/arXiv.2007.14062`.

    Examples
    --------
    >>> import numpy as np
    >>> blocks(np.eye(2, dtype=bool), 1, 2, queries=2, keys=3).astype(int)
    array([[1, 1, 0],
           [0, 0, 1]])
    """
    check_least("rows", rows, 1)
    check_least("columns", columns, 1)
    shape = -(-queries // rows), -(-keys // columns)
    if layout.shape != shape:
        msg = f"layout: expected shape {shape}, got {layout.shape}"
        raise InvalidArgument(msg)
    return layout[np.ix_(np.arange(queries) // rows, np.arange(keys) // columns)]


def global_tokens(
    queries: Bool[np.ndarray, "L"], keys: Bool[np.ndarray, "S"]
) -> Bool[np.ndarray, "L S"]:
    r"""Let global queries see everything, and everything see global keys.

    .. math:: g^q_i \vee g^k_j

    Parameters
    ----------
    queries, keys : (L,) and (S,) arrays of bool
        Which tokens are global. Unite it with a window for the others.

    Returns
    -------
    (L, S) array of bool

    References
    ----------
    Beltagy, Peters and Cohan, "Longformer", 2020, section 3.1,
    :doi:`10.48550/arXiv.2004.05150`.

    Examples
    --------
    >>> import numpy as np
    >>> first = np.array([True, False, False])
    >>> global_tokens(first, first).astype(int)
    array([[1, 1, 1],
           [1, 0, 0],
           [1, 0, 0]])
    """
    return queries[:, None] | keys


__all__ = [
    "blocks",
    "dilated",
    "documents",
    "global_tokens",
    "prefix",
]
