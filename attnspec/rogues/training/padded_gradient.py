"""Gradients of padded sequences that are wrong, and unusual ones that are right."""

from __future__ import annotations

from attnspec.numerics.dtypes import DTYPES
from attnspec.rogues._gallery import Control, Rogue, makers
from attnspec.rogues.serving._padding import given
from attnspec.rogues.serving._padding_steps import (
    by_queries,
    by_sizes,
    from_the_first,
    none_given,
    of_the_first,
    one_more,
    queries_for_keys,
)
from attnspec.rogues.training import _padded_passes as passes
from attnspec.rogues.training._packed_passes import EmptyAsNan, FirstOfGroup
from attnspec.rogues.training._padded_passes import PaddedPass
from attnspec.rogues.training._passes import BackwardPass

_CLAIMS = (
    *("unread_nan_key", "unread_nan_value", "unread_nan_output"),
    *("int64", "one_length"),
)

_rogue, _control = makers(
    "padded-gradient", "padded-back", usual="batch", right_in=("float32",)
)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "padding-unwritten",
        "Gradients of keys that are padding are left as they were.",
        PaddedPass(finish=passes.unwritten),
        "padding",
        mistake="state",
    ),
    _rogue(
        "lengths-forgotten",
        "The lengths are forgotten on the way back.",
        PaddedPass(
            lengths=none_given, clear=lambda call, d_output, _: (call, d_output)
        ),
        "agreement",
        mistake="dropped-option",
        mimics="flash-attention#2167",
    ),
    _rogue(
        "first-length",
        "On the way back all sequences have the lengths of the first one.",
        PaddedPass(lengths=of_the_first),
        "order",
    ),
    _rogue(
        "one-more",
        "One key more is differentiated than the length says.",
        PaddedPass(lengths=one_more, frontier=passes.by_given),
        "unread",
        mistake="tail",
    ),
    _rogue(
        "frontier-of-sizes",
        "On the way back causality counts from the end of the arrays.",
        PaddedPass(frontier=by_sizes),
        "slices",
        mistake="alignment",
    ),
    _rogue(
        "padding-asked",
        "The cotangents of queries that are padding are pulled back, too.",
        PaddedPass(
            lengths=lambda call: given(call.replace(query_lengths=None)),
            frontier=passes.by_given,
            clear=passes.keys_alone,
        ),
        "queries",
        mistake="mask",
        without=("unread_nan_output",),
    ),
    _rogue(
        "queries-for-keys",
        "The lengths of the queries count for the keys.",
        PaddedPass(lengths=queries_for_keys, frontier=passes.by_given),
        "full",
    ),
    _rogue(
        "softcap-lost",
        "The softcap is lost on the way back.",
        PaddedPass(
            before=lambda call: call.replace(options={**call.options, "softcap": None})
        ),
        "options",
        mistake="dropped-option",
    ),
    _rogue(
        "empty-as-nan",
        "A query that sees no key divides by zero.",
        PaddedPass(run=EmptyAsNan()),
        "no-keys",
        mistake="empty-row",
        mimics="pytorch#41508",
    ),
    _rogue(
        "first-of-group",
        "A key head has the gradient of the first query head of its group.",
        PaddedPass(run=FirstOfGroup()),
        "groups",
        mistake="heads",
        mimics="levanter#449",
    ),
    _rogue(
        "sink-of-padding",
        "Queries that are padding count for the gradient of the sink.",
        PaddedPass(finish=passes.sink_of_padding),
        "sink",
        mistake="sink",
    ),
)
"""Gradients of padded sequences that are wrong."""


CONTROLS: tuple[Control, ...] = (
    _control(
        "by-lengths",
        "It reads zeros in the padding, and hides it by a mask.",
        PaddedPass(),
        claims=_CLAIMS,
        dtypes=DTYPES,
    ),
    _control(
        "kept-weights",
        "It keeps the weights of the forward pass, in tiles of 5.",
        PaddedPass(run=BackwardPass(from_lse=False, tile=5)),
        claims=_CLAIMS,
    ),
    _control(
        "from-the-first",
        "The first query stands at the first key, as it declares.",
        PaddedPass(frontier=from_the_first),
        dialect={"frontier": "start"},
    ),
    _control(
        "by-queries",
        "The last row of the queries stands at the last key, as it declares.",
        PaddedPass(frontier=by_queries),
        dialect={"frontier": "queries"},
    ),
)
"""Gradients of padded sequences that are right."""


__all__ = ["CONTROLS", "ROGUES"]
