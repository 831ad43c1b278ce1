"""Joining what attention says of disjoint sets of keys.

A pair (output, lse) says all that must be known of a part of the keys. Merging is
associative and commutative, and a part without visible keys is its neutral element.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float64

from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import definition, float64


@definition
def merge(
    output_a: Float[np.ndarray, "*rows Ev"],
    lse_a: Float[np.ndarray, "*rows"],
    output_b: Float[np.ndarray, "*rows Ev"],
    lse_b: Float[np.ndarray, "*rows"],
) -> tuple[Float64[np.ndarray, "*rows Ev"], Float64[np.ndarray, "*rows"]]:
    r"""Join attention over two disjoint sets of keys into attention over both.

    .. math::
        \operatorname{lse} &= \log (e^{\operatorname{lse}_a} +
                                    e^{\operatorname{lse}_b}) \\
        o &= e^{\operatorname{lse}_a - \operatorname{lse}} \, o_a +
             e^{\operatorname{lse}_b - \operatorname{lse}} \, o_b

    Parameters
    ----------
    output_a, output_b : (..., Ev) arrays
    lse_a, lse_b : (...) arrays
        Natural logarithms. Minus infinity marks an empty part, whose output has
        no influence, whatever it is.

    Returns
    -------
    output : (..., Ev) array
        Zero where both parts are empty.
    lse : (...) array
        Minus infinity where both parts are empty.

    References
    ----------
    Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018,
    section 3.1, :doi:`10.48550/arXiv.1805.02867`. Juravsky et al., "Hydragen",
    2024, :doi:`10.48550/arXiv.2402.05099`, for attention.

    Examples
    --------
    >>> import numpy as np
    >>> one, three = np.array([[1.0]]), np.array([[3.0]])
    >>> merge(one, np.array([0.0]), three, np.array([0.0]))[0]
    array([[2.]])

    An empty part changes nothing:

    >>> merge(one, np.array([0.0]), three * np.nan, np.array([-np.inf]))
    (array([[1.]]), array([0.]))
    """
    lse = np.asarray(np.logaddexp(float64(lse_a), float64(lse_b)))
    return _share(output_a, lse_a, lse) + _share(output_b, lse_b, lse), lse


def _share(
    output: Float[np.ndarray, "*rows Ev"],
    part: Float[np.ndarray, "*rows"],
    whole: Float64[np.ndarray, "*rows"],
) -> Float64[np.ndarray, "*rows Ev"]:
    """Weigh the output of a part by its share of the whole denominator."""
    share = np.exp(float64(part) - whole)[..., None]
    return np.where(np.isneginf(part)[..., None], 0.0, share * float64(output))


@definition
def merge_all(
    parts: Sequence[tuple[Float[np.ndarray, "*rows Ev"], Float[np.ndarray, "*rows"]]],
) -> tuple[Float64[np.ndarray, "*rows Ev"], Float64[np.ndarray, "*rows"]]:
    r"""Join attention over any number of disjoint sets of keys.

    .. math:: o = \sum_n e^{\operatorname{lse}_n - \operatorname{lse}} \, o_n

    Parameters
    ----------
    parts : sequence of (output, lse)
        As `merge` takes them; at least one.

    Returns
    -------
    output : (..., Ev) array
        Zero where all parts are empty.
    lse : (...) array
        Minus infinity where all parts are empty.

    Raises
    ------
    InvalidArgument
        If there is no part.

    Examples
    --------
    >>> import numpy as np
    >>> merge_all([(np.array([[x]]), np.zeros(1)) for x in (1.0, 2.0, 6.0)])[0].round(9)
    array([[3.]])
    """
    if not parts:
        msg = "parts: expected at least one, got none"
        raise InvalidArgument(msg)
    output, lse = parts[0]
    nothing = np.zeros(output.shape), np.full(lse.shape, -np.inf)
    return functools.reduce(lambda a, b: merge(*a, *b), parts, nothing)


__all__ = ["merge", "merge_all"]
