"""Gradients of packed sequences that are wrong, and unusual ones that are right."""

from __future__ import annotations

from attnspec.numerics.dtypes import DTYPES
from attnspec.rogues._gallery import Control, Rogue, makers
from attnspec.rogues.serving._packing_masks import OneAlignment
from attnspec.rogues.serving._packing_steps import (
    backward,
    cut,
    one_sequence,
    to_the_end,
    whole_slots,
    without_empty,
)
from attnspec.rogues.training import _packed_passes as passes
from attnspec.rogues.training._packed_passes import MaskedPass, PackedPass, by
from attnspec.rogues.training._passes import BackwardPass

_CLAIMS = (
    *("unread_nan_key", "unread_nan_value", "unread_nan_output"),
    "int64",
)

_rogue, _control = makers(
    "varlen-gradient", "varlen-back", usual="batch", right_in=("float32",)
)


class _OneAlignment(MaskedPass):
    mask = staticmethod(OneAlignment.mask)


ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "gap-unwritten",
        "Rows that belong to nobody are left as they were.",
        PackedPass(gap=1e-3),
        "nobody",
        mistake="state",
    ),
    _rogue(
        "one-sequence",
        "The boundaries are forgotten on the way back.",
        PackedPass(segments=one_sequence),
        "agreement",
        mistake="dropped-option",
        mimics="fla#842",
    ),
    _rogue(
        "one-alignment",
        "On the way back all sequences are aligned by the numbers of all rows.",
        _OneAlignment(),
        "options",
        mistake="alignment",
    ),
    _rogue(
        "frontier-of-first",
        "On the way back every sequence is aligned as the first one.",
        PackedPass(differentiate=passes.frontier_of_first),
        "alone",
        mistake="alignment",
    ),
    _rogue(
        "tail-tile",
        "The last tile of queries goes on into the next sequence.",
        PackedPass(differentiate=passes.tail_tile),
        "apart",
        mistake="tail",
        mimics="flash-attention#2333",
    ),
    _rogue(
        "neighbors-added",
        "The last key of a sequence adds to the first one of the next.",
        PackedPass(finish=passes.neighbors_added),
        "order",
        mistake="tail",
    ),
    _rogue(
        "late-delta",
        "Delta is read where the rows of padded sequences would lie.",
        PackedPass(differentiate=passes.late_delta),
        "alone",
        mistake="layout",
        mimics="flash-attention@b3f1b6a5",
    ),
    _rogue(
        "late-lse",
        "The logsumexp is read where the rows of padded sequences would lie.",
        PackedPass(differentiate=passes.late_lse),
        "order",
        mistake="lse",
        mimics="flash-attention@b3f1b6a5",
    ),
    _rogue(
        "cut-by-longest",
        "Queries beyond the last whole tile of the longest sequence give no gradient.",
        PackedPass(segments=cut),
        "longest",
        mistake="tail",
    ),
    _rogue(
        "first-of-group",
        "A key head has the gradient of the first query head of its group.",
        PackedPass(differentiate=by(passes.FirstOfGroup())),
        "groups",
        mistake="heads",
        mimics="levanter#449",
    ),
    _rogue(
        "sink-of-the-last",
        "The gradient of the sink is that of the last sequence.",
        PackedPass(differentiate=passes.sink_of_the_last),
        "sink",
        mistake="sink",
    ),
    _rogue(
        "empty-shifts",
        "A sequence without keys is not counted: gradients of later keys move up.",
        PackedPass(segments=without_empty),
        "empty",
        mistake="empty-row",
        mimics="flash-attention#1155",
    ),
    _rogue(
        "empty-as-nan",
        "A query without keys divides by zero.",
        PackedPass(differentiate=by(passes.EmptyAsNan())),
        "no-keys",
        mistake="empty-row",
        mimics="pytorch#41508",
    ),
    _rogue(
        "no-queries-as-nan",
        "Keys of a sequence without queries divide by zero.",
        PackedPass(differentiate=passes.no_queries_as_nan),
        "no-keys",
        mistake="empty-row",
        mimics="flash-attention#2421",
    ),
    _rogue(
        "to-the-end",
        "The last sequence goes on to the end of the keys.",
        PackedPass(segments=to_the_end),
        "unread",
        mistake="tail",
        mimics="flash-attention#443",
    ),
    _rogue(
        "whole-slots",
        "Keys of a slot count to its end, whatever of it is used.",
        PackedPass(segments=whole_slots),
        "nobody",
        mistake="dropped-option",
        mimics="flash-attention#2167",
    ),
    _rogue(
        "softcap-lost",
        "The softcap is lost on the way back.",
        PackedPass(before=lambda call: call.without("softcap")),
        "options",
        mistake="dropped-option",
        mimics="flash-attention#2544",
    ),
)
"""Gradients of packed sequences that are wrong."""


CONTROLS: tuple[Control, ...] = (
    _control(
        "by-sequence",
        "It goes through the sequences one by one.",
        PackedPass(),
        claims=_CLAIMS,
        dtypes=DTYPES,
    ),
    _control(
        "from-the-last",
        "It begins with the last sequence, and keeps the weights of the forward pass.",
        PackedPass(segments=backward, differentiate=by(BackwardPass(from_lse=False))),
        claims=_CLAIMS,
    ),
    _control(
        "one-mask",
        "It differentiates all sequences at once, with a mask.",
        MaskedPass(),
        claims=_CLAIMS,
    ),
    _control(
        "upper-left",
        "Sequences are aligned at their first query and key, as it declares.",
        PackedPass(differentiate=passes.upper_left),
        dialect={"alignment": "upper_left"},
    ),
)
"""Gradients of packed sequences that are right."""


__all__ = ["CONTROLS", "ROGUES"]
