"""Several documents in one sequence, none of which sees another."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int

from attnspec.reference._arrays import definition


@definition
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


__all__ = ["documents"]
