"""The same tokens in other pools: shuffled, or in pages of other sizes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.kinds.serving._paged import POOLS, owned_slots, sized
from attnspec.reference import gather_pages


def _past_entries(case: Case, totals: Array | None) -> npt.NDArray[np.bool_]:
    """Return which entries of the table stand behind a sequence's pages.

    A call that writes needs pages for more tokens than its sequences have before.
    """
    tokens = case["lengths"] if totals is None else totals
    counts = -(-tokens // case["key_pages"].shape[1])
    entries = np.arange(case["table"].shape[1])
    return np.asarray(entries >= counts[:, None])


def past_replaced(case: Case, number: int, totals: Array | None = None) -> Case:
    """Return the call with one number in all entries behind a sequence's pages."""
    table = np.where(_past_entries(case, totals), number, case["table"])
    return case.replace(table=table.astype(case["table"].dtype))


def _moved(
    case: Case, order: Array, totals: Array | None, pages: Callable[[Array], Array]
) -> Case:
    """Return the call with other pools, and a table told where each page is now."""
    old = case["table"]
    table = np.where(_past_entries(case, totals), old, order[old])
    return case.changed(pages, *POOLS).replace(table=table.astype(old.dtype))


def shuffled(case: Case, totals: Array | None = None) -> Case:
    """Return the call with all pages elsewhere in the pool, and the table told so."""
    order = np.roll(np.arange(len(case["key_pages"]))[::-1], 1)
    back = np.argsort(order)
    return _moved(case, order, totals, lambda pages: pages[back])


def larger(case: Case, totals: Array | None = None) -> Case:
    """Return the call with more pages, all of them before those of the sequences."""
    before = case["table"].size
    rest = ((before, 1), (0, 0), (0, 0), (0, 0))
    order = before + np.arange(len(case["key_pages"]))
    return _moved(case, order, totals, lambda pages: np.pad(pages, rest))


def contiguous(case: Case, page: int, totals: Array | None = None) -> Case:
    """Return the call in pages of a size, the same room for each sequence, in order."""
    table, lengths = case["table"], case["lengths"]
    most = int((lengths if totals is None else totals).max())
    width = max(1, -(-most // page))
    numbers = np.arange(len(table) * width).reshape(len(table), width)
    changes = {}
    for pool in POOLS:
        tokens = gather_pages(case[pool], table, lengths)[:, : lengths.max()]
        shape = (len(table), width * page, *tokens.shape[2:])
        room = np.zeros(shape, tokens.dtype)
        room[:, : tokens.shape[1]] = tokens
        changes[pool] = room.reshape(-1, page, *tokens.shape[2:])
    return case.replace(table=numbers.astype(table.dtype), **changes)


def alone(case: Case, at: int) -> tuple[Array, Case]:
    """Return sequences of which a query sees a token, and the call with it alone.

    It stands at its own token, which is the last one of the call.
    """
    lengths = case["lengths"] - (case["query"].shape[1] - 1 - at)
    own = np.flatnonzero(lengths > 0)
    one = case.replace(
        query=case["query"][own, at : at + 1],
        table=case["table"][own],
        lengths=lengths[own],
    )
    return own, sized(one, return_lse=case["return_lse"] is not None)


def filled(case: Case, slots: npt.NDArray[np.bool_], number: float) -> Case:
    """Return the call with a number in some slots of the pool."""

    def written(pages: Array) -> Array:
        whole = slots[:, :, None, None]
        return np.where(whole, np.full((), number, pages.dtype), pages)

    return case.changed(written, *POOLS)


def unowned(case: Case) -> npt.NDArray[np.bool_]:
    """Return which slots hold no token of any sequence."""
    shape = case["key_pages"].shape[:2]
    return ~owned_slots(case["table"], case["lengths"], shape)


def pages_before(case: Case) -> npt.NDArray[np.bool_]:
    """Return which slots lie in pages that end before every window begins."""
    (count, page), queries = case["key_pages"].shape[:2], case["query"].shape[1]
    seen = np.zeros(count, np.bool_)
    left, _ = case["window"]
    for row, length in zip(case["table"], case["lengths"], strict=True):
        first = 0 if left is None else max(0, length - queries - left)
        seen[row[np.arange(first, length) // page]] = True
    return np.broadcast_to(~seen[:, None], (count, page))


__all__ = [
    "alone",
    "contiguous",
    "filled",
    "larger",
    "pages_before",
    "past_replaced",
    "shuffled",
    "unowned",
]
