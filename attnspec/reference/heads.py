"""Key heads that are shared among query heads."""

from __future__ import annotations

import numpy as np
from jaxtyping import Shaped

from attnspec._checks import check_multiple
from attnspec._typing import Count
from attnspec.reference._arrays import definition


@definition
def group_count(query_heads: Count, key_heads: Count) -> int:
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
    check_multiple("query", "heads", query_heads, key_heads)
    return query_heads // key_heads if key_heads else 1


@definition
def repeat_kv(
    x: Shaped[np.ndarray, "B Hkv S E"], groups: Count
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


__all__ = ["group_count", "repeat_kv"]
