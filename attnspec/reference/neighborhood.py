"""Windows that keep their size at the borders.

A neighborhood of pixels is one along each axis, combined by `over_grid`.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from attnspec._checks import check_least
from attnspec._typing import Count, Size
from attnspec.reference._arrays import definition


@definition
def shifted_window(
    length: Count, size: Size, *, dilation: Size = 1
) -> Bool[np.ndarray, "L L"]:
    r"""Let each query see `size` keys around it; at a border the window moves inside.

    .. math:: a_i \le j < a_i + \mathit{size}, \qquad
              a_i = \min(\max(i - \lfloor \mathit{size} / 2 \rfloor, 0),
                         L - \mathit{size})

    With a dilation the positions of equal remainder are a sequence of their own,
    and the rule holds in each of them.

    Parameters
    ----------
    length : int
        The number L of queries and of keys.
    size : int
        How many keys every query sees; an even one sees one more on the left.
    dilation : int

    Returns
    -------
    (L, L) array of bool

    Raises
    ------
    InvalidArgument
        If size or dilation is less than 1, or their product more than the length.

    References
    ----------
    Hassani et al., "Neighborhood Attention Transformer", 2023,
    :doi:`10.48550/arXiv.2204.07143`, and with dilation 2022,
    :doi:`10.48550/arXiv.2209.15001`; NATTEN 0.21 for the even size.

    Examples
    --------
    >>> shifted_window(4, 3).astype(int)
    array([[1, 1, 1, 0],
           [1, 1, 1, 0],
           [0, 1, 1, 1],
           [0, 1, 1, 1]])
    """
    check_least("length", length, size * dilation)
    step, rest = np.divmod(np.arange(length), dilation)
    steps = (length - rest + dilation - 1) // dilation  # In the own remainder class.
    start = np.clip(step - size // 2, 0, steps - size)[:, None]
    inside = (start <= step) & (step < start + size)
    return inside & (rest == rest[:, None])


__all__ = ["shifted_window"]
