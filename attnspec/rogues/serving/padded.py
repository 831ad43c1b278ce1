"""Attention of padded sequences that is wrong, and unusual one that is right."""

from __future__ import annotations

import numpy as np

from attnspec.numerics.dtypes import DTYPES
from attnspec.rogues import _switching as switching
from attnspec.rogues._gallery import Control, Rogue, makers
from attnspec.rogues._switching import of_bits
from attnspec.rogues.serving._padding import Padded, given
from attnspec.rogues.serving._padding_steps import (
    KeysOfTheLengths,
    binary,
    by_queries,
    by_sizes,
    capped_after,
    dropped_alone,
    filled,
    first_alone,
    from_the_first,
    halves,
    in_16_bits,
    last_places,
    mean,
    nan_past,
    of_the_first,
    one_more,
    queries_for_keys,
    rows_hidden,
    seen_behind,
    tail_tile,
    tailed,
    times_zero,
    unless_both,
    zero_past,
)

_CLAIMS = ("unread_nan_key", "unread_nan_value", "int64", "one_length")

_rogue, _control = makers("padded", usual="batch", right_in=DTYPES)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "one-more",
        "One key more is read than the length says.",
        Padded(lengths=one_more, frontier=tailed),
        "unread",
        mistake="tail",
        mimics="openvino#30714",
    ),
    _rogue(
        "keys-of-the-lengths",
        "An object keeps the keys for as long as the lengths stay: of the first layer.",
        Padded(attend=KeysOfTheLengths()),
        "layers",
        mistake="state",
    ),
    _rogue(
        "first-length",
        "All sequences have the lengths of the first one.",
        Padded(lengths=of_the_first),
        "order",
    ),
    _rogue(
        "frontier-of-sizes",
        "Causality counts from the end of the arrays.",
        Padded(frontier=by_sizes),
        "slices",
        mistake="alignment",
        mimics="onnx#8054",
    ),
    _rogue(
        "minus-ten-thousand",
        "Padding is hidden by a bias of -10,000.",
        Padded(attend=filled),
        "unread",
        mistake="mask",
    ),
    _rogue(
        "capped-after",
        "Scores are bent after padding was given a low one.",
        Padded(attend=capped_after),
        "options",
        mistake="softcap",
    ),
    _rogue(
        "dropped-alone",
        "The lengths of a single sequence are dropped.",
        Padded(lengths=dropped_alone),
        "single",
        mistake="dropped-option",
        mimics="transformers#46773",
    ),
    _rogue(
        "unless-both",
        "Lengths are dropped unless those of queries and keys are given.",
        Padded(lengths=unless_both),
        "keys-alone",
        mistake="dropped-option",
        mimics="jax@494f9c12",
    ),
    _rogue(
        "mean-of-padding",
        "A length of 0 gives the mean of the padding.",
        Padded(finish=mean),
        "no-keys",
        mistake="empty-row",
    ),
    _rogue(
        "queries-for-keys",
        "The lengths of the queries are applied to the keys.",
        Padded(lengths=queries_for_keys),
        "queries-alone",
    ),
    _rogue(
        "rows-hidden",
        "The lengths of the keys hide queries, too.",
        Padded(finish=rows_hidden),
        "mask",
        mistake="mask",
        mimics="pytorch#63271",
    ),
    _rogue(
        "tail-tile",
        "The last tile of a sequence is read to its end.",
        Padded(lengths=tail_tile, frontier=tailed),
        "agreement",
        mistake="tail",
        mimics="flash-attention#1795",
    ),
    _rogue(
        "one-for-the-first",
        "One number for all is the length of the first sequence alone.",
        Padded(lengths=first_alone),
        "one-length",
        claims=("one_length",),
    ),
    _rogue(
        "past-unwritten",
        "It declares zeros in the padding, and leaves them as they were.",
        Padded(finish=nan_past),
        "rows-past",
        mistake="empty-row",
        dialect={"rows_past": "zero"},
    ),
    _rogue(
        "full-is-empty",
        "A length of all keys is taken for none of them.",
        Padded(
            lengths=lambda call: (
                given(call)[0],
                np.where(
                    (given(call)[1] == call.sizes[2]) & (call.key_lengths is not None),
                    0,
                    given(call)[1],
                ),
            )
        ),
        "full",
        mistake="empty-row",
    ),
    _rogue(
        "zero-times-nan",
        "It claims that NaN does no harm, and multiplies padding by zero.",
        Padded(attend=times_zero),
        "unread",
        mistake="hidden-nan",
        mimics="flash-attention#2374",
        claims=("unread_nan_value",),
    ),
    _rogue(
        "short-mask-shows",
        "Keys that the mask lacks are seen.",
        Padded(masked=seen_behind),
        "short-mask",
        mistake="mask",
        mimics="onnxruntime#27885",
    ),
    _rogue(
        "rows-in-16-bits",
        "Rows from 65,536 on are not written.",
        Padded(finish=in_16_bits),
        "many-rows",
        mistake="grid",
    ),
    _rogue(
        "half-lengths",
        "It claims lengths of 64 bits, and reads half of them.",
        Padded(lengths=halves),
        "int64",
        mistake="layout",
        claims=("int64",),
    ),
    _rogue(
        "binary-lse",
        "It declares natural logarithms, and returns binary ones.",
        Padded(finish=binary),
        "lse",
        mistake="lse",
    ),
    *of_bits(
        _rogue,
        Padded(),
        alone=switching.alone,
        roomy=lambda operands, _: operands[1].shape[2] > 64,
        single=switching.single_query(2),
    ),
)
"""Attention of padded sequences that is wrong."""

CONTROLS: tuple[Control, ...] = (
    _control(
        "by-mask",
        "It attends to all keys at once, with a mask for the lengths.",
        Padded(),
        claims=_CLAIMS,
    ),
    _control(
        "unwritten",
        "It leaves rows unwritten that are padding.",
        Padded(finish=nan_past),
        claims=_CLAIMS,
    ),
    _control(
        "zero-past",
        "It answers padding with zero, as it declares.",
        Padded(finish=zero_past),
        dialect={"rows_past": "zero"},
    ),
    _control(
        "behind-a-cache",
        "The last row of the queries stands at the last key, as it declares.",
        Padded(frontier=by_queries),
        dialect={"frontier": "queries"},
    ),
    _control(
        "from-the-first",
        "The first query stands at the first key, as it declares.",
        Padded(frontier=from_the_first),
        dialect={"frontier": "start"},
    ),
    _control(
        "by-sizes",
        "The last row of the queries stands at the last row of the keys.",
        Padded(frontier=by_sizes),
        dialect={"frontier": "sizes"},
    ),
    _control(
        "mean",
        "A query without keys is answered by the mean, as it declares.",
        Padded(finish=mean),
        dialect={"no_keys": "mean"},
    ),
    _control(
        "last-place",
        "The length of the keys is the place of the last one, as it declares.",
        Padded(lengths=last_places),
        dialect={"length": "last"},
    ),
    _control(
        "binary",
        "Its logarithms are binary, as it declares.",
        Padded(finish=binary),
        dialect={"lse_base": "2"},
    ),
)
"""Attention of padded sequences that is right."""


__all__ = ["CONTROLS", "ROGUES"]
