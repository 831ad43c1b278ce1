"""From scores of distances to scores of keys, without a look-up."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from attnspec.reference._arrays import definition


@definition
def relative_shift(
    x: Float[np.ndarray, "*batch L S"],
) -> Float64[np.ndarray, "*batch L S"]:
    r"""Turn columns that mean distances into columns that mean keys.

    .. math:: y_{ij} = x_{i,\; j + L - 1 - i}
              \;\text{ if there is such a column, else } 0

    Parameters
    ----------
    x : (..., L, S) array
        The last column is the distance 0, the one before it 1, and so on.

    Returns
    -------
    (..., L, S) array
        Row i is moved to the left until distance 0 stands at the query's own
        position, i + S - L. The places that fall free belong to keys after it.

    References
    ----------
    Dai et al., 2019, appendix B, :doi:`10.18653/v1/P19-1285`: theirs pads,
    reshapes and slices, and leaves numbers of the next row in the places that
    fall free. The causal mask hides them.

    Examples
    --------
    >>> import numpy as np
    >>> relative_shift(np.array([[2.0, 1.0, 0.0], [20.0, 10.0, 0.0]]))
    array([[ 1.,  0.,  0.],
           [20., 10.,  0.]])
    """
    queries, keys = x.shape[-2:]
    shifted = np.zeros(x.shape)
    for i in range(queries):
        left = min(queries - 1 - i, keys)
        shifted[..., i, : keys - left] = x[..., i, left:]
    return shifted


__all__ = ["relative_shift"]
