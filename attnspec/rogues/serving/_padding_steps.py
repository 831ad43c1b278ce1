"""Steps that are wrong, and unusual ones, of attention of padded sequences."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.kernels import tiled_attention
from attnspec.numerics.dtypes import working_dtype
from attnspec.rogues.serving._keeping import Kept
from attnspec.rogues.serving._padding import (
    Call,
    Lengths,
    Pair,
    attended,
    given,
    masked,
    real,
)


class KeysOfTheLengths:
    """Keep keys and values as long as the sequences have the same lengths."""

    def __init__(self) -> None:
        self._kept = Kept()

    def __call__(self, call: Call, visible: Array, lengths: Lengths) -> Pair:
        """Attend to what was read in the first call with these lengths."""
        pair = call.key, call.value
        key, value = self._kept(pair, [n.tolist() for n in lengths], lambda: pair)
        return attended(call.replace(key=key, value=value), visible, lengths)


def one_more(call: Call) -> Lengths:
    """Read one key more than there are."""
    queries, keys = given(call)
    return queries, np.minimum(keys + 1, call.sizes[2])


def of_the_first(call: Call) -> Lengths:
    """Take the lengths of the first sequence for all."""
    queries, keys = given(call)
    return np.full_like(queries, queries[0]), np.full_like(keys, keys[0])


def none_given(call: Call) -> Lengths:
    """Take the lengths of the arrays."""
    return given(call.replace(query_lengths=None, key_lengths=None))


def dropped_alone(call: Call) -> Lengths:
    """Forget the lengths of a single sequence."""
    return none_given(call) if call.sizes[0] == 1 else given(call)


def unless_both(call: Call) -> Lengths:
    """Read the lengths only if both of them are given."""
    both = call.query_lengths is not None and call.key_lengths is not None
    return given(call) if both else none_given(call)


def queries_for_keys(call: Call) -> Lengths:
    """Apply the lengths of the queries to the keys, too."""
    queries, keys = given(call)
    return queries, keys if call.query_lengths is None else np.minimum(keys, queries)


def first_alone(call: Call) -> Lengths:
    """Give one number for all to the first sequence, and none to the others."""
    queries, keys = given(call)
    if call.key_lengths is None or len(call.key_lengths) == len(keys):
        return queries, keys
    rest = np.arange(len(keys)) > 0
    return queries, np.where(rest, call.sizes[2], keys)


def halves(call: Call) -> Lengths:
    """Read lengths of 64 bits as if they had 32."""
    halves = {
        name: lengths.view(np.int32)[: len(lengths)]
        for name, lengths in (
            ("query_lengths", call.query_lengths),
            ("key_lengths", call.key_lengths),
        )
        if lengths is not None and lengths.dtype == np.int64
    }
    return given(call.replace(**halves))


def by_sizes(call: Call, lengths: Lengths) -> Array:
    """Let the last row of the queries stand at the last row of the keys."""
    _, queries, keys = call.sizes
    return np.full_like(lengths[0], keys - queries)


def by_queries(call: Call, lengths: Lengths) -> Array:
    """Let the last row of the queries stand at the last key."""
    return lengths[1] - call.sizes[1]


def from_the_first(call: Call, lengths: Lengths) -> Array:  # noqa: ARG001 - a step's form
    """Let the first query stand at the first key."""
    return np.zeros_like(lengths[0])


def seen_behind(call: Call) -> Array:
    """Show the keys that the mask lacks."""
    if call.mask is None:
        return masked(call)
    missing = call.sizes[2] - call.mask.shape[3]
    rest = ((0, 0), (0, 0), (0, 0), (0, missing))
    return np.pad(call.mask, rest, constant_values=True)


def biased(call: Call, hidden: Array, number: float) -> Array:
    """Return the bias with a number where a key is hidden."""
    wide = working_dtype(call.query.dtype)
    bias = np.zeros(1, wide) if call.bias is None else call.bias.astype(wide)
    return np.where(hidden, wide.type(number), bias)


def filled(call: Call, visible: Array, lengths: Lengths) -> Pair:
    """Hide padding by a bias of -10,000, and read it."""
    found = tiled_attention(
        call.query,
        call.key,
        call.value,
        mask=visible,
        bias=biased(call, ~real(call, lengths), -1e4),
        return_lse=True,
        **call.options,
    )
    return found[0], found[1]


def capped_after(call: Call, visible: Array, lengths: Lengths) -> Pair:
    """Hide padding by a score of -10,000, and bend the scores after that."""
    cap = call.options["softcap"]
    if cap is None or (np.arange(call.sizes[2]) < lengths[1][:, None]).all():
        return attended(call, visible, lengths)
    wide = working_dtype(call.query.dtype)
    size = call.query.shape[3] ** -0.5
    scale = size if call.options["scale"] is None else call.options["scale"]
    key = call.key.astype(wide).repeat(call.query.shape[1] // call.key.shape[1], 1)
    query = (call.query * scale).astype(wide)
    scores: Array = query @ key.swapaxes(2, 3)
    scores = cap * np.tanh(np.where(real(call, lengths), scores, wide.type(-1e4)) / cap)
    bias = scores if call.bias is None else scores + call.bias.astype(wide)
    found = tiled_attention(
        np.zeros_like(call.query),
        np.zeros_like(call.key),
        call.value,
        mask=visible,
        bias=bias,
        sink=call.options["sink"],
        return_lse=True,
    )
    return found[0], found[1]


def times_zero(call: Call, visible: Array, lengths: Lengths) -> Pair:
    """Multiply the values of padding by a weight of zero."""
    output, lse = attended(call, visible, lengths)
    rest = np.where(real(call, lengths).swapaxes(2, 3), 0, call.value)
    group = call.query.shape[1] // call.key.shape[1]
    nothing = 0 * rest.astype(np.float32).sum(2, keepdims=True).repeat(group, 1)
    return (output + nothing).astype(output.dtype), lse


def tail_tile(call: Call) -> Lengths:
    """Read tiles of 8 keys to their end."""
    queries, keys = given(call)
    if call.key_lengths is None:
        return queries, keys
    return queries, np.minimum(-(-keys // 8) * 8, call.sizes[2])


def tailed(call: Call, lengths: Lengths) -> Array:  # noqa: ARG001 - a step's form
    """Align by the lengths as they are given."""
    queries, keys = given(call)
    return keys - queries


def mean(call: Call, output: Array, lse: Array) -> Pair:
    """Answer a query without keys by the mean of the padding."""
    mean = call.value.astype(lse.dtype).mean(2, keepdims=True)
    group = call.query.shape[1] // call.key.shape[1]
    none = np.isneginf(lse)[..., None]
    return np.where(none, mean.repeat(group, 1), output).astype(output.dtype), lse


def rows_hidden(call: Call, output: Array, lse: Array) -> Pair:
    """Hide queries by the lengths of the keys, too."""
    if call.key_lengths is None:
        return output, lse
    _, keys = given(call)
    rows = np.arange(call.sizes[1]) < keys[:, None, None]
    return np.where(rows[..., None], output, 0).astype(output.dtype), lse


def zero_past(call: Call, output: Array, lse: Array) -> Pair:
    """Answer padding with zero."""
    rows = np.arange(call.sizes[1]) < given(call)[0][:, None, None]
    return np.where(rows[..., None], output, 0).astype(output.dtype), lse


def nan_past(call: Call, output: Array, lse: Array) -> Pair:
    """Leave rows unwritten that are padding."""
    rows = np.arange(call.sizes[1]) < given(call)[0][:, None, None]
    return np.where(rows[..., None], output, np.nan).astype(output.dtype), lse


def in_16_bits(call: Call, output: Array, lse: Array) -> Pair:  # noqa: ARG001 - a step's form
    """Leave the rows beyond those that 16 bits count as they were."""
    output[:, :, 2**16 :] = 0
    return output, lse


def binary(call: Call, output: Array, lse: Array) -> Pair:  # noqa: ARG001 - a step's form
    """Return logsumexps to base two."""
    return output, lse / lse.dtype.type(np.log(2.0))


def last_places(call: Call) -> Lengths:
    """Read the place of the last key for its length."""
    queries, keys = given(call)
    return queries, keys if call.key_lengths is None else keys + 1


__all__ = [
    "binary",
    "by_queries",
    "by_sizes",
    "capped_after",
    "dropped_alone",
    "filled",
    "first_alone",
    "from_the_first",
    "halves",
    "in_16_bits",
    "last_places",
    "mean",
    "nan_past",
    "of_the_first",
    "one_more",
    "queries_for_keys",
    "rows_hidden",
    "seen_behind",
    "tail_tile",
    "tailed",
    "times_zero",
    "unless_both",
    "zero_past",
]
