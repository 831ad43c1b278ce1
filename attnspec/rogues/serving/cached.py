"""Attention over a cache that is wrong, and unusual one that is right."""

from __future__ import annotations

from attnspec.numerics.dtypes import DTYPES
from attnspec.rogues import _switching as switching
from attnspec.rogues._gallery import Control, Rogue, makers
from attnspec.rogues._switching import of_bits
from attnspec.rogues.serving import _caching_steps as steps
from attnspec.rogues.serving._caching import AlwaysCausal, Caching
from attnspec.rogues.serving._padding_steps import from_the_first, times_zero
from attnspec.rogues.serving._paging_steps import in_parts, one_by_one

_CLAIMS = ("unread_nan_key", "unread_nan_value", "int64")

_rogue, _control = makers("cached", usual="position", right_in=DTYPES)

ROGUES: tuple[Rogue, ...] = (
    _rogue(
        "from-the-front",
        "New tokens are written where their sequence begins.",
        Caching(starts=steps.from_the_front),
        "written",
    ),
    _rogue(
        "one-too-far",
        "New tokens are written one place too far.",
        Caching(starts=steps.one_too_far),
        "written",
    ),
    _rogue(
        "reads-first",
        "It attends before the new tokens are written.",
        Caching(reads_first=True),
        "agreement",
        mistake="state",
    ),
    _rogue(
        "not-updated",
        "It writes into a copy of the cache.",
        Caching(store=steps.nothing),
        "copied",
        mistake="state",
    ),
    _rogue(
        "in-pairs",
        "Keys are written in tiles of two tokens, the last tile too.",
        Caching(store=steps.in_pairs),
        "strides",
        mistake="tail",
    ),
    _rogue(
        "by-key-width",
        "As many numbers of a value are written as a key has.",
        Caching(store=steps.by_key_width),
        "written",
        mistake="width",
    ),
    _rogue(
        "first-length",
        "All sequences are as long as the first.",
        Caching(read=steps.first_length),
        "order",
        mistake="batch",
    ),
    _rogue(
        "lengths-of-slots",
        "The length of a sequence is read at its slot of the cache.",
        Caching(read=steps.lengths_of_slots),
        "apart",
        mistake="batch",
    ),
    _rogue(
        "first-slots",
        "The sequences of a batch are taken for the first of the cache.",
        Caching(read=steps.first_slots),
        "elsewhere",
        mistake="batch",
    ),
    _rogue(
        "one-too-few",
        "The last token of each sequence is not read.",
        Caching(tokens=steps.short),
        "agreement",
        mistake="tail",
    ),
    _rogue(
        "one-too-many",
        "A place is read behind the last token of each sequence.",
        Caching(tokens=steps.long),
        "no-keys",
        mistake="tail",
    ),
    _rogue(
        "whole-room",
        "All is read that there is room for.",
        Caching(tokens=steps.whole_room),
        "capacity",
        mistake="tail",
    ),
    _rogue(
        "chunk-alone",
        "Several new tokens see none of the tokens before them.",
        Caching(tokens=steps.chunk_alone),
        "chunks",
        mistake="alignment",
    ),
    _rogue(
        "cut-behind",
        "Padding is taken off behind the tokens, and not before them.",
        Caching(tokens=steps.cut_behind),
        "left-pad",
        mistake="alignment",
    ),
    _rogue(
        "behind-padding",
        "It declares that padding has places, and turns tokens as if it had none.",
        Caching(rows=steps.without_padding),
        "left-pad-places",
    ),
    _rogue(
        "queries-from-zero",
        "Queries are turned by their number in the call.",
        Caching(rows=steps.queries_from_zero),
        "rotary",
    ),
    _rogue(
        "always-alike",
        "All queries are turned by the place of the first, causally too.",
        Caching(rows=steps.always_alike),
        "rotary",
    ),
    _rogue(
        "turned-again",
        "The keys of earlier calls are turned once more.",
        Caching(gather=steps.turned_again),
        "agreement",
    ),
    _rogue(
        "half-width",
        "Half of the entries turn that should.",
        Caching(turn=steps.half_width),
        "rotary",
        mistake="width",
    ),
    _rogue(
        "backward",
        "Queries and keys turn in the other direction: scores agree, caches do not.",
        Caching(turn=steps.backward),
        "rotary-outside",
        mistake="formula",
    ),
    _rogue(
        "halves",
        "It is told that neighbors turn together, and turns one of each half.",
        Caching(turn=steps.halves),
        "rotary",
    ),
    _rogue(
        "coarse-tables",
        "Tables are read in 16 bits.",
        Caching(turn=steps.coarse),
        "shift",
        mistake="precision",
    ),
    _rogue(
        "upper-left",
        "Causality and windows count from the first token.",
        Caching(frontier=from_the_first),
        "causal",
        mistake="alignment",
    ),
    _rogue(
        "first-token-alone",
        "A single causal query sees the first token alone.",
        Caching(seen=steps.first_token_alone),
        "one-query",
        mistake="alignment",
    ),
    _rogue(
        "one-less",
        "What a window holds is one token less.",
        Caching(seen=steps.one_less),
        "window",
        mistake="window",
    ),
    _rogue(
        "remembers-lengths",
        "It counts tokens itself: a sequence that became shorter is as long as it was.",
        Caching(read=steps.Remembering()),
        "rolled-back",
        mistake="state",
    ),
    _rogue(
        "keeps-slots",
        "It keeps the slots of the first call.",
        Caching(read=steps.KeepingSlots()),
        "history",
        mistake="state",
    ),
    _rogue(
        "zero-times-nan",
        "It claims that NaN does no harm, and multiplies unread places by zero.",
        Caching(attend=times_zero),
        "unread",
        mistake="hidden-nan",
        claims=("unread_nan_value",),
    ),
    _rogue(
        "half-lengths",
        "It claims lengths of 64 bits, and reads half of them.",
        Caching(read=steps.half_lengths),
        "int64",
        mistake="layout",
        claims=("int64",),
    ),
    _rogue(
        "binary-lse",
        "It declares natural logarithms, and returns binary ones.",
        Caching(finish=steps.binary),
        "lse",
        mistake="lse",
    ),
    *of_bits(
        _rogue,
        Caching(),
        alone=switching.alone,
        roomy=lambda operands, _: operands[1].shape[1] > 64,
        single=switching.single_query(1),
    ),
)
"""Attention over a cache that is wrong."""

CONTROLS: tuple[Control, ...] = (
    _control(
        "gathered",
        "It gathers all tokens, and attends to them at once, with a mask.",
        Caching(),
        claims=_CLAIMS,
    ),
    _control(
        "piece-by-piece",
        "It attends to 16 keys at a time, and merges what it found.",
        Caching(attend=in_parts(16)),
        claims=_CLAIMS,
    ),
    _control(
        "one-by-one",
        "It attends with one query of one head at a time, over the keys that it sees.",
        Caching(attend=one_by_one),
        claims=_CLAIMS,
    ),
    _control(
        "always-causal",
        "Every call is causal and brings one token, as it claims, with no flag for it.",
        AlwaysCausal(),
        claims=("always_causal",),
        without=("several_new", "nothing_new"),
    ),
    _control(
        "made-anew",
        "It makes caches anew, and puts them in the place of the old ones.",
        Caching(store=steps.one_token_at_a_time),
    ),
    _control(
        "unrounded",
        "Turned queries are not rounded before they meet the keys.",
        Caching(turn=steps.unrounded),
        dtypes=("float16", "bfloat16"),
    ),
    _control(
        "halves-declared",
        "One of each half turns together, as it declares.",
        Caching(turn=steps.halves),
        dialect={"pairing": "half_split"},
        without=("interleaved",),
        dtypes=("float32",),
    ),
    _control(
        "all-alike",
        "All queries are turned by the place of the first, as it declares.",
        Caching(rows=steps.all_alike),
        dialect={"query_turn": "all_alike"},
        dtypes=("float32",),
    ),
    _control(
        "behind-padding-declared",
        "Tokens are turned by their places behind the padding, as it declares.",
        Caching(rows=steps.without_padding),
        dialect={"left_pad_positions": "tokens"},
        dtypes=("float32",),
    ),
    _control(
        "after",
        "Its lengths count the new tokens, too, as it claims.",
        Caching(read=steps.after),
        claims=("lengths_after",),
        dtypes=("float32",),
    ),
    _control(
        "last",
        "Its lengths are the place of the last new token, as it claims.",
        Caching(read=steps.last),
        claims=("lengths_last",),
        dtypes=("float32",),
    ),
    _control(
        "binary",
        "Its logarithms are binary, as it declares.",
        Caching(finish=steps.binary),
        dialect={"lse_base": "2"},
        dtypes=("float32",),
    ),
    _control(
        "lowest",
        "The logsumexp of no key is the lowest number, as it declares.",
        Caching(finish=steps.lowest),
        dialect={"empty_lse": "finite"},
        dtypes=("float32",),
    ),
)
"""Attention over a cache that is right."""


__all__ = ["CONTROLS", "ROGUES"]
