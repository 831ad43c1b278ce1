"""Functions that put tokens into pages, right and wrong, in steps of their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np

from attnspec._typing import Array

Places = tuple[Array, Array]
"""Of each new token its page and its slot (B, N)."""


@dataclasses.dataclass(frozen=True)
class New:
    """A call: its arrays, and how many tokens each sequence gets."""

    key: Array
    value: Array
    key_pages: Array
    value_pages: Array
    table: Array
    lengths: Array
    counts: Array

    @property
    def page(self) -> int:
        """How many slots a page has."""
        return self.key_pages.shape[1]

    @property
    def positions(self) -> Array:
        """The number of each new token in its sequence (B, N)."""
        return self.lengths[:, None] + np.arange(self.key.shape[1])

    @property
    def wanted(self) -> Array:
        """True for the tokens that are to be put there (B, N)."""
        return np.arange(self.key.shape[1]) < self.counts[:, None]

    def replace(self, **changes: Any) -> New:
        """Return the same call with some of it changed."""
        return dataclasses.replace(self, **changes)


def located(new: New, positions: Array) -> Places:
    """Return page and slot of tokens with these numbers."""
    entries, slots = np.divmod(positions, new.page)
    inside = np.clip(entries, 0, new.table.shape[1] - 1)
    return np.take_along_axis(new.table, inside, axis=1), slots


def behind(new: New) -> Places:
    """Return where each new token belongs."""
    return located(new, new.positions)


def scattered(pages: Array, tokens: Array, places: Places, wanted: Array) -> None:
    """Write all tokens at once."""
    numbers, slots = (np.broadcast_to(each, wanted.shape)[wanted] for each in places)
    inside = np.clip(numbers, 0, len(pages) - 1), np.clip(slots, 0, pages.shape[1] - 1)
    pages[inside] = tokens[wanted]


def written(new: New, places: Places) -> None:
    """Write keys and values."""
    scattered(new.key_pages, new.key, places, new.wanted)
    scattered(new.value_pages, new.value, places, new.wanted)


def given(new: New) -> New:
    """Take the call as it is."""
    return new


@dataclasses.dataclass(frozen=True)
class Append:
    """What is called with new tokens and pools, and writes in steps of its own."""

    read: Callable[[New], New] = given
    places: Callable[[New], Places] = behind
    write: Callable[[New, Places], None] = written
    copies: bool = False

    def __call__(
        self,
        key: Array,
        value: Array,
        key_pages: Array,
        value_pages: Array,
        table: Array,
        lengths: Array,
        *,
        counts: Array | None = None,
    ) -> Any:
        """Put new tokens into their slots; return pools that are copies."""
        pools = key_pages, value_pages
        if self.copies:
            key_pages, value_pages = pools = key_pages.copy(), value_pages.copy()
        if counts is None:
            counts = np.full(len(key), key.shape[1])
        new = self.read(New(key, value, *pools, table, lengths, counts))
        with np.errstate(all="ignore"):
            self.write(new, self.places(new))
        return pools if self.copies else None


def by_page_of_the_last(new: New) -> Places:
    """Put all new tokens into the page of the last one."""
    _, slots = behind(new)
    last = np.maximum(new.lengths + new.counts - 1, 0)
    pages, _ = located(new, np.broadcast_to(last[:, None], slots.shape))
    return pages, slots


def full_page_again(new: New) -> Places:
    """Put a token that begins a page into the page before it."""
    pages, _ = located(new, np.maximum(new.positions - 1, 0))
    return pages, new.positions % new.page


def physical(new: New) -> Places:
    """Take the number of a page in its sequence for its number in the pool."""
    return new.positions // new.page, new.positions % new.page


def one_late(new: New) -> Places:
    """Leave a slot free behind the last token."""
    return located(new, new.positions + 1)


def from_the_start(new: New) -> Places:
    """Put the first new token into the first slot of its sequence."""
    return located(new, new.positions - new.lengths[:, None])


def by_the_first(new: New) -> Places:
    """Take the length of the first sequence for that of all."""
    return located(new, new.positions - new.lengths[:, None] + new.lengths[0])


def wrapped(new: New) -> Places:
    """Take the pool for no larger than what the table has room for."""
    pages, slots = behind(new)
    return pages % new.table.size, slots


def pages_of_16(new: New) -> Places:
    """Take pages of more than 16 slots for pages of 16."""
    pages, slots = behind(new)
    return pages, slots % 16


def by_entries(new: New) -> Places:
    """Take the last entry that is not negative for the page of the last token."""
    pages, slots = behind(new)
    last = np.cumsum(new.table >= 0, axis=1).argmax(axis=1)
    entries = new.positions // new.page
    ends = np.maximum(new.lengths + new.counts - 1, 0) // new.page
    own = np.take_along_axis(new.table, last[:, None], axis=1)
    return np.where(entries == ends[:, None], own, pages), slots


def narrow_rows(new: New) -> Places:
    """Read a table whose rows are as wide as the longest sequence."""
    batch, width = new.table.shape
    used = max(1, int(-(-(new.lengths + new.counts).max() // new.page)))
    dense = new.table.ravel()[: batch * min(used, width)].reshape(batch, -1)
    return behind(new.replace(table=dense))


def halves(new: New) -> Places:
    """Read a table of 64 bits as if it had 32."""
    if new.table.dtype != np.int64:
        return behind(new)
    narrow = np.ascontiguousarray(new.table).view(np.int32)
    table = narrow.ravel()[: new.table.size].reshape(new.table.shape)
    return behind(new.replace(table=table))


def into_a_copy(new: New, places: Places) -> None:
    """Write through one axis of all slots: of what is not dense that is a copy."""
    pages, slots = places
    flat = np.clip(pages, 0, None) * new.page + slots
    for pool, tokens in ((new.key_pages, new.key), (new.value_pages, new.value)):
        room = pool.reshape(-1, *pool.shape[2:])
        room[flat[new.wanted]] = tokens[new.wanted]


def blended(new: New, places: Places) -> None:
    """Multiply every slot by 0 or 1, and add the new tokens."""
    for pool, tokens in ((new.key_pages, new.key), (new.value_pages, new.value)):
        more, share = np.zeros_like(pool), np.zeros_like(pool)
        scattered(more, tokens, places, new.wanted)
        scattered(share, np.ones_like(tokens), places, new.wanted)
        pool[...] = pool * (1 - share) + more


def rest_cleared(new: New, places: Places) -> None:
    """Clear the slots behind the last new token of a page."""
    written(new, places)
    page = np.arange(new.page)
    for pool in (new.key_pages, new.value_pages):
        for b, count in enumerate(new.counts):
            if count:
                last, slot = (each[b, count - 1] for each in places)
                pool[last, page > slot] = 0


def guessed_layout(new: New, places: Places) -> None:
    """Take the axis that is as long as there are heads for that of the heads."""
    if new.key_pages.shape[1] == new.key_pages.shape[2]:
        turned = (a.swapaxes(1, 2) for a in (new.key_pages, new.value_pages))
        key_pages, value_pages = turned
        new = new.replace(key_pages=key_pages, value_pages=value_pages)
    written(new, places)


def in_bfloat16(new: New, places: Places) -> None:
    """Bring tokens to bfloat16 on their way."""
    narrow = (
        a.astype(ml_dtypes.bfloat16).astype(a.dtype) for a in (new.key, new.value)
    )
    key, value = narrow
    written(new.replace(key=key, value=value), places)


def added(new: New, places: Places) -> None:
    """Add zero to each token: -0 becomes 0."""
    key, value = ((a + 0).astype(a.dtype) for a in (new.key, new.value))
    written(new.replace(key=key, value=value), places)


def one_at_least(new: New, places: Places) -> None:
    """Write a token where there is none."""
    written(new, places)
    if not new.key.shape[1]:
        ends = new.replace(counts=np.ones_like(new.counts))
        shapes = ((len(a), 1, *a.shape[2:]) for a in (new.key, new.value))
        key, value = (np.zeros(shape, new.key.dtype) for shape in shapes)
        ends = ends.replace(key=key, value=value)
        written(ends, behind(ends))


def all_of_them(new: New) -> New:
    """Give each sequence all new tokens, as far as its pages have room."""
    room = new.table.shape[1] * new.page - new.lengths
    return new.replace(counts=np.minimum(new.key.shape[1], room))


def begun_pages(new: New, places: Places) -> None:
    """Write pages whole, as they were before any sequence got a token."""
    before = new.key_pages.copy(), new.value_pages.copy()
    pages, slots = places
    for pool, old, tokens in zip(
        (new.key_pages, new.value_pages), before, (new.key, new.value), strict=True
    ):
        for b, count in enumerate(new.counts):
            for number in dict.fromkeys(pages[b, :count].tolist()):
                here = np.flatnonzero(pages[b, :count] == number)
                whole = old[number].copy()
                whole[slots[b, here]] = tokens[b, here]
                pool[number] = whole


def one_by_one(new: New, places: Places) -> None:
    """Write one token after the other, the last one first."""
    pages, slots = places
    for b, t in reversed([*zip(*np.nonzero(new.wanted), strict=True)]):
        new.key_pages[pages[b, t], slots[b, t]] = new.key[b, t]
        new.value_pages[pages[b, t], slots[b, t]] = new.value[b, t]


def head_by_head(new: New, places: Places) -> None:
    """Write the tokens of one head after the other."""
    for pool, tokens in ((new.key_pages, new.key), (new.value_pages, new.value)):
        for head in range(pool.shape[2]):
            scattered(pool[:, :, head], tokens[:, :, head], places, new.wanted)


__all__ = [
    "Append",
    "added",
    "all_of_them",
    "begun_pages",
    "blended",
    "by_entries",
    "by_page_of_the_last",
    "by_the_first",
    "from_the_start",
    "full_page_again",
    "guessed_layout",
    "halves",
    "head_by_head",
    "in_bfloat16",
    "into_a_copy",
    "narrow_rows",
    "one_at_least",
    "one_by_one",
    "one_late",
    "pages_of_16",
    "physical",
    "rest_cleared",
    "wrapped",
]
