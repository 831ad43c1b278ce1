"""Attention over parts of the keys, merged by their logsumexp into the whole.

Merging is associative and commutative: this is why the keys may be split among
tiles, threads or machines, in any order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

from attnspec._typing import Alignment, Finite, Positive, Window
from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import definition
from attnspec.reference._problem import Problem, reduced
from attnspec.reference.attention import weighted_sum
from attnspec.reference.merge import merge_all
from attnspec.reference.softmax import logsumexp, softmax


@definition
def split_attention(
    query: Float[np.ndarray, "B Hq L E"],
    key: Float[np.ndarray, "B Hkv S E"],
    value: Float[np.ndarray, "B Hkv S Ev"],
    /,
    *,
    parts: Sequence[Int[np.ndarray, "_"]],
    mask: Bool[np.ndarray, "..."] | None = None,
    bias: Float[np.ndarray, "..."] | None = None,
    scale: Finite | None = None,
    causal: bool = False,
    window: Window | None = None,
    softcap: Positive | None = None,
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


__all__ = ["split_attention"]
