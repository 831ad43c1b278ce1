"""Attention of packed sequences that is wrong, and unusual one that is right."""

from __future__ import annotations

from attnspec.numerics.dtypes import DTYPES
from attnspec.rogues._gallery import Control, Rogue, makers
from attnspec.rogues._switching import of_bits
from attnspec.rogues.serving._packing import AlwaysCausal, Varlen
from attnspec.rogues.serving._packing_masks import (
    GlobalPlaces,
    Masked,
    OneAlignment,
    OverTheSeam,
)
from attnspec.rogues.serving._packing_steps import (
    KeysOfTheLengths,
    backward,
    binary,
    by_longest,
    cut,
    empty_plus,
    filled,
    first_boundary,
    halves,
    heads_of_queries,
    in_16_bits,
    one_sequence,
    past_tile,
    query_lengths,
    rows_with_keys,
    swapped,
    tail_tile,
    to_the_end,
    unsunk_lse,
    unwritten,
    upper_left,
    whole_slots,
    without_empty,
)

_CLAIMS = ("unread_nan_key", "unread_nan_value", "int64")

_rogue, _control = makers("varlen", usual="batch", right_in=DTYPES)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "by-longest",
        "Keys begin at a multiple of the longest length.",
        Varlen(segments=by_longest),
        "batch",
        mimics="flash-attention#2194",
    ),
    _rogue(
        "keys-of-the-lengths",
        "An object keeps the keys for as long as the lengths stay: of the first layer.",
        Varlen(before=KeysOfTheLengths()),
        "layers",
        mistake="state",
    ),
    _rogue(
        "global-places",
        "Causality and windows count from the start of the arrays.",
        GlobalPlaces(),
        "alone",
        mistake="alignment",
        without=("rows_behind",),
    ),
    _rogue(
        "one-alignment",
        "All sequences are aligned by the numbers of all queries and keys.",
        OneAlignment(),
        "parts",
        mistake="alignment",
    ),
    _rogue(
        "query-lengths",
        "As many keys are read as there are queries.",
        Varlen(segments=query_lengths),
        "agreement",
    ),
    _rogue(
        "first-boundary",
        "Only the first boundary is read: all later sequences are one.",
        Varlen(segments=first_boundary),
        "neighbors",
        mimics="HunyuanVideo#310",
    ),
    _rogue(
        "one-sequence",
        "The boundaries are forgotten: everything is one sequence.",
        Varlen(segments=one_sequence),
        "order",
        mistake="dropped-option",
        mimics="fla#842",
    ),
    _rogue(
        "to-the-end",
        "The last sequence reads on to the end of the arrays.",
        Varlen(segments=to_the_end),
        "capacity",
        mistake="tail",
    ),
    _rogue(
        "tail-tile",
        "The last tile of a sequence reads keys of the next one.",
        Varlen(attend=tail_tile),
        "neighbors",
        mistake="tail",
    ),
    _rogue(
        "empty-shifts",
        "A sequence without keys is not counted, and later keys move up.",
        Varlen(segments=without_empty),
        "empty",
        mistake="empty-row",
        mimics="flash-attention#1155",
    ),
    _rogue(
        "neighbor-unwritten",
        "The row before a sequence without keys is left unwritten.",
        Varlen(finish=unwritten),
        "no-keys",
        mistake="empty-row",
        mimics="NATTEN#288",
    ),
    _rogue(
        "lse-rows-first",
        "Logsumexps lie row by row, and are taken for head by head.",
        Varlen(finish=swapped),
        "lse",
        mistake="layout",
    ),
    _rogue(
        "over-the-seam",
        "A window reaches into the sequence before.",
        OverTheSeam(),
        "agreement",
        mistake="window",
    ),
    _rogue(
        "cut-by-longest",
        "Queries beyond the last whole tile of the longest sequence are not answered.",
        Varlen(segments=cut),
        "longest",
        mistake="tail",
    ),
    _rogue(
        "query-heads-offset",
        "The offset of the keys is multiplied by the query heads of a group.",
        Varlen(segments=heads_of_queries),
        "agreement",
        mistake="heads",
        mimics="jax@be78ee0f",
    ),
    _rogue(
        "softcap-lost",
        "The softcap is lost where sequences are packed.",
        Varlen(before=lambda call: call.without("softcap")),
        "agreement",
        mistake="dropped-option",
        mimics="flash-attention#2544",
    ),
    _rogue(
        "causal-lost",
        "Causality is lost where sequences are packed.",
        Varlen(
            before=lambda call: call.replace(options={**call.options, "causal": False})
        ),
        "causal",
        mistake="dropped-option",
        mimics="candle#3606",
    ),
    _rogue(
        "whole-slots",
        "Slots are read to their end, whatever of them is used.",
        Varlen(segments=whole_slots),
        "slots",
        mistake="dropped-option",
        mimics="flash-attention#2167",
    ),
    _rogue(
        "zero-times-nan",
        "It claims that NaN does no harm, and multiplies what it reads by zero.",
        Varlen(attend=past_tile),
        "unread",
        mistake="hidden-nan",
        mimics="flash-attention#2374",
        claims=("unread_nan_value",),
    ),
    _rogue(
        "minus-ten-thousand",
        "Keys behind the end are hidden by a bias of -10,000.",
        Varlen(attend=filled),
        "unread",
        mistake="mask",
    ),
    _rogue(
        "gap-unwritten",
        "It declares zeros in rows of nobody, and leaves them as they were.",
        Varlen(gap=float("nan")),
        "gap-rows",
        mistake="empty-row",
        dialect={"gap_rows": "zero"},
    ),
    _rogue(
        "out-unwritten",
        "Rows without keys are not written into the buffer for the result.",
        Varlen(write=rows_with_keys),
        "out",
        mistake="empty-row",
        mimics="NATTEN#288",
    ),
    _rogue(
        "rows-in-16-bits",
        "Rows from 65,536 on are not written.",
        Varlen(finish=in_16_bits),
        "many-rows",
        mistake="grid",
    ),
    _rogue(
        "half-sums",
        "It claims sums of 64 bits, and reads half of them.",
        Varlen(before=halves),
        "int64",
        mistake="layout",
        claims=("int64",),
    ),
    *of_bits(
        _rogue,
        Varlen(),
        alone=lambda operands, _: len(operands[3]) == 2,
        roomy=lambda operands, _: bool(operands[6] > 64),
        single=lambda operands, _: bool(operands[5] == 1),
    ),
)
"""Attention of packed sequences that is wrong."""


CONTROLS: tuple[Control, ...] = (
    _control(
        "by-sequence",
        "It goes through the sequences one by one.",
        Varlen(),
        claims=_CLAIMS,
    ),
    _control(
        "from-the-last",
        "It begins with the last sequence, and leaves rows of nobody unwritten.",
        Varlen(segments=backward, gap=float("nan")),
        claims=_CLAIMS,
    ),
    _control(
        "always-causal",
        "Every call is causal, as it claims; there is no flag for it.",
        AlwaysCausal(),
        claims=("always_causal",),
        dtypes=("float32",),
    ),
    _control(
        "one-mask",
        "It attends to all keys at once, with a mask for the sequences.",
        Masked(),
    ),
    _control(
        "upper-left",
        "Sequences are aligned at their first query and key, as it declares.",
        Varlen(attend=upper_left),
        dialect={"alignment": "upper_left"},
    ),
    _control(
        "plus-infinity",
        "A row without keys has a logsumexp of plus infinity, as it declares.",
        Varlen(finish=empty_plus),
        dialect={"empty_lse": "plus_infinity"},
    ),
    _control(
        "binary",
        "Its logarithms are binary, as it declares.",
        Varlen(finish=binary),
        dialect={"lse_base": "2"},
    ),
    _control(
        "sink-outside",
        "The sink is no part of its logsumexps, as it declares.",
        Varlen(attend=unsunk_lse),
        dialect={"lse_sink": "outside"},
    ),
)
"""Attention of packed sequences that is right."""


__all__ = ["CONTROLS", "ROGUES"]
