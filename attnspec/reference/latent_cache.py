"""What latent attention keeps of every member: its latent, and one turned key."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from attnspec._typing import Count
from attnspec.reference._arrays import definition
from attnspec.reference._latent_projections import LatentProjections
from attnspec.reference.rope import rotary
from attnspec.reference.self_attention import projected


@definition
def latent_cache(
    members: Float[np.ndarray, "B S F"], projections: LatentProjections
) -> Float64[np.ndarray, "B S CR"]:
    r"""Keep of every member its latent and one turned key.

    .. math:: \bigl[\, c_j \;\; k^R_j \,\bigr] =
              \bigl[\, z_j W^{DKV} \;\; R_j (z_j W^{KR}) \,\bigr]

    Parameters
    ----------
    members : (B, S, F) array
        Member j stands at position j.
    projections : LatentProjections

    Returns
    -------
    (B, S, C + R) array
        Each row depends on its own member and place alone.

    References
    ----------
    DeepSeek-AI, "DeepSeek-V2", 2024, equations 9 and 15,
    :doi:`10.48550/arXiv.2405.04434`.

    Examples
    --------
    >>> import numpy as np
    >>> one, none = np.ones((1, 1, 1)), np.zeros((1, 1, 0))
    >>> by = LatentProjections(one, 3.0 * one[0], one, one, one, none, none[0])
    >>> latent_cache(np.array([[[2.0], [4.0]]]), by)
    array([[[ 6.],
            [12.]]])
    """
    latent = projected(members, projections.latent)
    key = projected(members, projections.rotary_key)
    turned = rotary(key, np.arange(members.shape[1]))
    return np.concatenate([latent, turned], axis=-1)


@definition
def cached_latent_numbers(latent_width: Count, rotary_width: Count) -> int:
    r"""Count the numbers that latent attention keeps of each token in a layer.

    .. math:: C + R

    Parameters
    ----------
    latent_width, rotary_width : int
        C and R.

    Returns
    -------
    int
        The number of heads is not in it.

    References
    ----------
    DeepSeek-AI, "DeepSeek-V2", 2024, table 1, :doi:`10.48550/arXiv.2405.04434`.

    Examples
    --------
    >>> cached_latent_numbers(512, 64)
    576
    """
    return latent_width + rotary_width


__all__ = ["cached_latent_numbers", "latent_cache"]
