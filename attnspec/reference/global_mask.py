"""Tokens that see everything, and that everything sees."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from attnspec.reference._arrays import definition


@definition
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


__all__ = ["global_tokens"]
