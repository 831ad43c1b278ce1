"""The steps of which right and wrong attention over pages is made."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array, Window
from attnspec.rogues.serving._padding import Call, Pair, attended, by_lengths, near

Places = tuple[Array, Array]
"""Of each token its page and its slot (B, S)."""


@dataclasses.dataclass(frozen=True)
class Pool:
    """A call: its arrays and its options."""

    query: Array
    key_pages: Array
    value_pages: Array
    table: Array
    lengths: Array
    causal: bool
    window: Window | None
    options: dict[str, Any]

    @property
    def page(self) -> int:
        """How many slots a page has."""
        return self.key_pages.shape[1]

    @property
    def tokens(self) -> Array:
        """The numbers of all tokens for which the table has room."""
        return np.arange(self.table.shape[1] * self.page)

    @property
    def counts(self) -> Array:
        """How many pages each sequence has."""
        return -(-self.lengths // self.page)

    def replace(self, **changes: Any) -> Pool:
        """Return the same call with some of it changed."""
        return dataclasses.replace(self, **changes)


def given(pool: Pool) -> Array:
    """Return the lengths."""
    return pool.lengths


def behind_table(pool: Pool) -> Places:
    """Return where each token lies."""
    pages, slots = np.divmod(pool.tokens, pool.page)
    return pool.table[:, pages], np.broadcast_to(slots, (len(pool.table), len(slots)))


def gathered(pool: Pool, places: Places) -> Pair:
    """Return the keys and values at these places (B, H, S, E)."""
    pages, slots = places
    inside = (
        np.clip(pages, 0, len(pool.key_pages) - 1),
        np.clip(slots, 0, pool.page - 1),
    )
    key, value = (a[inside].swapaxes(1, 2) for a in (pool.key_pages, pool.value_pages))
    return key, value


def padded(pool: Pool, read: Pair) -> Call:
    """Return the call with its tokens in a padded array."""
    rest: Any = None, pool.lengths, None, None, pool.causal, pool.window, pool.options
    return Call(pool.query.swapaxes(1, 2), *read, *rest)


def answered(pool: Pool, output: Array, lse: Array) -> Pair:  # noqa: ARG001 - a step's form
    """Return what was computed."""
    return output, lse


def written(pool: Pool, output: Array, out: Array) -> None:  # noqa: ARG001 - a step's form
    """Write the result into a buffer."""
    out[...] = output


Frontier = Callable[[Call, tuple[Array, Array]], Array]


@dataclasses.dataclass(frozen=True)
class Paged:
    """What is called with pages, and answers in steps of its own."""

    lengths: Callable[[Pool], Array] = given
    places: Callable[[Pool], Places] = behind_table
    gather: Callable[[Pool, Places], Pair] = gathered
    frontier: Frontier = by_lengths
    seen: Callable[[Call, Array], Array] = near
    attend: Callable[[Call, Array, tuple[Array, Array]], Pair] = attended
    finish: Callable[[Pool, Array, Array], Pair] = answered
    write: Callable[[Pool, Array, Array], None] = written

    def __call__(
        self,
        query: Array,
        key_pages: Array,
        value_pages: Array,
        table: Array,
        lengths: Array,
        *,
        causal: bool = False,
        window: Window | None = None,
        softcap: float | None = None,
        sink: Array | None = None,
        scale: float | None = None,
        return_lse: bool = False,
        out: Array | None = None,
    ) -> Any:
        """Attend to the pages of each sequence."""
        options = {"softcap": softcap, "sink": sink, "scale": scale}
        pages = query, key_pages, value_pages, table, lengths
        pool = Pool(*pages, causal, window, options)
        own = np.asarray(self.lengths(pool), np.int64)
        pool = pool.replace(lengths=own)
        call = padded(pool, self.gather(pool, self.places(pool)))
        sizes = np.full_like(own, query.shape[1]), own
        visible = self.seen(call, self.frontier(call, sizes))
        with np.errstate(all="ignore"):
            found = self.attend(call, visible, sizes)
            output, lse = self.finish(pool, *found)
        output = output.swapaxes(1, 2)
        if out is not None:
            self.write(pool, output, out)
            return lse if return_lse else None
        return (output, lse) if return_lse else output


__all__ = ["Paged", "Places", "Pool", "behind_table", "gathered", "given", "padded"]
