"""N to M: a decoder writes tokens until it writes the stop token.

The decoder is the smallest that deserves the name: an embedding with positions,
one causal self-attention, one cross-attention to the encoded source, a logit for
each token of the vocabulary. It decodes greedily, with a cache and without.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float64, Int

from attnspec._checks import check_least, check_places
from attnspec._typing import Count
from attnspec.exceptions import InvalidArgument
from attnspec.reference._arrays import definition, float64
from attnspec.reference.attention import attention
from attnspec.reference.cross_attention import read_set
from attnspec.reference.self_attention import Projections


class Decoder(NamedTuple):
    """What the smallest decoder has learned: V tokens, at most P of them, width D."""

    embedding: Float[np.ndarray, "V D"]
    positions: Float[np.ndarray, "P D"]
    own: Projections
    """How it reads what it has written; values have width D."""
    source: Projections
    """How it reads the encoded source; values have width D."""
    output: Float[np.ndarray, "D V"]


class Cache(NamedTuple):
    """The keys and values of all tokens that were read so far."""

    key: Float64[np.ndarray, "S E"]
    value: Float64[np.ndarray, "S D"]


def _check_decoder(decoder: Decoder) -> None:
    """Demand values of the width D, which are added to vectors."""
    width = decoder.embedding.shape[1]
    for name, reading in (("own", decoder.own), ("source", decoder.source)):
        if reading.value.shape[1] != width:
            found = reading.value.shape[1]
            msg = f"decoder.{name}.value: expected width {width}, got {found}"
            raise InvalidArgument(msg)


@definition
def next_logits(
    memory: Float[np.ndarray, "S D"], tokens: Int[np.ndarray, "L"], decoder: Decoder
) -> Float64[np.ndarray, "V"]:
    r"""Rate every token as the next one, reading all that was written from its start.

    .. math::
        x_i &= \mathit{embedding}_{t_i} + \mathit{positions}_i \\
        y &= x + \operatorname{read}_{\mathit{causal}}(x, x) \\
        z &= y + \operatorname{read}(y, \mathit{memory}) \\
        \mathit{logits} &= z_{L-1} \, \mathit{output}

    Parameters
    ----------
    memory : (S, D) array
        The encoded source.
    tokens : (L,) array of int
        What was written so far, the start token first.
    decoder : Decoder

    Returns
    -------
    (V,) array

    Raises
    ------
    InvalidArgument
        If there is no token, one that the decoder does not know, or one too many.

    References
    ----------
    Vaswani et al., "Attention Is All You Need", 2017, section 3.1, without norms
    and feed-forward layers, :doi:`10.48550/arXiv.1706.03762`.

    Examples
    --------
    >>> import numpy as np
    >>> nothing = Projections(np.zeros((2, 1)), np.zeros((2, 1)), np.zeros((2, 2)))
    >>> echo = Decoder(np.eye(2), np.zeros((4, 2)), nothing, nothing, np.eye(2))
    >>> next_logits(np.zeros((3, 2)), np.array([0, 1]), echo)
    array([0., 1.])
    """
    _check_decoder(decoder)
    check_least("tokens", len(tokens), 1)
    check_places("tokens", tokens, len(decoder.embedding))
    check_places("tokens", np.arange(len(tokens)), len(decoder.positions))
    x = float64(decoder.embedding)[tokens] + float64(decoder.positions)[: len(tokens)]
    y = x + read_set(x, x, decoder.own, causal=True)
    z = y + read_set(y, memory, decoder.source)
    return z[-1] @ float64(decoder.output)


@definition
def cached_logits(
    memory: Cache, token: int, past: Cache, decoder: Decoder
) -> tuple[Float64[np.ndarray, "V"], Cache]:
    r"""Rate every token as the next one, reading only the newest token anew.

    .. math:: K \leftarrow [K; x W_K], \quad V \leftarrow [V; x W_V], \quad
              y = x + \operatorname{attention}(x W_Q, K, V)

    Parameters
    ----------
    memory : Cache
        Keys and values of the source, of the cross-attention.
    token : int
        The newest token; it stands after all tokens of the `past`.
    past : Cache
    decoder : Decoder

    Returns
    -------
    logits : (V,) array
    cache : Cache
        The past with the newest token.

    Raises
    ------
    InvalidArgument
        If the decoder does not know the token, or has no position for it.

    References
    ----------
    Shazeer, "Fast Transformer Decoding: One Write-Head is All You Need", 2019,
    section 2.3, :doi:`10.48550/arXiv.1911.02150`.

    Examples
    --------
    >>> import numpy as np
    >>> nothing = Projections(np.zeros((2, 1)), np.zeros((2, 1)), np.zeros((2, 2)))
    >>> echo = Decoder(np.eye(2), np.zeros((4, 2)), nothing, nothing, np.eye(2))
    >>> memory, past = (cache_of(np.zeros((n, 2)), nothing) for n in (3, 0))
    >>> logits, cache = cached_logits(memory, 1, past, echo)
    >>> logits, len(cache.key)
    (array([0., 1.]), 1)
    """
    _check_decoder(decoder)
    place = len(past.key)
    check_places("token", np.array([token]), len(decoder.embedding))
    check_places("past", np.array([place]), len(decoder.positions))
    x = (float64(decoder.embedding)[token] + float64(decoder.positions)[place])[None]
    new = cache_of(x, decoder.own)
    cache = Cache(*(np.concatenate(pair) for pair in zip(past, new, strict=True)))
    y = x + _answer(x, cache, decoder.own)
    z = y + _answer(y, memory, decoder.source)
    return z[-1] @ float64(decoder.output), cache


@definition
def cache_of(members: Float[np.ndarray, "S D"], reading: Projections) -> Cache:
    r"""Keep the keys and values of a sequence.

    .. math:: K = z W_K, \qquad V = z W_V

    Parameters
    ----------
    members : (S, D) array
        Without members the cache is empty.
    reading : Projections

    Returns
    -------
    Cache

    Examples
    --------
    >>> import numpy as np
    >>> reading = Projections(np.eye(1), 2.0 * np.eye(1), 3.0 * np.eye(1))
    >>> cache_of(np.ones((1, 1)), reading)
    Cache(key=array([[2.]]), value=array([[3.]]))
    """
    z = float64(members)
    return Cache(key=z @ float64(reading.key), value=z @ float64(reading.value))


def _answer(
    readers: Float64[np.ndarray, "L D"], cache: Cache, reading: Projections
) -> Float64[np.ndarray, "L D"]:
    """Attend to what is cached."""
    query = readers @ float64(reading.query)
    return attention(*(array[None, None] for array in (query, *cache)))[0, 0]


@definition
def decode_greedily(
    memory: Float[np.ndarray, "S D"],
    decoder: Decoder,
    *,
    start: int,
    stop: int,
    limit: Count,
    cached: bool = False,
) -> list[int]:
    r"""Write the likeliest token until it is the stop token: M is the model's choice.

    .. math:: t_{n+1} = \operatorname*{argmax}_t \;
              \operatorname{logits}(\mathit{memory}, t_0, \dots, t_n)_t

    Parameters
    ----------
    memory : (S, D) array
        The encoded source.
    decoder : Decoder
    start, stop : int
        Tokens. Neither is part of what is returned.
    limit : int
        The most tokens to write.
    cached : bool
        Keep keys and values instead of computing them at every step. The result
        is the same.

    Returns
    -------
    list of int
        At most `limit` tokens. Of equally likely ones the smallest is taken.

    Raises
    ------
    InvalidArgument
        If the decoder has fewer positions than the limit asks for.

    References
    ----------
    Sutskever, Vinyals and Le, "Sequence to Sequence Learning with Neural
    Networks", 2014, section 3.2, :doi:`10.48550/arXiv.1409.3215`.

    Examples
    --------
    >>> import numpy as np
    >>> nothing = Projections(np.zeros((3, 1)), np.zeros((3, 1)), np.zeros((3, 3)))
    >>> after = np.roll(np.eye(3), 1, axis=1)  # 1 follows 0, 2 follows 1.
    >>> count = Decoder(np.eye(3), np.zeros((9, 3)), nothing, nothing, after)
    >>> decode_greedily(np.zeros((1, 3)), count, start=0, stop=0, limit=9)
    [1, 2]
    """
    if limit > len(decoder.positions):
        places = len(decoder.positions)
        msg = f"limit: expected at most {places}, the number of positions, got {limit}"
        raise InvalidArgument(msg)
    check_places("start", np.array([start]), len(decoder.embedding))
    step = (_cached_step if cached else _plain_step)(memory, decoder)
    tokens = [start]
    while len(tokens) <= limit:
        tokens.append(int(np.argmax(step(tokens))))
        if tokens[-1] == stop:
            return tokens[1:-1]
    return tokens[1:]


def _plain_step(
    memory: Float[np.ndarray, "S D"], decoder: Decoder
) -> Callable[[list[int]], Float64[np.ndarray, "V"]]:
    """Make the step that reads everything from the start."""
    return lambda tokens: next_logits(memory, np.array(tokens), decoder)


def _cached_step(
    memory: Float[np.ndarray, "S D"], decoder: Decoder
) -> Callable[[list[int]], Float64[np.ndarray, "V"]]:
    """Make the step that reads the newest token alone and remembers the others."""
    source = cache_of(memory, decoder.source)
    past = cache_of(float64(decoder.embedding)[:0], decoder.own)

    def step(tokens: list[int]) -> Float64[np.ndarray, "V"]:
        nonlocal past
        logits, past = cached_logits(source, tokens[-1], past, decoder)
        return logits

    return step


__all__ = [
    "Cache",
    "Decoder",
    "cache_of",
    "cached_logits",
    "decode_greedily",
    "next_logits",
]
