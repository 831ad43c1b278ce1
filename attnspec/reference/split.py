"""Attention over parts of the keys, merged by their logsumexp into the whole.

A pair (output, lse) says all that must be known of a part. Merging is associative
and commutative, and a part without visible keys is its neutral element: this is
why the keys may be split among tiles, threads or machines, in any order.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

from attnspec._typing import Alignment, Window
from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import float64, ieee
from attnspec.reference._problem import Problem, reduced
from attnspec.reference.attention import weighted_sum
from attnspec.reference.softmax import logsumexp, softmax


@ieee
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
    lse : (...) array

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
    return functools.reduce(lambda a, b: merge(*a, *b), parts)


def split_attention(
    query: Float[np.ndarray, "B Hq L E"],
    key: Float[np.ndarray, "B Hkv S E"],
    value: Float[np.ndarray, "B Hkv S Ev"],
    /,
    *,
    parts: Sequence[Int[np.ndarray, "_"]],
    mask: Bool[np.ndarray, "..."] | None = None,
    bias: Float[np.ndarray, "..."] | None = None,
    scale: float | None = None,
    causal: bool = False,
    window: Window | None = None,
    softcap: float | None = None,
    sink: Float[np.ndarray, "Hq"] | None = None,
    alignment: Alignment = "lower_right",
) -> tuple[Float64[np.ndarray, "B Hq L Ev"], Float64[np.ndarray, "B Hq L"]]:
    r"""Attend to each part of the keys on its own and merge what comes out.

    .. math:: \operatorname{attention}(q, K, V) = \operatorname*{merge}_n \;
              \operatorname{attention}(q, K_n, V_n)

    What a query sees is settled before the split, on the axis of all keys. The
    sink joins once, as a part with a logsumexp and no output.

    Parameters
    ----------
    query : (B, Hq, L, E) array
    key : (B, Hkv, S, E) array
    value : (B, Hkv, S, Ev) array
    parts : sequence of arrays of int
        A partition of the key indices: each key in one part, in any order.
    mask, bias, scale, causal, window, softcap, sink, alignment
        As in `attention`.

    Returns
    -------
    output : (B, Hq, L, Ev) array
    lse : (B, Hq, L) array

    Raises
    ------
    InvalidArgument
        If the parts are no partition, or as `attention` does.

    References
    ----------
    Dao, Haziza, Massa and Sizov, "Flash-Decoding for long-context inference",
    2023; Liu, Zaharia and Abbeel, "Ring Attention with Blockwise Transformers
    for Near-Infinite Context", 2023, :doi:`10.48550/arXiv.2310.01889`.

    Examples
    --------
    >>> import numpy as np
    >>> query, key = np.zeros((1, 1, 1, 2)), np.zeros((1, 1, 3, 2))
    >>> value = np.array([[[[0.0], [3.0], [6.0]]]])
    >>> parts = [np.array([2, 0]), np.array([1])]
    >>> split_attention(query, key, value, parts=parts)[0].round(9)
    array([[[[3.]]]])
    """
    _check_partition(parts, key.shape[2])
    problem = reduced(
        query, key, value, mask, bias, scale, causal, window, softcap, sink, alignment
    )
    return merge_all([_sink_part(problem), *(_key_part(problem, p) for p in parts)])


def _sink_part(
    problem: Problem,
) -> tuple[Float64[np.ndarray, "B Hq L Ev"], Float64[np.ndarray, "B Hq L"]]:
    """Give the part of the sink; without a sink it is the empty part."""
    rows = problem.scores.shape[:-1]
    nothing = np.zeros((*rows, problem.value.shape[-1]))
    return nothing, np.broadcast_to(problem.sink, rows)


def _key_part(
    problem: Problem, part: Int[np.ndarray, "_"]
) -> tuple[Float64[np.ndarray, "B Hq L Ev"], Float64[np.ndarray, "B Hq L"]]:
    """Attend to one part of the keys."""
    scores, visible = problem.scores[..., part], problem.visible[..., part]
    output = weighted_sum(softmax(scores, visible), problem.value[:, :, part], visible)
    return output, logsumexp(scores, visible)


def _check_partition(parts: Sequence[Int[np.ndarray, "_"]], keys: int) -> None:
    """Demand every key index once."""
    indices = np.concatenate([np.empty(0, dtype=np.intp), *parts])
    if not np.array_equal(np.sort(indices), np.arange(keys)):
        msg = f"parts: expected every key from 0 to {keys - 1} once, got {parts}"
        raise InvalidArgument(msg)


__all__ = ["merge", "merge_all", "split_attention"]
