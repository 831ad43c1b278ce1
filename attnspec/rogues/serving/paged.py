"""Attention over pages that is wrong, and unusual one that is right."""

from __future__ import annotations

from attnspec.numerics.dtypes import DTYPES
from attnspec.rogues import _switching as switching
from attnspec.rogues._gallery import Control, Rogue, makers
from attnspec.rogues._switching import of_bits
from attnspec.rogues.serving import _paging_steps as steps
from attnspec.rogues.serving._padding_steps import by_sizes, from_the_first, times_zero
from attnspec.rogues.serving._paging import Paged

_CLAIMS = ("unread_nan_key", "unread_nan_value", "int64", "holes")

_rogue, _control = makers("paged", usual="batch", right_in=DTYPES)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "physical-is-logical",
        "The number of a page in its sequence is taken for its number in the pool.",
        Paged(places=steps.physical),
        "contiguous",
    ),
    _rogue(
        "room-of-its-own",
        "The table is not read: each sequence has a room of its own in the pool.",
        Paged(places=steps.room_of_its_own),
        "shuffled",
    ),
    _rogue(
        "first-row",
        "All sequences have the pages of the first one.",
        Paged(places=steps.first_row),
        "order",
    ),
    _rogue(
        "planned-by-shape",
        "An object plans once for each shape: later tables are not read.",
        Paged(places=steps.PlannedByShape()),
        "shuffled",
        mistake="state",
    ),
    _rogue(
        "keys-of-the-plan",
        "An object gathers the keys once for each table: those of the first layer.",
        Paged(gather=steps.KeysOfThePlan()),
        "layers",
        mistake="state",
    ),
    _rogue(
        "out-unwritten",
        "Answers of sequences without tokens are not written into the buffer for them.",
        Paged(write=steps.sequences_with_tokens),
        "out",
        mistake="empty-row",
        mimics="NATTEN#288",
    ),
    _rogue(
        "narrow-rows",
        "Rows of the table are taken to end with the longest sequence.",
        Paged(places=steps.narrow_rows),
        "wider-table",
    ),
    _rogue(
        "last-page-full",
        "The last page of a sequence is read to its end.",
        Paged(lengths=steps.last_page_full),
        "unread",
        mistake="tail",
    ),
    _rogue(
        "full-is-empty",
        "A last page that is full is taken for one without tokens.",
        Paged(lengths=steps.full_is_empty),
        "agreement",
        mistake="tail",
    ),
    _rogue(
        "empty-is-one",
        "A sequence without tokens reads a page.",
        Paged(lengths=steps.empty_is_one),
        "no-keys",
        mistake="empty-row",
    ),
    _rogue(
        "one-tile",
        "In a tile of two pages all values come from the first of them.",
        Paged(gather=steps.one_tile),
        "agreement",
        mimics="flashinfer#3022",
    ),
    _rogue(
        "pages-of-16",
        "Pages of more than 16 slots are read as if they ended there.",
        Paged(places=steps.pages_of_16),
        "page-size",
        mimics="vllm#57614",
    ),
    _rogue(
        "next-half",
        "The second half of a page is read from the next one in the pool.",
        Paged(places=steps.next_half),
        "page-size",
    ),
    _rogue(
        "pool-order",
        "Pages are read in their order in the pool.",
        Paged(places=steps.pool_order),
        "shuffled",
        mistake="alignment",
    ),
    _rogue(
        "wrapped",
        "The number of a page is taken modulo the entries of the table.",
        Paged(places=steps.wrapped),
        "larger-pool",
        mistake="grid",
    ),
    _rogue(
        "owners-alone",
        "A page that an earlier sequence has is read from the one behind it.",
        Paged(places=steps.owners_alone),
        "shared",
    ),
    _rogue(
        "counted-entries",
        "A sequence has as many pages as entries that are not negative.",
        Paged(lengths=steps.counted_entries),
        "past-entries",
        mistake="tail",
    ),
    _rogue(
        "page-begun",
        "Behind a last page that is full a token of the next entry is read.",
        Paged(lengths=steps.page_begun),
        "past-entries",
        mistake="tail",
    ),
    _rogue(
        "keys-as-values",
        "Where both are as wide, values are read from the pool of the keys.",
        Paged(gather=steps.keys_as_values),
        "agreement",
        mistake="layout",
    ),
    _rogue(
        "ends-at-a-hole",
        "It claims holes, and takes the first one for the end of the sequence.",
        Paged(lengths=steps.ends_at_a_hole),
        "holes",
        mistake="window",
        claims=("holes",),
    ),
    _rogue(
        "as-dense",
        "Pools are read as if they were dense.",
        Paged(gather=steps.as_dense),
        "strides",
        mistake="layout",
        mimics="flashinfer#3136",
    ),
    _rogue(
        "guessed-layout",
        "Where a page has as many slots as heads, the heads are taken to come first.",
        Paged(gather=steps.guessed_layout),
        "square",
        mistake="layout",
    ),
    _rogue(
        "frontier-of-the-table",
        "Causality counts from the end of what the table has room for.",
        Paged(frontier=by_sizes),
        "causal",
        mistake="alignment",
    ),
    _rogue(
        "late-window",
        "The tile in which a window begins is skipped.",
        Paged(seen=steps.late_window),
        "window",
        mistake="window",
    ),
    _rogue(
        "to-the-tile",
        "Several queries see the keys up to the end of a tile, one alone does not.",
        Paged(seen=steps.to_the_tile),
        "one-query",
        mistake="alignment",
    ),
    _rogue(
        "zero-times-nan",
        "It claims that NaN does no harm, and multiplies unread slots by zero.",
        Paged(attend=times_zero),
        "unread",
        mistake="hidden-nan",
        mimics="flash-attention#2374",
        claims=("unread_nan_value",),
    ),
    _rogue(
        "half-table",
        "It claims tables of 64 bits, and reads half of them.",
        Paged(places=steps.halves),
        "int64",
        mistake="layout",
        claims=("int64",),
    ),
    _rogue(
        "binary-lse",
        "It declares natural logarithms, and returns binary ones.",
        Paged(finish=steps.binary),
        "lse",
        mistake="lse",
    ),
    *of_bits(
        _rogue,
        Paged(),
        alone=switching.alone,
        roomy=lambda operands, _: operands[3].shape[1] > 3,
        single=switching.single_query(1),
    ),
)
"""Attention over pages that is wrong."""

CONTROLS: tuple[Control, ...] = (
    _control(
        "gathered",
        "It gathers all pages, and attends to them at once, with a mask.",
        Paged(),
        claims=_CLAIMS,
    ),
    _control(
        "piece-by-piece",
        "It attends to 16 keys at a time, and merges what it found.",
        Paged(attend=steps.in_parts(16)),
        claims=_CLAIMS,
    ),
    _control(
        "split",
        "It attends to 128 keys at a time, and merges what it found.",
        Paged(attend=steps.in_parts(128)),
        claims=_CLAIMS,
    ),
    _control(
        "one-by-one",
        "It attends with one query of one head at a time, over the keys that it sees.",
        Paged(attend=steps.one_by_one),
        claims=_CLAIMS,
    ),
    _control(
        "upper-left",
        "The first query stands at the first token, as it declares.",
        Paged(frontier=from_the_first),
        dialect={"alignment": "upper_left"},
        dtypes=("float32",),
    ),
    _control(
        "binary",
        "Its logarithms are binary, as it declares.",
        Paged(finish=steps.binary),
        dialect={"lse_base": "2"},
        dtypes=("float32",),
    ),
    _control(
        "lowest",
        "The logsumexp of no key is the lowest number, as it declares.",
        Paged(finish=steps.lowest),
        dialect={"empty_lse": "finite"},
        dtypes=("float32",),
    ),
    _control(
        "positive",
        "The logsumexp of no key is plus infinity, as it declares.",
        Paged(finish=steps.positive),
        dialect={"empty_lse": "plus_infinity"},
        dtypes=("float32",),
    ),
)
"""Attention over pages that is right."""


__all__ = ["CONTROLS", "ROGUES"]
