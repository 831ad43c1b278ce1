"""A layout that says which blocks of keys each block of queries sees."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from attnspec._typing import Count, Size
from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import definition


@definition
def blocks(
    layout: Bool[np.ndarray, "_ _"],
    rows: Size,
    columns: Size,
    *,
    queries: Count,
    keys: Count,
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
    shape = -(-queries // rows), -(-keys // columns)
    if layout.shape != shape:
        msg = f"layout: expected shape {shape}, got {layout.shape}"
        raise InvalidArgument(msg)
    return layout[np.ix_(np.arange(queries) // rows, np.arange(keys) // columns)]


__all__ = ["blocks"]
