"""The faces of new tokens in pages: by the slots of vLLM, and by FlashInfer's lists."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array, Range
from attnspec.faces._of_kind import KindFace, Said, Word
from attnspec.judge.usage import ANY, COUNT, Argument
from attnspec.reference import new_slots

_KEY = Argument("T Hkv E", "new keys, one sequence behind the other", ANY)
_VALUE = Argument("T Hkv Ev", "new values", ANY)


def _counted(key: Array, counts: Array | None) -> Array:
    """Return how many new tokens each sequence gets."""
    return np.full(len(key), key.shape[1]) if counts is None else counts


def _by_slots(
    key: Array,
    value: Array,
    key_pages: Array,
    value_pages: Array,
    table: Array,
    lengths: Array,
    *,
    counts: Array | None = None,
) -> tuple[Any, ...]:
    """Give all tokens, and the slot of each, -1 for one that is not wanted."""
    given = _counted(key, counts)
    slots = np.full(key.shape[:2], -1)
    found = new_slots(table, lengths, given, key_pages.shape[1])
    slots[:, : found.shape[1]] = found
    flat = (each.reshape(-1, *each.shape[2:]) for each in (key, value))
    return *flat, key_pages, value_pages, slots.ravel().astype(np.int64)


def _in_pools(_returned: Any, _said: Said, _placed: tuple[Any, ...]) -> None:
    """Read nothing: tokens are in the pools."""


_SLOTS_EXAMPLE = """\
# example.py
def append(key, value, key_cache, value_cache, slot_mapping):
    page = key_cache.shape[1]
    for token, slot in enumerate(slot_mapping):
        if slot >= 0:
            key_cache[slot // page, slot % page] = key[token]
            value_cache[slot // page, slot % page] = value[token]
"""

SLOTS = KindFace(
    id="slot-mapping",
    title="reshape_and_cache_flash",
    sentence="Each new token has the number of its slot, as in vLLM.",
    kind="paged-append",
    operands={
        "key": _KEY,
        "value": _VALUE,
        "key_cache": Argument("P page Hkv E", "all keys: written", ANY),
        "value_cache": Argument("P page Hkv Ev", "all values: written", ANY),
        "slot_mapping": Argument(
            "T",
            "N times its page, and its slot there; -1 is left out",
            Range("-1 or more", lambda number: number >= -1),
            "int64",
        ),
    },
    results={},
    given=_by_slots,
    keywords=(
        Word(("key",), ("kv_cache_dtype",), lambda _said, _default: "auto"),
        Word(("key",), ("k_scale",), lambda *_: np.ones(1, np.float32)),
        Word(("key",), ("v_scale",), lambda *_: np.ones(1, np.float32)),
    ),
    read=_in_pools,
    says=("counts",),
    example=_SLOTS_EXAMPLE,
    arrays="torch",
    writes=True,
)
"""By the number of a slot."""


def _by_lists(
    key: Array,
    value: Array,
    key_pages: Array,
    value_pages: Array,
    table: Array,
    lengths: Array,
    *,
    counts: Array | None = None,
) -> tuple[Any, ...]:
    """Give wanted tokens, the place of each in its sequence, and lists of pages."""
    given, page = _counted(key, counts), key_pages.shape[1]
    wanted = np.arange(key.shape[1]) < given[:, None]
    owners, tokens = np.nonzero(wanted)
    totals = lengths + given
    entries = np.arange(table.shape[1]) < -(-totals // page)[:, None]
    lists = (
        table[entries],
        np.append(0, entries.sum(1).cumsum()),
        np.where(totals > 0, (totals - 1) % page + 1, 0),
    )
    return (
        *(each[wanted] for each in (key, value)),
        *(each.astype(np.int32) for each in (owners, lengths[owners] + tokens)),
        np.stack([key_pages, value_pages], axis=1),
        *(each.astype(np.int32) for each in lists),
    )


def _out_of_pair(_returned: Any, said: Said, placed: tuple[Any, ...]) -> None:
    """Write what has been written into the pair of pools into ours."""
    pair = placed[4]
    said["key_pages"][...], said["value_pages"][...] = pair[:, 0], pair[:, 1]


_LISTS_EXAMPLE = """\
# example.py
def append_paged_kv_cache(
    append_key, append_value, batch_indices, positions,
    paged_kv_cache, kv_indices, kv_indptr, kv_last_page_len,
):
    page = paged_kv_cache.shape[2]
    for token, (row, at) in enumerate(zip(batch_indices, positions)):
        number = kv_indices[kv_indptr[row] + at // page]
        paged_kv_cache[number, 0, at % page] = append_key[token]
        paged_kv_cache[number, 1, at % page] = append_value[token]
"""

LISTS = KindFace(
    id="page-lists",
    title="flashinfer.append_paged_kv_cache",
    sentence="Each sequence has a list of its pages, both pools one array: FlashInfer.",
    kind="paged-append",
    operands={
        "append_key": _KEY,
        "append_value": Argument("T Hkv E", "new values", ANY),
        "batch_indices": Argument("T", "whose each token is", COUNT, "int32"),
        "positions": Argument("T", "its place in its sequence", COUNT, "int32"),
        "paged_kv_cache": Argument("P 2 N Hkv E", "both pools: written", ANY),
        "kv_indices": Argument("I", "all lists of pages", COUNT, "int32"),
        "kv_indptr": Argument("B1", "where each list begins", COUNT, "int32"),
        "kv_last_page_len": Argument("B", "tokens of each last page", COUNT, "int32"),
    },
    results={},
    given=_by_lists,
    read=_out_of_pair,
    says=("counts",),
    without=("value_width",),
    example=_LISTS_EXAMPLE,
    arrays="torch",
    writes=True,
)
"""By lists of pages."""

OF_APPENDING = (SLOTS, LISTS)
"""Every face of what puts tokens into pages."""

__all__ = ["LISTS", "OF_APPENDING", "SLOTS"]
