"""Caches that are wrong, and unusual ones that are right."""

from __future__ import annotations

from attnspec.numerics.dtypes import DTYPES
from attnspec.rogues._gallery import Control, Rogue, makers
from attnspec.rogues.serving import _kv_caching_steps as steps
from attnspec.rogues.serving._kv_caching import Caching
from attnspec.rogues.serving._pooled import Pooling, not_given_up
from attnspec.rogues.serving._rings import (
    Concatenated,
    Listed,
    Paged,
    Ringed,
    ShortSliding,
    Sliding,
    straight,
)

_CLAIMS = ("no_keys", "grows")
_READ = "kv-cache-hnd:keys=keys,values=values"
_ONE = ("several_queries",)

_rogue, _control = makers("kv-cache", usual="state", right_in=DTYPES)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "from-zero",
        "New tokens are written to the first slots.",
        Caching(slots=steps.from_zero),
        "agreement",
    ),
    _rogue(
        "over-the-last",
        "A second append takes the place of the last token.",
        Caching(slots=steps.over_the_last, count=steps.less_one),
        "chunks",
    ),
    _rogue(
        "values-once",
        "Values are kept of the first append alone.",
        Caching(store=steps.values_once),
        "agreement",
    ),
    _rogue(
        "caller-s-values",
        "Values are read where the caller has had them.",
        Caching(store=steps.referred, read=steps.from_the_caller),
        "agreement",
        mistake="layout",
    ),
    _rogue(
        "planned-once",
        "What the first question has read is read by all that follow.",
        Caching(read=steps.planned),
        "lse",
        mimics="flashinfer#1028",
    ),
    _rogue(
        "counts-questions",
        "A question counts as a token.",
        Caching(after=steps.one_more),
        "again",
    ),
    _rogue(
        "whole-room",
        "Every slot is read, whatever is in it.",
        Caching(read=steps.whole_room),
        "capacity",
        mistake="tail",
        mimics="vllm#47305",
    ),
    _rogue(
        "keys-grow",
        "Where it grows, the keys are taken along and the values are not.",
        Caching(grow=steps.keys_alone),
        "grows",
        mistake="tail",
        claims=("grows",),
    ),
    _rogue(
        "back-in-vain",
        "Nothing is taken back.",
        Caching(cut=steps.kept),
        "lengths",
    ),
    _rogue(
        "stale-slots",
        "Slots that have been taken back are read again.",
        Caching(cut=steps.high_water, read=steps.up_to_high_water),
        "back",
        mistake="tail",
    ),
    _rogue(
        "first-gone",
        "The first tokens are taken back in place of the last.",
        Caching(cut=steps.the_first_gone),
        "back",
        mistake="order",
    ),
    _rogue(
        "zeros-kept",
        "A reset fills the slots with zeros, and leaves their number.",
        Caching(clear=steps.zeroed),
        "reset",
        mimics="fla#910",
    ),
    _rogue(
        "shared-room",
        "A cache that is made empties the one that was made before.",
        Caching(made=steps.Shared()),
        "apart",
    ),
    _rogue(
        "every-sequence",
        "Tokens of one sequence are written to those behind it, too.",
        Caching(store=steps.in_every_sequence),
        "one-sequence",
        mistake="batch",
    ),
    _rogue(
        "first-length",
        "All sequences have as many tokens as the first one.",
        Caching(read=steps.as_the_first),
        "order",
        mistake="batch",
        mimics="flash-attention#1795",
    ),
    _rogue(
        "erased-pages",
        "A page that has been given back is read by the sequence that had it.",
        Pooling(erase=not_given_up),
        "reset",
        mimics="torch 2.13: PagedAttention.erase",
    ),
    _rogue(
        "upper-left",
        "Causality counts from the first token, however many came before.",
        Caching(see=steps.from_the_first),
        "causal",
        mistake="alignment",
        mimics="pytorch#110144",
    ),
    _rogue(
        "last-chunk",
        "Several queries see what came last, and nothing from before.",
        Caching(count=steps.noting_chunks, read=steps.the_last_chunk),
        "prefill",
        mistake="alignment",
        mimics="onnx#7297",
    ),
    _rogue(
        "early-window",
        "The oldest token of a window goes one too early.",
        Caching(see=steps.early),
        "window",
        mistake="window",
        mimics="onnxruntime#25927",
    ),
    _rogue(
        "small-ring",
        "A ring has room for one token less than its window shows.",
        Ringed(kept=lambda left: left),
        "window",
        mistake="window",
        without=_ONE,
    ),
    _rogue(
        "straight-ring",
        "A ring is read as if it were a row.",
        Ringed(read=straight),
        "window",
        mistake="window",
        without=_ONE,
    ),
    _rogue(
        "short-chunk",
        "It keeps what the last query of a chunk sees, and the first sees too little.",
        ShortSliding,
        "window",
        mistake="window",
        without=("earlier_queries",),
    ),
    _rogue(
        "one-at-least",
        "A query where there is no token reads a slot.",
        Caching(read=steps.at_least_one),
        "no-keys",
        mistake="empty-row",
        claims=("no_keys",),
    ),
    _rogue(
        "half-keys",
        "Keys are kept in 16 bits.",
        Caching(store=steps.rounded),
        "tokens",
        mistake="precision",
        face=_READ,
    ),
)
"""Caches that are wrong."""

CONTROLS: tuple[Control, ...] = (
    _control(
        "doubling",
        "Its room doubles where it is too small.",
        Caching(),
        claims=_CLAIMS,
        face=_READ,
    ),
    _control(
        "exact",
        "It has room for what there is, and is moved for every token.",
        Caching(grow=steps.exactly, least=1),
        claims=_CLAIMS,
        face=_READ,
    ),
    _control(
        "tiled",
        "It attends to 16 keys at a time, and merges what it found.",
        Caching(attend=steps.in_parts(16)),
        claims=_CLAIMS,
    ),
    _control(
        "one-by-one",
        "It attends with one query at a time, to the keys that it sees.",
        Caching(attend=steps.one_by_one),
        claims=_CLAIMS,
    ),
    _control(
        "ring",
        "It keeps as many tokens as a window shows, in a ring.",
        Ringed(),
        without=_ONE,
    ),
    _control(
        "sliding",
        "It keeps what the queries of the last chunk see, and no more.",
        Sliding,
        without=("earlier_queries",),
    ),
    _control(
        "concatenated",
        "It joins its arrays for each token; tokens come before heads.",
        Concatenated,
        face="kv-cache-nhd:append=put,attend=ask,back=drop,reset=forget",
        claims=("grouped_query", "value_width"),
    ),
    _control(
        "listed",
        "It returns all that it has, and attends to nothing.",
        Listed,
    ),
    _control(
        "paged",
        "Its tokens lie in pages of four, which are taken and given back.",
        Paged,
    ),
    _control(
        "pooled",
        "Its sequences take their pages out of one pool.",
        Pooling(),
    ),
)
"""Caches that are right."""


__all__ = ["CONTROLS", "ROGUES"]
