"""Steps that are wrong, and unusual ones, of attention over pages."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.numerics.dtypes import working_dtype
from attnspec.rogues.serving._keeping import Kept
from attnspec.rogues.serving._padding import Call, Lengths, Pair, attended, near
from attnspec.rogues.serving._paging import Places, Pool, behind_table, gathered


def physical(pool: Pool) -> Places:
    """Take the number of a page in its sequence for its number in the pool."""
    numbers = np.arange(pool.table.shape[1])
    return behind_table(pool.replace(table=np.tile(numbers, (len(pool.table), 1))))


def room_of_its_own(pool: Pool) -> Places:
    """Let the pages of a sequence lie behind each other in a room of its own."""
    numbers = np.arange(pool.table.size).reshape(pool.table.shape)
    return behind_table(pool.replace(table=numbers))


def first_row(pool: Pool) -> Places:
    """Read the first sequence's row of the table for all."""
    table = np.broadcast_to(pool.table[:1], pool.table.shape)
    return behind_table(pool.replace(table=table))


def narrow_rows(pool: Pool) -> Places:
    """Read a table whose rows are as wide as the longest sequence."""
    width = max(1, int(pool.counts.max()))
    batch = len(pool.table)
    dense = pool.table.ravel()[: batch * width].reshape(batch, width)
    pages, slots = behind_table(pool)
    first, _ = behind_table(pool.replace(table=dense))
    return np.concatenate([first, pages[:, first.shape[1] :]], axis=1), slots


def sequences_with_tokens(pool: Pool, output: Array, out: Array) -> None:
    """Write no answer of a sequence without tokens."""
    out[pool.lengths > 0] = output[pool.lengths > 0]


class PlannedByShape:
    """Read the table of the first call for all that have its shapes."""

    def __init__(self) -> None:
        self._plans: dict[tuple[tuple[int, ...], ...], Array] = {}

    def __call__(self, pool: Pool) -> Places:
        """Return where each token would lie if the plan still held."""
        shapes = pool.query.shape, pool.key_pages.shape, pool.table.shape
        plan = self._plans.setdefault(shapes, np.array(pool.table))
        return behind_table(pool.replace(table=plan))


class KeysOfThePlan:
    """Gather keys and values once for each table, and for lengths beside it."""

    def __init__(self) -> None:
        self._kept = Kept()

    def __call__(self, pool: Pool, places: Places) -> Pair:
        """Return what lay at these places in the first call with them."""
        plan = pool.table.tolist(), pool.lengths.tolist()
        pools = pool.key_pages, pool.value_pages
        return self._kept(pools, plan, lambda: gathered(pool, places))


def pages_of_16(pool: Pool) -> Places:
    """Take pages of more than 16 slots for two of 16."""
    if pool.page <= 16:
        return behind_table(pool)
    pages, slots = behind_table(pool)
    return pages, slots % 16


def next_half(pool: Pool) -> Places:
    """Read the second half of a page of 8 and more from the page behind it."""
    pages, slots = behind_table(pool)
    second = (slots >= pool.page // 2) & (pool.page >= 8)
    return pages + second, slots


def pool_order(pool: Pool) -> Places:
    """Read the full pages of a sequence in their order in the pool."""
    table = pool.table.copy()
    for row, length in zip(table, pool.lengths, strict=True):
        full = length // pool.page
        row[:full] = np.sort(row[:full])
    return behind_table(pool.replace(table=table))


def wrapped(pool: Pool) -> Places:
    """Take the pool for no larger than what the table has room for."""
    return behind_table(pool.replace(table=pool.table % pool.table.size))


def owners_alone(pool: Pool) -> Places:
    """Read a page that an earlier sequence has as the one behind it."""
    table, taken = pool.table.copy(), set[int]()
    for row, count in zip(table, pool.counts, strict=True):
        own = set(row[:count].tolist())
        row[:count] += np.isin(row[:count], sorted(taken))
        taken |= own
    return behind_table(pool.replace(table=table))


def halves(pool: Pool) -> Places:
    """Read a table of 64 bits as if it had 32."""
    if pool.table.dtype != np.int64:
        return behind_table(pool)
    narrow = np.ascontiguousarray(pool.table).view(np.int32)
    table = narrow.ravel()[: pool.table.size].reshape(pool.table.shape)
    return behind_table(pool.replace(table=table))


def last_page_full(pool: Pool) -> Array:
    """Read the last page to its end."""
    return pool.counts * pool.page


def full_is_empty(pool: Pool) -> Array:
    """Read nothing of a last page that is full."""
    rest = pool.lengths % pool.page
    alone = pool.page == 1
    return np.asarray(pool.lengths if alone else (pool.counts - 1) * pool.page + rest)


def empty_is_one(pool: Pool) -> Array:
    """Read a page of a sequence that has none."""
    return np.where(pool.lengths == 0, pool.page, pool.lengths)


def counted_entries(pool: Pool) -> Array:
    """Take a sequence for as long as the entries that are not negative, at least."""
    entries = (pool.table >= 0).sum(axis=1)
    return np.maximum(pool.lengths, (entries - 1) * pool.page)


def page_begun(pool: Pool) -> Array:
    """Read one token more where the last page is full."""
    room = pool.table.shape[1] * pool.page
    full = (pool.lengths % pool.page == 0) & (pool.lengths > 0)
    return np.minimum(pool.lengths + full, room)


def ends_at_a_hole(pool: Pool) -> Array:
    """Let a sequence end with the first entry that is negative."""
    holes = pool.table < 0
    first = np.where(holes.any(axis=1), holes.argmax(axis=1), pool.table.shape[1])
    return np.minimum(pool.lengths, first * pool.page)


def keys_as_values(pool: Pool, places: Places) -> Pair:
    """Read the pool of the keys for values that are as wide."""
    key, value = gathered(pool, places)
    return (key, key) if key.shape == value.shape else (key, value)


def one_tile(pool: Pool, places: Places) -> Pair:
    """Read the values of two pages from the first of them."""
    pages, slots = places
    before = np.arange(pages.shape[1]) // pool.page % 2 == 1
    first = np.where(before, np.roll(pages, pool.page, axis=1), pages)
    return gathered(pool, places)[0], gathered(pool, (first, slots))[1]


def as_dense(pool: Pool, places: Places) -> Pair:
    """Read pools as if they were dense."""
    return gathered(pool.replace(key_pages=_dense(pool.key_pages)), places)[0], (
        gathered(pool.replace(value_pages=_dense(pool.value_pages)), places)[1]
    )


def _dense(pages: Array) -> Array:
    """Return what lies in memory where a dense array would."""
    strides = np.empty(pages.shape, pages.dtype).strides
    return np.lib.stride_tricks.as_strided(pages, pages.shape, strides)


def guessed_layout(pool: Pool, places: Places) -> Pair:
    """Take the axis that is as long as there are heads for that of the heads."""
    _, page, heads, _ = pool.key_pages.shape
    if page != heads:
        return gathered(pool, places)
    turned = (a.swapaxes(1, 2) for a in (pool.key_pages, pool.value_pages))
    key_pages, value_pages = turned
    return gathered(pool.replace(key_pages=key_pages, value_pages=value_pages), places)


def late_window(call: Call, starts: Array) -> Array:
    """Let a window begin with the first of its tiles of two keys that is full."""
    seen = near(call, starts)
    if call.window is None or call.window[0] is None:
        return seen
    first = np.argmax(seen, axis=-1)
    keys = np.arange(call.sizes[2])
    return seen & (keys >= -(-first // 2)[..., None] * 2)


def to_the_tile(call: Call, starts: Array) -> Array:
    """Show several queries the keys up to the end of a tile of two."""
    if not call.causal or call.sizes[1] == 1:
        return near(call, starts)
    here = starts[:, None, None, None] + np.arange(call.sizes[1])[:, None]
    before = np.arange(call.sizes[2]) // 2 <= here // 2
    return near(call.replace(causal=False), starts) & before


def binary(pool: Pool, output: Array, lse: Array) -> Pair:  # noqa: ARG001 - a step's form
    """Return logsumexps to base two."""
    return output, lse / lse.dtype.type(np.log(2.0))


def positive(pool: Pool, output: Array, lse: Array) -> Pair:  # noqa: ARG001 - a step's form
    """Return plus infinity for the logsumexp of none."""
    return output, np.where(np.isneginf(lse), np.inf, lse).astype(lse.dtype)


def lowest(pool: Pool, output: Array, lse: Array) -> Pair:  # noqa: ARG001 - a step's form
    """Return the lowest number for the logsumexp of none."""
    return output, np.maximum(lse, np.finfo(lse.dtype).min)


def _joined(parts: list[Pair]) -> Pair:
    """Weigh parts by their shares of the sum of all exponentials, below the largest."""
    outputs, lses = (
        np.stack(each).astype(np.float64) for each in zip(*parts, strict=True)
    )
    peak = lses.max(axis=0)
    peak = np.where(np.isfinite(peak), peak, 0.0)
    shares = np.exp(lses - peak)
    total = shares.sum(axis=0)
    mean = (shares[..., None] * outputs).sum(axis=0)
    some = np.where(total == 0.0, 1.0, total)[..., None]
    return mean / some, np.log(total) + peak


def in_parts(size: int) -> Any:
    """Return what attends to so many keys at a time, and merges what it found."""

    def attend(call: Call, visible: Array, lengths: Lengths) -> Pair:
        wide = working_dtype(call.query.dtype)
        parts = []
        for start in range(0, max(1, call.sizes[2]), size):
            own = slice(start, start + size)
            arrays = {"query": call.query, "key": call.key[:, :, own]}
            arrays["value"] = call.value[:, :, own]
            options = call.options | ({"sink": None} if start else {})
            some = call.replace(
                **{name: a.astype(wide) for name, a in arrays.items()}, options=options
            )
            left = lengths[0], lengths[1] - start
            parts.append(attended(some, visible[..., own], left))
        output, lse = _joined(parts)
        return output.astype(call.query.dtype), lse.astype(wide)

    return attend


def one_by_one(call: Call, visible: Array, lengths: Lengths) -> Pair:
    """Attend with one query of one head at a time."""
    (batch, heads, queries, width), keys = call.query.shape, call.key.shape[2]
    group = heads // call.key.shape[1]
    output = np.zeros((batch, heads, queries, call.value.shape[3]))
    lse = np.full((batch, heads, queries), -np.inf)
    scale = call.options["scale"]
    scale = width**-0.5 if scale is None else scale
    whole = np.broadcast_to(visible, (batch, 1, queries, keys))
    for b, h, i in np.ndindex(batch, heads, queries):
        own = np.flatnonzero(whole[b, 0, i, : lengths[1][b]])
        key, value = (
            a[b, h // group, own].astype(np.float64) for a in (call.key, call.value)
        )
        scores = scale * (key @ call.query[b, h, i].astype(np.float64))
        if (cap := call.options["softcap"]) is not None:
            scores = cap * np.tanh(scores / cap)
        sink = call.options["sink"]
        every = scores if sink is None else np.append(scores, np.float64(sink[h]))
        if every.size:
            peak = every.max()
            total = np.exp(every - peak).sum()
            output[b, h, i] = np.exp(scores - peak) @ value / total
            lse[b, h, i] = peak + np.log(total)
    wide = working_dtype(call.query.dtype)
    return output.astype(call.query.dtype), lse.astype(wide)


__all__ = [
    "PlannedByShape",
    "as_dense",
    "binary",
    "counted_entries",
    "empty_is_one",
    "ends_at_a_hole",
    "first_row",
    "full_is_empty",
    "guessed_layout",
    "halves",
    "in_parts",
    "keys_as_values",
    "last_page_full",
    "late_window",
    "lowest",
    "narrow_rows",
    "next_half",
    "one_by_one",
    "one_tile",
    "owners_alone",
    "page_begun",
    "pages_of_16",
    "physical",
    "pool_order",
    "positive",
    "room_of_its_own",
    "sequences_with_tokens",
    "to_the_tile",
    "wrapped",
]
