"""A cache that grows while it is read: which tokens it holds, and what it answers."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Int

from attnspec._checks import check_least, check_places
from attnspec._typing import Alignment, Finite, Positive, Size, Window
from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import definition
from attnspec.reference._cache_steps import CacheStep, Tokens, asked, reads
from attnspec.reference.attention import attention_with_logsumexp


@definition
def tokens_held(steps: Int[np.ndarray, "T 3"], sequences: Size) -> list[list[Tokens]]:
    r"""Say which tokens a cache holds after each step, for each of its sequences.

    .. math:: H' = H \cdot (a, \dots, a + n - 1), \qquad
              H' = H_{:\, |H| - n}, \qquad H' = ()

    The tokens are numbered in the order in which they come, whoever they are for: an
    append takes the next n, from a on.

    Parameters
    ----------
    steps : (T, 3) array of int
        What is done (a ``CacheStep``), with how many tokens, and in which sequence, -1
        for all of them. There are two caches, both empty at first; ``CacheStep.OTHER``
        turns to the one that is not in use.
    sequences : int

    Returns
    -------
    list of list of list of int
        For each step and sequence the tokens in the cache that is in use after it.

    Raises
    ------
    InvalidArgument
        If there is no such step or sequence, a number of tokens is negative, or more
        is taken back than there is.

    References
    ----------
    ``update`` and ``crop`` of the caches of transformers.

    Examples
    --------
    Three tokens, the last two taken back, and one more:

    >>> do = CacheStep
    >>> steps = [(do.APPEND, 3, -1), (do.BACK, 2, -1), (do.APPEND, 1, -1)]
    >>> tokens_held(steps, 1)
    [[[0, 1, 2]], [[0]], [[0, 3]]]

    The second cache knows nothing of the first:

    >>> tokens_held([(do.APPEND, 2, -1), (do.OTHER, 0, -1)], 1)
    [[[0, 1]], [[]]]
    """
    check_places("steps", steps[:, 0], len(CacheStep))
    check_places("steps", steps[:, 2] + 1, sequences + 1)
    check_least("steps", int(steps[:, 1].min(initial=0)), 0)
    used: list[Tokens] = [[] for _ in range(sequences)]
    unused: list[Tokens] = [[] for _ in range(sequences)]
    held: list[list[Tokens]] = []
    come = 0
    for what, count, sequence in steps.tolist():
        kept = 0 if what == CacheStep.RESET else None
        new = list(range(come, come + count)) if what == CacheStep.APPEND else []
        if what == CacheStep.OTHER:
            used, unused = unused, used
        for at in asked(sequence, sequences):
            if what == CacheStep.BACK:
                kept = _kept(used[at], count)
            used[at] = used[at][:kept] + new
        come += len(new)
        held.append(list(used))
    return held


def _kept(tokens: Tokens, count: int) -> int:
    """Return how many tokens are left where so many are taken back."""
    if count > len(tokens):
        msg = f"steps: expected at most {len(tokens)} tokens to go, got {count}"
        raise InvalidArgument(msg)
    return len(tokens) - count


def _taken(steps: Int[np.ndarray, "T 3"], what: CacheStep) -> Int[np.ndarray, "1"]:
    """Return how many tokens or queries all steps of a kind take together."""
    return steps[steps[:, 0] == what, 1].sum(keepdims=True)


@definition
def cache_attention(
    query: Float[np.ndarray, "B Hq L E"],
    key: Float[np.ndarray, "B Hkv N E"],
    value: Float[np.ndarray, "B Hkv N Ev"],
    steps: Int[np.ndarray, "T 3"],
    /,
    *,
    scale: Finite | None = None,
    causal: bool = False,
    window: Window | None = None,
    softcap: Positive | None = None,
    sink: Float[np.ndarray, "Hq"] | None = None,
    alignment: Alignment = "lower_right",
) -> tuple[Float64[np.ndarray, "B Hq L Ev"], Float64[np.ndarray, "B Hq L"]]:
    r"""Attend, at each step that asks, to the tokens that the cache then holds.

    .. math:: o_{Q_t} = \operatorname{attention}(q_{Q_t}, K_{H_t}, V_{H_t})

    Parameters
    ----------
    query : (B, Hq, L, E) array
        The queries of all steps that attend, one behind the other.
    key : (B, Hkv, N, E) array
    value : (B, Hkv, N, Ev) array
        The tokens of all steps that append, one behind the other.
    steps : (T, 3) array of int
        What is done; as `tokens_held` takes it.
    scale, causal, window, softcap, sink, alignment
        As in `attention`. Queries and keys are counted within a step: by default its
        last query stands at the last token.

    Returns
    -------
    output : (B, Hq, L, Ev) array
        Zero for a query that sees no key, or of a sequence that a step does not ask.
    lse : (B, Hq, L) array
        Minus infinity for such a query.

    Raises
    ------
    InvalidArgument
        If the steps append more tokens, or ask more queries, than there are, or as
        `tokens_held` and `attention` do.

    References
    ----------
    Pope et al., "Efficiently Scaling Transformer Inference", 2022,
    :doi:`10.48550/arXiv.2211.05102`.

    Examples
    --------
    >>> import numpy as np
    >>> x, value = np.zeros((1, 1, 2, 1)), np.array([[[[1.0], [3.0]]]])
    >>> do = CacheStep
    >>> append, attend = (do.APPEND, 1, -1), (do.ATTEND, 1, -1)
    >>> cache_attention(x, x, value, [append, attend, append, attend])[0].ravel()
    array([1., 2.])

    What is taken back is not seen:

    >>> steps = [
    ...     (CacheStep.APPEND, 2, -1),
    ...     (CacheStep.BACK, 1, -1),
    ...     (CacheStep.ATTEND, 2, -1),
    ... ]
    >>> cache_attention(x, x, value, steps)[0].ravel()
    array([1., 1.])
    """
    output = np.zeros((*query.shape[:3], value.shape[3]))
    lse = np.full(query.shape[:3], -np.inf)
    for what, array in ((CacheStep.APPEND, key), (CacheStep.ATTEND, query)):
        check_places("steps", _taken(steps, what), array.shape[2] + 1)
    for at, rows, tokens in reads(steps, tokens_held(steps, len(query))):
        found = attention_with_logsumexp(
            query[at : at + 1, :, rows],
            key[at : at + 1, :, tokens],
            value[at : at + 1, :, tokens],
            scale=scale,
            causal=causal,
            window=window,
            softcap=softcap,
            sink=sink,
            alignment=alignment,
        )
        output[at, :, rows], lse[at, :, rows] = (array[0] for array in found)
    return output, lse


__all__ = ["CacheStep", "cache_attention", "tokens_held"]
