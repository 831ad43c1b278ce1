"""The kind `kv-cache`: its definition, its nulls, and what tells its choices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attnspec._typing import Array, Window
from attnspec.judge.case import Case
from attnspec.judge.claims import Capabilities
from attnspec.judge.kind import Kind
from attnspec.judge.nulls import Right
from attnspec.judge.questions import Call
from attnspec.judge.recipe import Recipe
from attnspec.judge.words import Words
from attnspec.kinds.attention.words import model_in_words
from attnspec.kinds.serving import _cache_usage as usage
from attnspec.kinds.serving import _histories as histories
from attnspec.kinds.serving import _kv_cache as caches
from attnspec.kinds.serving import _sequences as sequences
from attnspec.kinds.serving._gathered import LSE_CHOICES, named_empty_lse
from attnspec.kinds.serving._histories import Done
from attnspec.numerics import PRESETS, relaxations
from attnspec.numerics.dtypes import working_dtype
from attnspec.reference import CacheStep, cache_attention


def _defined(  # noqa: PLR0913 - what attention takes, and what is asked for
    query: Array,
    key: Array,
    value: Array,
    steps: Array,
    *,
    capacity: int | None = None,  # noqa: ARG001 - there is room for anything
    causal: bool = False,
    window: Window | None = None,
    softcap: float | None = None,
    sink: Array | None = None,
    scale: float | None = None,
    return_lse: bool = False,
    return_tokens: bool = False,
    return_lengths: bool = False,
) -> Array | tuple[Array, ...]:
    """Evaluate the definition and round its result once."""
    output, lse = cache_attention(
        query,
        key,
        value,
        steps,
        causal=causal,
        window=window,
        softcap=softcap,
        sink=sink,
        scale=scale,
    )
    found: list[Array] = [output.astype(query.dtype)]
    if return_lse:
        found.append(lse.astype(working_dtype(query.dtype)))
    if return_tokens:
        case = Case({"query": query, "key": key, "value": value, "steps": steps}, {},
                    (), query.dtype.name)  # fmt: skip
        found += caches.gathered(case)[:2]
    if return_lengths:
        found.append(histories.lengths(histories.of_numbers(steps), len(query)))
    return tuple(found) if len(found) > 1 else found[0]


def _empty_lse(call: Call, capabilities: Capabilities, dtype: str) -> str | None:
    """Find out what the logsumexp of no keys is."""
    if not capabilities.allows({"return_lse", "no_keys"}):
        return None
    fields = {**_PROBE, "steps": caches.EMPTY[0]}
    recipe = KV_CACHE.table.within(KV_CACHE.recipe(dtype, **fields), capabilities)
    lse = call(KV_CACHE.case(recipe)).others["lse"]
    return named_empty_lse(float(lse[0, 0, 0]), dtype)


def _stepped(change: Callable[[Done], tuple[Done, ...]]) -> Callable[..., Array]:
    """Return the null that does some steps otherwise; it asks as often."""

    def null(case: Case, right: Right) -> Array:
        counts = histories.Counts(len(case["query"]))
        found = []
        for step in histories.of_numbers(case["steps"]):
            for own in change(step):
                # There may be less to take back than there was.
                most = min([own.number, *counts.asked(own)])
                taken = own.of(most) if own.what == CacheStep.BACK else own
                counts.after(taken)
                found.append(taken)
        return right(case.replace(steps=histories.in_numbers(found)))

    return null


def _leaving_out(what: CacheStep) -> Callable[..., Array]:
    """Return the null that does nothing where a step of a sort is to be done."""
    return _stepped(lambda step: () if step.what == what else (step,))


def _first_append(case: Case, right: Right) -> Array:
    """Keep the first tokens alone: what comes later is appended in vain."""
    seen: list[Done] = []

    def change(step: Done) -> tuple[Done, ...]:
        if step.what != CacheStep.APPEND:
            return (step,)
        seen.append(step)
        gone = step._replace(what=CacheStep.BACK)
        return (step,) if len(seen) == 1 else (step, gone)

    return _stepped(change)(case, right)


def _one_less(step: Done) -> tuple[Done, ...]:
    """Append, and lose the last token of it."""
    lost = Done(CacheStep.BACK, 1, step.sequence)
    return (step, lost) if step.what == CacheStep.APPEND else (step,)


def _read_once(step: Done) -> tuple[Done, ...]:
    """Attend, and lose the last token of it."""
    lost = Done(CacheStep.BACK, 1, step.sequence)
    return (step, lost) if step.what == CacheStep.ATTEND else (step,)


def _everyone(step: Done) -> tuple[Done, ...]:
    """Do with all sequences what is about one of them."""
    return (step._replace(sequence=histories.ALL),)


def _previous(case: Case, right: Right) -> Array:
    """Answer each query with the answer to the one before it."""
    return np.roll(right(case), 1, axis=2)


def _measured(case: Case, right: Right) -> Array:
    """Add the capacity to each answer."""
    return right(case) + float(case["capacity"] or 0.0)


def _other_sequence(case: Case, right: Right) -> Array:
    """Answer each sequence with the answer to the one before it."""
    return np.roll(right(case), 1, axis=0)


def _in_words(recipe: Recipe) -> str:
    """Return the steps of a recipe, and the fields that say something."""
    steps = (" ".join(map(str, step)) for step in recipe["steps"])
    rest = [
        f"{name} {value}"
        for name, value in recipe.fields
        if name not in ("steps", "layouts") and value is not None and value is not False
    ]
    return f"{', '.join(steps)}; {', '.join([*rest, recipe.dtype])}"


_PROBE: dict[str, Any] = {
    "steps": caches.GROWING[0],
    "width": 8,
    "data": "normal",
    "return_lse": True,
}

KV_CACHE = Kind(
    name="kv-cache",
    sentence="Keeps keys and values, and attends to those that it has.",
    table=caches.TABLE,
    build=caches.build,
    judge=caches.judge,
    left_open=caches.left_open,
    definition=_defined,
    usage=usage.KV_CACHE,
    simplest={
        "steps": histories.told("append 5, attend 1"),
        "key_heads": 2,
        "width": 8,
        "data": "normal",
    },
    given=(
        *sequences.GIVEN,
        *("batch", "several_queries", "back", "reset", "one_sequence"),
        *("attend_alone", "earlier_queries"),
    ),
    unsaid=("no_keys", "grows"),
    choices={**LSE_CHOICES, "empty_keys": ("zero", "nan")},
    choice_needs={
        "empty_lse": ("return_lse",),
        "lse_base": ("return_lse",),
        "lse_sink": ("sink",),
        "empty_keys": ("no_keys",),
    },
    probes=(
        {**_PROBE, "steps": caches.EMPTY[0]},
        {**_PROBE, "sink": "normal"},
        _PROBE,
    ),
    questions={"empty_lse": _empty_lse},
    nulls={
        **sequences.NULLS,
        "first_append": _first_append,
        "one_less": _stepped(_one_less),
        "read_once": _stepped(_read_once),
        "kept": _leaving_out(CacheStep.BACK),
        "unreset": _leaving_out(CacheStep.RESET),
        "shared": _leaving_out(CacheStep.OTHER),
        "everyone": _stepped(_everyone),
        "previous": _previous,
        "measured": _measured,
        "other_sequence": _other_sequence,
    },
    null_needs={
        **sequences.NULL_NEEDS,
        "kept": ("back",),
        "unreset": ("reset",),
        "everyone": ("one_sequence",),
        "measured": ("capacity",),
        "other_sequence": ("batch",),
    },
    models=PRESETS,
    relaxations=relaxations,
    words=Words(case=_in_words, bare_case=_in_words, model=model_in_words),
)

__all__ = ["KV_CACHE"]
