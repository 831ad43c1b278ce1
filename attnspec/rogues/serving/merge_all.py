"""Merges of many partial results that are wrong, and unusual ones that are right."""

from __future__ import annotations

from attnspec.numerics.dtypes import DTYPES
from attnspec.rogues._gallery import Control, Rogue, makers
from attnspec.rogues.serving._merging import LOG_OF_TWO, narrow
from attnspec.rogues.serving._merging_many import (
    counted_in_16_bits,
    either_infinity,
    even,
    fold,
    from_the_last,
    in_base,
    largest,
    near,
    never_without,
    not_rescaled,
    parts_then_rows,
    peakless,
    shares_of_the_last_head,
    sinks_in_each,
    undivided,
    unguarded,
    weighed,
    without_sinks,
    without_the_last,
)

_rogue, _control = makers("merge-all", usual="formula", right_in=DTYPES)

ROGUES: tuple[Rogue, ...] = (
    _rogue("mean", "The output is the plain mean of all.", weighed(even), "stepwise"),
    _rogue(
        "not-divided",
        "Weights are not divided by their sum.",
        weighed(undivided),
        "between",
    ),
    _rogue(
        "no-peak",
        "Logsumexps are exponentiated as they are.",
        weighed(peakless),
        "shift",
        mistake="precision",
    ),
    _rogue(
        "largest-for-all",
        "The largest logsumexp stands for that of all.",
        weighed(largest),
        "twins",
        mistake="lse",
    ),
    _rogue(
        "not-rescaled",
        "Sums below different peaks are added.",
        weighed(not_rescaled),
        "order",
        mistake="online-softmax",
    ),
    _rogue(
        "all-empty",
        "Parts without keys make NaN.",
        unguarded,
        "empty",
        mistake="empty-row",
        mimics="flash-attention@26d7d92f",
    ),
    _rogue(
        "last-dropped",
        "The last part is dropped.",
        weighed(before=without_the_last),
        "neutral",
        mistake="tail",
    ),
    _rogue(
        "base-two",
        "Natural logarithms are read as binary ones.",
        weighed(in_base(LOG_OF_TWO)),
        "agreement",
        mistake="lse",
        mimics="sglang#33064",
    ),
    _rogue(
        "narrow-lse",
        "Logsumexps are rounded to bfloat16.",
        weighed(before=lambda outputs, lses: (outputs, narrow(lses))),
        "agreement",
        mistake="precision",
    ),
    _rogue(
        "parts-then-rows",
        "Logsumexps of (T, N, H) are read as (N, T, H).",
        weighed(before=parts_then_rows),
        "rows",
        mistake="layout",
    ),
    _rogue(
        "one-head",
        "All heads of a row have the shares of the last one.",
        weighed(before=shares_of_the_last_head),
        "rows",
        mistake="heads",
    ),
    _rogue(
        "sink-dropped",
        "A part whose output is zero is taken for one without keys.",
        weighed(before=without_sinks),
        "agreement",
        mistake="sink",
        mimics="rocm-libraries#12227",
    ),
    _rogue(
        "sink-in-each",
        "A part that is a sink is counted with each of the others.",
        weighed(before=sinks_in_each),
        "parts",
        mistake="sink",
        mimics="rocm-libraries#12227",
    ),
    _rogue(
        "never-far",
        "No part counts as further below the largest than 16.",
        weighed(near),
        "far",
        mistake="precision",
    ),
    _rogue(
        "none-unwritten",
        "It claims that there may be no parts, and writes nothing then.",
        never_without,
        "none",
        mistake="empty-row",
        claims=("no_parts",),
    ),
    _rogue(
        "rows-in-16-bits",
        "Rows from 65,536 on are not written.",
        weighed(after=counted_in_16_bits),
        "many-rows",
        mistake="grid",
    ),
)
"""Merges of many parts that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control(
        "at-once",
        "It subtracts the largest logsumexp, and weighs all parts at once.",
        weighed(),
        claims=("empty_nan", "no_parts"),
    ),
    _control(
        "fold",
        "It merges two parts at a time, and stores a logsumexp in between.",
        fold,
        claims=("empty_nan",),
    ),
    _control(
        "from-the-last",
        "It merges two parts at a time, from the last on.",
        from_the_last,
        claims=("empty_nan",),
    ),
    _control(
        "binary",
        "Its logarithms are binary.",
        weighed(in_base(LOG_OF_TWO)),
        dialect={"base": "2"},
    ),
    _control(
        "either-infinity",
        "Either infinity marks a part without keys.",
        weighed(before=either_infinity),
        claims=("plus_infinity",),
    ),
    _control(
        "unguarded",
        "Parts without keys make NaN, as it declares.",
        unguarded,
        dialect={"all_empty": "nan", "empty_lse": "nan"},
    ),
)
"""Merges of many parts that are right."""


__all__ = ["CONTROLS", "ROGUES"]
