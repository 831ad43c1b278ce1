"""Functions that put new tokens into pages: wrong, and unusual ones that are right."""

from __future__ import annotations

from attnspec.numerics.dtypes import DTYPES
from attnspec.rogues._gallery import Control, Rogue, makers
from attnspec.rogues.serving import _appending as steps
from attnspec.rogues.serving._appending import Append

_rogue, _control = makers("paged-append", usual="batch", right_in=DTYPES)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "one-late",
        "It leaves a slot free behind the last token.",
        Append(places=steps.one_late),
        "agreement",
    ),
    _rogue(
        "by-entries",
        "The last entry that is not negative is taken for the page of the last token.",
        Append(places=steps.by_entries),
        "past-entries",
        mistake="tail",
    ),
    _rogue(
        "last-page",
        "All new tokens go into the page of the last one.",
        Append(places=steps.by_page_of_the_last),
        "seams",
        mistake="tail",
    ),
    _rogue(
        "full-page-again",
        "A token that begins a page goes into the page before, which others may have.",
        Append(places=steps.full_page_again),
        "shared",
        mistake="tail",
    ),
    _rogue(
        "physical-is-logical",
        "The number of a page in its sequence is taken for its number in the pool.",
        Append(places=steps.physical),
        "shuffled",
    ),
    _rogue(
        "from-the-start",
        "New tokens go into the first slots of their sequence.",
        Append(places=steps.from_the_start),
        "steps",
        mistake="position",
    ),
    _rogue(
        "first-length",
        "The length of the first sequence is taken for that of all.",
        Append(places=steps.by_the_first),
        "apart",
    ),
    _rogue(
        "wrapped",
        "The number of a page is taken modulo the entries of the table.",
        Append(places=steps.wrapped),
        "larger-pool",
        mistake="grid",
    ),
    _rogue(
        "pages-of-16",
        "Pages of more than 16 slots are written as if they ended there.",
        Append(places=steps.pages_of_16),
        "page-size",
        mimics="vllm#57614",
    ),
    _rogue(
        "narrow-rows",
        "Rows of the table are taken to end with the longest sequence.",
        Append(places=steps.narrow_rows),
        "wider-table",
    ),
    _rogue(
        "half-table",
        "It claims tables of 64 bits, and reads half of them.",
        Append(places=steps.halves),
        "int64",
        mistake="layout",
        claims=("int64",),
    ),
    _rogue(
        "into-a-copy",
        "A pool is brought into another shape; of one that is not dense a copy is "
        "written.",
        Append(write=steps.into_a_copy),
        "strides",
        mistake="layout",
    ),
    _rogue(
        "guessed-layout",
        "Where a page has as many slots as heads, the heads are taken to come first.",
        Append(write=steps.guessed_layout),
        "square",
        mistake="layout",
    ),
    _rogue(
        "blended",
        "Every slot is multiplied by 0 or 1: what was NaN there spreads.",
        Append(write=steps.blended),
        "kept",
        mistake="hidden-nan",
    ),
    _rogue(
        "rest-cleared",
        "The slots behind the last new token of a page are cleared.",
        Append(write=steps.rest_cleared),
        "kept",
        mistake="state",
    ),
    _rogue(
        "in-bfloat16",
        "Tokens are brought to bfloat16 on their way.",
        Append(write=steps.in_bfloat16),
        "read-back",
        mistake="precision",
    ),
    _rogue(
        "zero-added",
        "Zero is added to each number on its way: -0 becomes 0.",
        Append(write=steps.added),
        "bits",
        mistake="precision",
    ),
    _rogue(
        "one-at-least",
        "Without new tokens it writes one.",
        Append(write=steps.one_at_least),
        "nothing",
        mistake="tail",
    ),
    _rogue(
        "uncounted",
        "It gives each sequence all new tokens, whatever its count says.",
        Append(read=steps.all_of_them),
        "counts",
        mistake="dropped-option",
    ),
)
"""Functions that put tokens elsewhere, or change more."""

CONTROLS: tuple[Control, ...] = (
    _control(
        "at-once",
        "It writes all tokens at once.",
        Append(),
        claims=("int64",),
    ),
    _control(
        "one-by-one",
        "It writes one token after the other, the last one first.",
        Append(write=steps.one_by_one),
        claims=("int64",),
    ),
    _control(
        "head-by-head",
        "It writes the tokens of one head after the other.",
        Append(write=steps.head_by_head),
        claims=("int64",),
    ),
    _control(
        "whole-pages",
        "It writes pages whole, with what they held before.",
        Append(write=steps.begun_pages),
        claims=("int64",),
    ),
    _control(
        "returned",
        "It returns pools that are copies, and leaves its arguments alone.",
        Append(copies=True),
        claims=("int64",),
        without=("in_place",),
    ),
)
"""Functions that put tokens where they belong."""


__all__ = ["CONTROLS", "ROGUES"]
