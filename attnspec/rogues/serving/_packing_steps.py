"""Steps that are wrong, and unusual ones, of attention of packed sequences."""

from __future__ import annotations

import numpy as np

from attnspec._typing import Array
from attnspec.kernels import tiled_attention
from attnspec.numerics.dtypes import working_dtype
from attnspec.reference import Segment
from attnspec.rogues.serving._keeping import Kept
from attnspec.rogues.serving._packing import (
    Call,
    attended,
    slots,
)
from attnspec.rogues.serving._packing_masks import by_places

Pair = tuple[Array, Array]


def every(length: int, longest: int, size: int) -> slice:
    """Return the rows at a multiple of the longest length."""
    start = min(longest, size)
    return slice(start, min(start + length, size))


def by_longest(call: Call) -> list[Segment]:
    """Let each sequence of keys begin at a multiple of the longest length."""
    keys = call.key.shape[2]
    found = []
    for at, own in enumerate(slots(call)):
        length = own.keys.stop - own.keys.start
        found.append(own._replace(keys=every(length, at * call.max_key, keys)))
    return found


class KeysOfTheLengths:
    """Keep keys and values as long as the sequences have the same lengths."""

    def __init__(self) -> None:
        self._kept = Kept()

    def __call__(self, call: Call) -> Call:
        """Return the call with what was read in the first one with these lengths."""
        pair = call.key, call.value
        key, value = self._kept(pair, [s.keys for s in slots(call)], lambda: pair)
        return call.replace(key=key, value=value)


def query_lengths(call: Call) -> list[Segment]:
    """Read as many keys as there are queries."""
    return [
        own._replace(
            keys=slice(
                own.keys.start, own.keys.start + own.queries.stop - own.queries.start
            )
        )
        for own in slots(call)
    ]


def first_boundary(call: Call) -> list[Segment]:
    """Take all but the first sequence for one."""
    first, *rest = slots(call)
    if not rest:
        return [first]
    queries, keys = (
        slice(getattr(rest[0], n).start, getattr(rest[-1], n).stop)
        for n in ("queries", "keys")
    )
    return [first, Segment(0, queries, keys)]


def one_sequence(call: Call) -> list[Segment]:
    """Take all of them for one."""
    parts = slots(call)
    queries, keys = (
        slice(0, getattr(parts[-1], name).stop) for name in ("queries", "keys")
    )
    return [Segment(0, queries, keys)]


def to_the_end(call: Call) -> list[Segment]:
    """Let the last sequence read on to the end of the arrays."""
    *rest, last = slots(call)
    return [*rest, last._replace(keys=slice(last.keys.start, call.key.shape[2]))]


def whole_slots(call: Call) -> list[Segment]:
    """Read slots to their end, whatever of them is used."""
    return slots(call.replace(used_key=None))


def without_empty(call: Call) -> list[Segment]:
    """Count only sequences that have keys: the keys of later ones move up."""
    parts = slots(call)
    keys = [own.keys for own in parts if own.keys.stop > own.keys.start]
    keys += [slice(0, 0)] * (len(parts) - len(keys))
    return [own._replace(keys=k) for own, k in zip(parts, keys, strict=True)]


def tail_tile(call: Call, segment: Segment, at: int) -> Pair:
    """Read tiles of 8 keys to their end, which may lie in the next sequence."""
    start, stop = segment.keys.start, segment.keys.stop
    whole = min(start + -(-(stop - start) // 8) * 8, call.key.shape[2])
    if call.options["causal"] or call.options["window"]:
        return attended(call, segment, at)
    return attended(call, segment._replace(keys=slice(start, whole)), at)


def unwritten(call: Call, output: Array, lse: Array) -> Pair:
    """Leave the row before a sequence without keys as it was."""
    for own in slots(call):
        if own.keys.stop == own.keys.start and own.queries.start:
            output[:, :, own.queries.start - 1] = np.nan
    return output, lse


def swapped(call: Call, output: Array, lse: Array) -> Pair:  # noqa: ARG001 - a step's form
    """Write logsumexps row by row where they are read head by head."""
    _, heads, rows = lse.shape
    return output, np.ascontiguousarray(lse.swapaxes(1, 2)).reshape(1, heads, rows)


def cut(call: Call) -> list[Segment]:
    """Answer as many queries as fit into whole tiles of 4 of the longest sequence."""
    most = max(1, call.max_query // 4 * 4)
    return [
        own._replace(
            queries=slice(
                own.queries.start, min(own.queries.stop, own.queries.start + most)
            )
        )
        for own in slots(call)
    ]


def heads_of_queries(call: Call) -> list[Segment]:
    """Multiply the offset of the keys by the number of query heads in each group."""
    group = call.query.shape[1] // call.key.shape[1]
    size = call.key.shape[2]
    return [
        own._replace(
            keys=slice(
                min(own.keys.start * group, size),
                min(own.keys.start * group + own.keys.stop - own.keys.start, size),
            )
        )
        for own in slots(call)
    ]


def past_tile(call: Call, segment: Segment, at: int) -> Pair:
    """Load keys behind the end of a sequence, and give them a weight of zero."""
    stop = segment.keys.stop
    more = min(stop + 8, call.key.shape[2])
    output, lse = attended(call, segment, at)
    behind = call.value[:, :, stop:more].astype(np.float32).sum(2, keepdims=True)
    group = call.query.shape[1] // call.key.shape[1]
    nothing = 0 * behind.repeat(group, 1)
    return (output + nothing).astype(output.dtype), lse


def filled(call: Call, segment: Segment, at: int) -> Pair:
    """Hide the keys behind the end of a sequence by a bias of -10,000."""
    if call.options["causal"] or call.options["window"]:
        return attended(call, segment, at)
    more = min(segment.keys.stop + 8, call.key.shape[2])
    keys = slice(segment.keys.start, more)
    hidden = np.arange(keys.start, keys.stop) >= segment.keys.stop
    wide = working_dtype(call.query.dtype)
    bias = np.where(hidden, -1e4, 0.0).astype(wide)[None]
    options = dict(call.options)
    found = tiled_attention(
        call.query[:, :, segment.queries],
        call.key[:, :, keys],
        call.value[:, :, keys],
        bias=bias,
        return_lse=True,
        **options,
    )
    return found[0], found[1]


def halves(call: Call) -> Call:
    """Read sums of 64 bits as if they had 32."""
    if call.cu_query.dtype == np.int32:
        return call
    sums = {
        name: getattr(call, name).view(np.int32)[: call.count + 1]
        for name in ("cu_query", "cu_key")
    }
    return call.replace(
        **{name: np.maximum.accumulate(each) for name, each in sums.items()}
    )


def upper_left(call: Call, segment: Segment, at: int) -> Pair:
    """Align at the first query and key, by more queries than are asked for."""
    queries = segment.queries.stop - segment.queries.start
    keys = segment.keys.stop - segment.keys.start
    if queries == keys or not (call.options["causal"] or call.options["window"]):
        return attended(call, segment, at)
    mask = by_places(np.arange(queries), np.arange(keys), call)
    plain = call.without("causal", "window")
    found = tiled_attention(
        plain.query[:, :, segment.queries],
        plain.key[:, :, segment.keys],
        plain.value[:, :, segment.keys],
        mask=mask,
        return_lse=True,
        **plain.options,
    )
    return found[0], found[1]


def empty_plus(call: Call, output: Array, lse: Array) -> Pair:  # noqa: ARG001 - a step's form
    """Write plus infinity where a query sees no key."""
    return output, np.where(np.isneginf(lse), np.inf, lse)


def in_16_bits(call: Call, output: Array, lse: Array) -> Pair:  # noqa: ARG001 - a step's form
    """Leave the rows beyond those that 16 bits count as they were."""
    output[:, :, 2**16 :] = 0
    return output, lse


def binary(call: Call, output: Array, lse: Array) -> Pair:  # noqa: ARG001 - a step's form
    """Return logsumexps to base two."""
    return output, lse / lse.dtype.type(np.log(2.0))


def unsunk_lse(call: Call, segment: Segment, at: int) -> Pair:
    """Leave the sink out of the logsumexp."""
    output, _ = attended(call, segment, at)
    return output, attended(call.without("sink"), segment, at)[1]


def rows_with_keys(call: Call, output: Array, out: Array) -> None:
    """Write no row of a sequence without keys."""
    for own in slots(call):
        if own.keys.stop > own.keys.start:
            out[own.queries] = output[own.queries]


def backward(call: Call) -> list[Segment]:
    """Go through the sequences from the last one on."""
    return slots(call)[::-1]


__all__ = [
    "backward",
    "binary",
    "by_longest",
    "cut",
    "empty_plus",
    "filled",
    "first_boundary",
    "halves",
    "heads_of_queries",
    "in_16_bits",
    "one_sequence",
    "past_tile",
    "query_lengths",
    "rows_with_keys",
    "swapped",
    "tail_tile",
    "to_the_end",
    "unsunk_lse",
    "unwritten",
    "upper_left",
    "whole_slots",
    "without_empty",
]
