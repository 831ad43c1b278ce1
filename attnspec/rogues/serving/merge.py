"""Merges of partial results that are wrong, and unusual ones that are right."""

from __future__ import annotations

from typing import Any

from attnspec.numerics.dtypes import DTYPES
from attnspec.rogues._gallery import Control, Rogue, kind_control, rogues_of
from attnspec.rogues.serving._merging import (
    LOG_OF_TWO,
    binary,
    by_difference,
    by_exp2,
    by_log1p,
    by_logaddexp,
    dense,
    first_as_peak,
    from_the_first,
    halves,
    in_base,
    infinite,
    larger,
    merging,
    moving,
    narrow,
    narrow_sum,
    never_none,
    no_peak,
    not_divided,
    one_share,
    passed_on,
    tail_kept,
    transposed,
    unguarded,
    with_plus,
)
from attnspec.rogues.serving._merging_in_place import (
    InPlace,
    all_rows,
    lse_first,
    lse_in_a_copy,
    one_by_one,
    with_scratch,
)

_rogue = rogues_of("merge")

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "by-base-two",
        "lse",
        "Natural logarithms are read as binary ones.",
        merging(in_base(LOG_OF_TWO)),
        "agreement",
        mimics="sglang#33064",
    ),
    _rogue(
        "by-base-e",
        "lse",
        "It declares binary logarithms and reads natural ones.",
        merging(),
        "agreement",
        dialect={"base": "2"},
        mimics="vllm#28840",
    ),
    _rogue(
        "by-halves",
        "lse",
        "The output is the plain mean of both.",
        merging(halves),
        "associative",
    ),
    _rogue(
        "not-divided",
        "formula",
        "Weights are not divided by their sum.",
        merging(not_divided),
        "between",
    ),
    _rogue(
        "no-peak",
        "precision",
        "Logsumexps are exponentiated as they are.",
        merging(no_peak),
        "shift",
    ),
    _rogue(
        "first-as-peak",
        "precision",
        "The exponential of the difference overflows where the second is larger.",
        merging(first_as_peak),
        "order",
    ),
    _rogue(
        "larger-for-both",
        "lse",
        "The larger logsumexp stands for that of both.",
        merging(larger),
        "twins",
    ),
    _rogue(
        "both-empty",
        "empty-row",
        "Two empty parts make NaN.",
        unguarded,
        "empty",
        mimics="flash-attention@26d7d92f",
    ),
    _rogue(
        "infinite-share",
        "empty-row",
        "It declares that plus infinity marks an empty part, and lets it weigh most.",
        infinite,
        "neutral",
        claims=("plus_infinity",),
    ),
    _rogue(
        "never-none",
        "empty-row",
        "A small number is added to every weight, and an empty part has one.",
        never_none,
        "unread",
    ),
    _rogue(
        "from-the-first",
        "empty-row",
        "It moves from the first part to the second, even if the first has no keys.",
        from_the_first,
        "neutral",
    ),
    _rogue(
        "heads-first",
        "layout",
        "Logsumexps of (rows, heads) are read as (heads, rows).",
        transposed,
        "rows",
        mimics="vllm-flash-attention#87",
    ),
    _rogue(
        "dense-lse",
        "layout",
        "Logsumexps are read from memory without regard to their strides.",
        merging(before=dense),
        "agreement",
        mimics="vllm#21996",
    ),
    _rogue(
        "one-share",
        "heads",
        "All heads of a row have the shares of the last one.",
        merging(one_share),
        "rows",
    ),
    _rogue(
        "tail-kept",
        "tail",
        "Entries beyond a multiple of eight are those of the first part.",
        tail_kept,
        "agreement",
    ),
    _rogue(
        "narrow-lse",
        "precision",
        "Logsumexps are rounded to bfloat16.",
        merging(before=narrow),
        "agreement",
    ),
    _rogue(
        "narrow-sum",
        "precision",
        "Weighed outputs are rounded to bfloat16 before they are added.",
        narrow_sum,
        "agreement",
    ),
    _rogue(
        "lse-read-again",
        "layout",
        "In place, the logsumexp that was just written is read for the weights.",
        InPlace(lse_first),
        "in-place",
    ),
    _rogue(
        "lse-in-a-copy",
        "layout",
        "In place, the logsumexp is changed in a copy of another format alone.",
        InPlace(lse_in_a_copy),
        "in-place",
    ),
    _rogue(
        "scratch",
        "layout",
        "In place, the logsumexp of the second part is written over, too.",
        InPlace(with_scratch),
        "in-place",
    ),
    _rogue(
        "all-rows",
        "layout",
        "Rows that are to stay as they are are merged.",
        InPlace(all_rows),
        "rows-kept",
    ),
)
"""Merges that are wrong."""


def _control(id: str, sentence: str, function: Any, **more: Any) -> Control:  # noqa: A002 - the field's name
    more = {"dtypes": DTYPES, **more}
    return kind_control("merge", f"merge-{id}", sentence, function, **more)


CONTROLS: tuple[Control, ...] = (
    _control(
        "by-shares",
        "It subtracts the larger logsumexp, and ignores what an empty part holds.",
        merging(),
        claims=("empty_nan",),
    ),
    _control(
        "by-logaddexp",
        "It subtracts the merged logsumexp, as it is given back.",
        merging(by_logaddexp),
        claims=("empty_nan",),
    ),
    _control(
        "by-log1p",
        "It takes the logarithm of one and an exponential.",
        merging(by_log1p),
        claims=("empty_nan",),
    ),
    _control(
        "by-difference",
        "It takes the logistic function of the difference.",
        merging(by_difference),
    ),
    _control(
        "by-exp2",
        "It brings logsumexps to base two before it subtracts.",
        merging(by_exp2),
    ),
    _control(
        "binary",
        "Its logarithms are binary.",
        merging(binary),
        dialect={"base": "2"},
    ),
    _control("moving", "It moves from one output to the other.", moving),
    _control(
        "either-infinity",
        "Either infinity marks an empty part.",
        with_plus,
        claims=("plus_infinity",),
    ),
    _control(
        "unguarded",
        "Two empty parts make NaN, as it declares.",
        unguarded,
        dialect={"all_empty": "nan", "empty_lse": "nan"},
    ),
    _control(
        "passed-on",
        "Of two empty parts it passes the first one on, as it declares.",
        passed_on,
        dialect={"all_empty": "first"},
    ),
    _control(
        "in-place",
        "It writes into the first part, if it is told to.",
        InPlace(),
    ),
    _control(
        "row-by-row",
        "In place it goes through the rows from the last one on, and returns both.",
        InPlace(one_by_one, gives=True),
    ),
)
"""Merges that are right."""


__all__ = ["CONTROLS", "ROGUES"]
