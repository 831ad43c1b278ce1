"""One vector cut into several, one for each head."""

from __future__ import annotations

import numpy as np
from jaxtyping import Shaped

from attnspec._typing import Size
from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import definition


@definition
def split_heads(
    x: Shaped[np.ndarray, "B L HE"], heads: Size
) -> Shaped[np.ndarray, "B H L E"]:
    r"""Cut every vector into consecutive pieces, one for each head.

    .. math:: y_{bhle} = x_{b,\,l,\,hE + e}

    Parameters
    ----------
    x : (B, L, H * E) array
    heads : int

    Returns
    -------
    (B, H, L, E) array

    Raises
    ------
    InvalidArgument
        If the width is not a multiple of the number of heads.

    See Also
    --------
    attnspec.reference.merge_heads.merge_heads : The inverse.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, section 3.2.2,
    :doi:`10.48550/arXiv.1706.03762`.

    Examples
    --------
    >>> import numpy as np
    >>> split_heads(np.arange(4.0).reshape(1, 1, 4), 2)[0, :, 0]
    array([[0., 1.],
           [2., 3.]])
    """
    batch, length, width = x.shape
    if width % heads:
        msg = f"heads: expected a divisor of the width {width}, got {heads}"
        raise InvalidArgument(msg)
    return x.reshape(batch, length, heads, width // heads).swapaxes(1, 2)


__all__ = ["split_heads"]
