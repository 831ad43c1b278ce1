"""How many steps must come one after another."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import definition


@definition
def chain_length(reads: Bool[np.ndarray, "N N"]) -> int:
    r"""Count the steps that must come one after another.

    .. math:: d_i = 1 + \max_{j \,\text{read by}\, i} d_j, \qquad \max_i d_i

    Parameters
    ----------
    reads : (N, N) array of bool
        Whether output i is computed from output j, which has to be before it.

    Returns
    -------
    int
        0 without outputs. 1 if none reads another: all can be computed at once.

    Raises
    ------
    InvalidArgument
        If an output reads itself or one after it.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, table 1, column
    "sequential operations", :doi:`10.48550/arXiv.1706.03762`.

    Examples
    --------
    >>> import numpy as np
    >>> chain_length(np.eye(4, k=-1, dtype=bool))
    4
    >>> chain_length(np.zeros((4, 4), dtype=bool))
    1
    """
    if np.triu(reads).any():
        msg = "reads: expected earlier outputs alone, got the own or a later one"
        raise InvalidArgument(msg)
    depths = np.zeros(len(reads), dtype=np.intp)
    for i, row in enumerate(reads):
        depths[i] = 1 + np.max(depths, initial=0, where=row)
    return int(np.max(depths, initial=0))


__all__ = ["chain_length"]
