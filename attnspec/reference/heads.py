"""Many heads: one vector cut into several, and keys shared among queries."""

from __future__ import annotations

import numpy as np
from jaxtyping import Shaped

from attnspec.exceptions import InvalidArgument


def group_count(query_heads: int, key_heads: int) -> int:
    r"""Count the query heads that share one key head.

    .. math:: G = H_q / H_{kv}

    Parameters
    ----------
    query_heads, key_heads : int

    Returns
    -------
    int
        1 where there are no heads at all.

    Raises
    ------
    InvalidArgument
        If the query heads are not a multiple of the key heads.

    References
    ----------
    Ainslie et al., "GQA: Training Generalized Multi-Query Transformer Models
    from Multi-Head Checkpoints", 2023, :doi:`10.18653/v1/2023.emnlp-main.298`.

    Examples
    --------
    >>> group_count(8, 2)
    4
    """
    if query_heads == key_heads:
        return 1
    if key_heads == 0 or query_heads % key_heads:
        msg = f"query: expected a multiple of {key_heads} heads, got {query_heads}"
        raise InvalidArgument(msg)
    return query_heads // key_heads


def repeat_kv(
    x: Shaped[np.ndarray, "B Hkv S E"], groups: int
) -> Shaped[np.ndarray, "B Hq S E"]:
    r"""Repeat every key head, so that consecutive query heads share one.

    .. math:: y_h = x_{\lfloor h / G \rfloor}

    Parameters
    ----------
    x : (B, Hkv, S, E) array
        Keys or values.
    groups : int
        How many query heads share each key head.

    Returns
    -------
    (B, Hkv * groups, S, E) array

    References
    ----------
    Ainslie et al., 2023, :doi:`10.18653/v1/2023.emnlp-main.298`. The function
    has the name that it bears in Llama and in Hugging Face Transformers.

    Examples
    --------
    >>> import numpy as np
    >>> repeat_kv(np.array([[[[1.0]], [[2.0]]]]), 2).ravel()
    array([1., 1., 2., 2.])
    """
    return np.repeat(x, groups, axis=1)


def split_heads(
    x: Shaped[np.ndarray, "B L HE"], heads: int
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
    merge_heads : The inverse.

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
    if heads < 1 or width % heads:
        msg = f"heads: expected a positive divisor of the width {width}, got {heads}"
        raise InvalidArgument(msg)
    return x.reshape(batch, length, heads, width // heads).swapaxes(1, 2)


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
    split_heads : The inverse.

    Examples
    --------
    >>> import numpy as np
    >>> merge_heads(np.array([[[[0.0, 1.0]], [[2.0, 3.0]]]]))
    array([[[0., 1., 2., 3.]]])
    """
    batch, heads, length, width = x.shape
    return x.swapaxes(1, 2).reshape(batch, length, heads * width)


__all__ = ["group_count", "merge_heads", "repeat_kv", "split_heads"]
