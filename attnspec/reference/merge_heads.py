"""The pieces of all heads joined into one vector."""

from __future__ import annotations

import numpy as np
from jaxtyping import Shaped

from attnspec.reference._arrays import definition


@definition
def merge_heads(x: Shaped[np.ndarray, "B H L E"]) -> Shaped[np.ndarray, "B L HE"]:
    r"""Join the pieces of all heads into one vector.

    .. math:: y_{b,\,l,\,hE + e} = x_{bhle}

    Parameters
    ----------
    x : (B, H, L, E) array

    Returns
    -------
    (B, L, H * E) array

    See Also
    --------
    attnspec.reference.split_heads.split_heads : The inverse.

    Examples
    --------
    >>> import numpy as np
    >>> merge_heads(np.array([[[[0.0, 1.0]], [[2.0, 3.0]]]]))
    array([[[0., 1., 2., 3.]]])
    """
    batch, heads, length, width = x.shape
    return x.swapaxes(1, 2).reshape(batch, length, heads * width)


__all__ = ["merge_heads"]
