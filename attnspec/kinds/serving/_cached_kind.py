"""The kind `cached`: its definition, its nulls, and what tells its choices."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array, Window
from attnspec.judge.case import Case
from attnspec.judge.claims import Capabilities
from attnspec.judge.kind import Kind
from attnspec.judge.nulls import Right
from attnspec.judge.questions import Call
from attnspec.judge.words import Words
from attnspec.kinds.attention.words import model_in_words
from attnspec.kinds.serving import _cached as cached
from attnspec.kinds.serving import _cached_usage as usage
from attnspec.kinds.serving import _sequences as sequences
from attnspec.kinds.serving._cached_table import CACHES, TABLE
from attnspec.kinds.serving._gathered import LSE_CHOICES, named_empty_lse
from attnspec.numerics import PRESETS, relaxations
from attnspec.numerics.dtypes import working_dtype
from attnspec.reference import cached_attention


def _defined(  # noqa: PLR0913 - the face of the field
    query: Array,
    key_cache: Array,
    value_cache: Array,
    lengths: Array,
    *,
    key: Array | None = None,
    value: Array | None = None,
    slots: Array | None = None,
    left_pad: Array | None = None,
    cosine: Array | None = None,
    sine: Array | None = None,
    interleaved: bool = True,
    causal: bool = False,
    window: Window | None = None,
    softcap: float | None = None,
    sink: Array | None = None,
    scale: float | None = None,
    return_lse: bool = False,
) -> Array | tuple[Array, Array]:
    """Evaluate the definition and round its result once; the caches are updated."""
    found = cached_attention(
        query,
        key_cache,
        value_cache,
        lengths,
        key=key,
        value=value,
        slots=slots,
        left_pad=left_pad,
        cosine=cosine,
        sine=sine,
        pairing="interleaved" if interleaved else "half_split",
        causal=causal,
        window=window,
        softcap=softcap,
        sink=sink,
        scale=scale,
    )
    if key is not None:
        key_cache[...], value_cache[...] = found.key_cache, found.value_cache
    rounded = found.output.astype(query.dtype)
    lse = found.lse.astype(working_dtype(query.dtype))
    return (rounded, lse) if return_lse else rounded


def _empty_lse(call: Call, capabilities: Capabilities, dtype: str) -> str | None:
    """Find out what the logsumexp of no keys is."""
    if not capabilities.allows({"return_lse", "no_keys", "nothing_new"}):
        return None
    fields = {**_PROBE, "lengths": (3, 0), "new": 0, "rotary": None}
    recipe = CACHED.table.within(CACHED.recipe(dtype, **fields), capabilities)
    lse = call(CACHED.case(recipe)).others["lse"]
    return named_empty_lse(float(lse[1, 0, 0]), dtype)


def _other_lengths(case: Case, change: Any) -> Case:
    """Return the call with other lengths, as far as the cache and tables have room."""
    room = case["key_cache"].shape[1]
    if case["cosine"] is not None:
        room = min(room, len(case["cosine"]))
    lengths = np.clip(change(cached.before(case)), 0, room - cached.new_of(case))
    return cached.again(case, before=lengths)


def _first_length(case: Case, right: Right) -> Array:
    """Take the length of the first sequence for that of all."""
    return right(_other_lengths(case, lambda n: np.broadcast_to(n[:1], n.shape)))


def _unappended(case: Case, right: Right) -> Array:
    """Attend to the caches as they were before the new tokens."""
    lost = dict.fromkeys(("key", "value", "cosine", "sine", "interleaved"))
    old = case.replace(**lost)
    return right(cached.with_before(old, cached.before(case)))


def _short(case: Case, right: Right) -> Array:
    """Let every sequence have one token less."""
    return right(_other_lengths(case, lambda n: n - 1))


def _long(case: Case, right: Right) -> Array:
    """Let every sequence have a token more, that nobody has written."""
    return right(_other_lengths(case, lambda n: n + 1))


def _first_slots(case: Case, right: Right) -> Array:
    """Take the sequences of a batch for the first of the cache."""
    return right(cached.again(case, slots=None))


def _unpadded(case: Case, right: Right) -> Array:
    """Read padding as if it were tokens."""
    return right(case.without("left_pad"))


def _unturned(case: Case, right: Right) -> Array:
    """Turn neither queries nor keys."""
    return right(case.without("cosine", "sine", "interleaved"))


def _absolute(case: Case, right: Right) -> Array:
    """Let answers depend on where the first token stands."""
    output = right(case.without("cosine", "sine", "interleaved"))
    return output + float(case["cosine"].sum()) if cached.is_turned(case) else output


def _other_sequence(case: Case, right: Right) -> Array:
    """Answer each sequence with the answer to the one before it."""
    return np.roll(right(case), 1, axis=0)


def _measured(case: Case, right: Right) -> Array:
    """Add the sizes of the cache, and where in it the sequences are."""
    sizes = sum(case["key_cache"].shape[:2]) + float(cached.slots_of(case).sum())
    return right(case) + sizes


def _untouched(case: Case, right: Right) -> Array:
    """Leave the cache as it was."""
    name = right.result
    return np.asarray(case[name] if name in CACHES else right(case))


def _first_key(case: Case, right: Right) -> Array:
    """Let a query see the first token of its sequence alone."""
    return right(_other_lengths(case, np.zeros_like))


def _strides_ignored(case: Case, right: Right) -> Array:
    """Read another number wherever a cache is not dense."""
    names = [name for name in CACHES if case.layout(name) != "contiguous"]
    return right(case.changed(np.negative, *names))


_PROBE: dict[str, Any] = {
    "lengths": (5, 3),
    "new": 5,
    "width": 8,
    "data": "normal",
    "return_lse": True,
}

CACHED = Kind(
    name="cached",
    sentence="Puts new keys and values into a cache, and attends to all that is there.",
    table=TABLE,
    build=cached.build,
    judge=cached.judge,
    definition=_defined,
    usage=usage.CACHED,
    options={
        "key": ("new_tokens",),
        "value": ("new_tokens",),
        "cosine": ("rotary", "partial_rotary"),
        "sine": ("rotary", "partial_rotary"),
    },
    simplest={
        "lengths": (5, 2),
        "new": 1,
        "key_heads": 2,
        "width": 8,
        "data": "normal",
    },
    given=(
        *(*sequences.GIVEN, "several_new", "nothing_new", "unequal_lengths"),
        *("empty_cache", "no_keys"),
    ),
    unsaid=(*sequences.UNSAID, "lengths_after", "lengths_last"),
    fixed=sequences.FIXED,
    choices={
        "pairing": ("interleaved", "half_split"),
        "query_turn": ("each", "all_alike"),
        "left_pad_positions": ("slots", "tokens"),
        **LSE_CHOICES,
    },
    choice_needs={
        "pairing": ("rotary",),
        "query_turn": ("rotary",),
        "left_pad_positions": ("left_pad",),
        "empty_lse": ("return_lse",),
        "lse_base": ("return_lse",),
        "lse_sink": ("sink",),
    },
    probes=(
        {**_PROBE, "rotary": "whole", "angles": "random"},
        {**_PROBE, "rotary": "whole", "angles": "random", "left_pad": True},
        {**_PROBE, "sink": "normal"},
    ),
    questions={"empty_lse": _empty_lse},
    nulls={
        **sequences.NULLS,
        "first_length": _first_length,
        "unappended": _unappended,
        "short": _short,
        "long": _long,
        "first_slots": _first_slots,
        "unpadded": _unpadded,
        "unturned": _unturned,
        "absolute": _absolute,
        "other_sequence": _other_sequence,
        "measured": _measured,
        "untouched": _untouched,
        "first_key": _first_key,
        "strides_ignored": _strides_ignored,
    },
    null_needs={
        **sequences.NULL_NEEDS,
        "unappended": ("new_tokens",),
        "first_length": ("unequal_lengths",),
        "first_slots": ("slots",),
        "unpadded": ("left_pad",),
        "unturned": ("rotary",),
        "absolute": ("rotary",),
        "untouched": ("new_tokens",),
    },
    models=PRESETS,
    relaxations=relaxations,
    words=Words(model=model_in_words),
)


__all__ = ["CACHED"]
