"""How it is found out which choices an attention kernel makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

import numpy as np

from attnspec._typing import Alignment, Array
from attnspec.judge.claims import Capabilities
from attnspec.judge.detection import CLEARLY
from attnspec.judge.questions import Call, Nearest, Question
from attnspec.judge.recipe import Recipe
from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.build import build
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import CHOICES, dialect_of
from attnspec.kinds.attention.probes import (
    flat,
    one_hot_values,
    visible_keys,
    with_values,
)
from attnspec.kinds.attention.table import TABLE


def _case(capabilities: Capabilities, dtype: str, **fields: Any) -> AttentionCase:
    """Return a small case within what is claimed, all scores zero."""
    fields = {"width": 4, "value_width": 4, **fields}
    recipe = TABLE.recipe("attention", dtype, **fields)
    return build(TABLE.within(recipe, capabilities)).replace(bias=None)


def _alignment(call: Call, capabilities: Capabilities, dtype: str) -> str | None:
    """Return the alignment whose support every probe shows, or the nearest one."""
    possible = set(get_args(Alignment))
    errors = dict.fromkeys(get_args(Alignment), 0.0)
    asked = False
    for queries, keys in ((2, 5), (5, 2), (3, 8)):
        for flag in ({"causal": True}, {"window": (1, 0)}):
            if not capabilities.allows({*flag, "unequal_lengths"}):
                continue
            case = _case(capabilities, dtype, queries=queries, keys=keys, **flag)
            probe = flat(case)
            hot = one_hot_values(probe, np.arange(probe.sizes.S))
            probe = with_values(probe, hot, capabilities)
            weights = call(probe).output[..., : probe.sizes.S].astype(np.float64)
            asked = True
            possible = {a for a in possible if _supported(probe, weights, a)}
            for a in errors:
                errors[a] = max(errors[a], _distance(probe, weights, a))
    if possible:
        return possible.pop() if asked and len(possible) == 1 else None
    best, other = sorted(errors, key=errors.__getitem__)
    return Nearest(best) if CLEARLY * errors[best] < errors[other] else None


def _distance(probe: AttentionCase, weights: Array, alignment: str) -> float:
    """Return how far the weights are from equal ones on the keys of an alignment."""
    seen = visible_keys(probe, dialect_of(alignment=alignment))
    count = seen.sum(-1, keepdims=True)
    off = np.abs(weights - seen / np.maximum(count, 1))[count[..., 0] > 0]
    largest = float(off.max(initial=0.0))
    return np.inf if np.isnan(largest) else largest


def _supported(probe: AttentionCase, weights: Array, alignment: str) -> bool:
    """Return whether the rows that see a key have exactly this support."""
    seen = visible_keys(probe, dialect_of(alignment=alignment))
    rows = seen.any(-1)
    return bool(((weights > 0) == seen)[rows].all())


def _empty(capabilities: Capabilities, dtype: str) -> Iterator[AttentionCase]:
    """Yield cases whose first query sees no key, in each form that is claimed."""
    if "mask" in capabilities:
        case = flat(_case(capabilities, dtype, queries=2, keys=4, mask="all"))
        yield case.replace(mask=_hiding(case))
    if capabilities.allows({"bias", "minus_infinity_bias"}):
        case = flat(_case(capabilities, dtype, queries=2, keys=4))
        bias = np.where(_hiding(case), 0.0, -np.inf).astype(case.query.dtype)
        yield case.replace(bias=bias)
    if capabilities.allows({"causal", "unequal_lengths", "more_queries"}):
        yield flat(_case(capabilities, dtype, queries=6, keys=4, causal=True))


def _hiding(case: AttentionCase) -> Array:
    """Return a mask that hides every key from the first query."""
    mask = np.ones((1, 1, case.sizes.L, case.sizes.S), np.bool_)
    mask[:, :, 0] = False
    return mask


def _integers(case: AttentionCase) -> AttentionCase:
    """Return the case with values whose mean over all keys is that of no single key."""
    keys, channels = case.value.shape[2:]
    steps = (np.arange(keys)[:, None] + np.arange(channels)) % 4 + 1.0
    whole = np.broadcast_to(steps, case.value.shape)
    return case.replace(value=whole.astype(case.value.dtype))


def _empty_row(call: Call, capabilities: Capabilities, dtype: str) -> str | None:
    for case in map(_integers, _empty(capabilities, dtype)):
        row = call(case).output[0, 0, 0].astype(np.float64)
        return _named(row, case.value[0, 0].astype(np.float64).mean(0))
    return None


def _named(row: Array, mean: Array) -> str | None:
    """Return the name of what an empty row holds."""
    if np.isnan(row).all():
        return "nan"
    if (row == 0).all():
        return "zero"
    # A mean of integers below 5 over 4 keys: quarters, which no kernel can miss.
    return "mean" if np.array_equal(np.round(4 * row), 4 * mean) else None


def _empty_lse(call: Call, capabilities: Capabilities, dtype: str) -> str | None:
    if "return_lse" not in capabilities:
        return None
    for case in _empty(capabilities, dtype):
        lse = call(case.with_lse()).others["lse"]
        return named_lse(float(lse[0, 0, 0]))
    return None


def named_lse(found: float) -> str | None:
    """Return the name of the logsumexp of no key."""
    if np.isnan(found):
        return "nan"
    if np.isinf(found):
        return "minus_infinity" if found < 0 else "plus_infinity"
    return "finite" if found < -1e4 else None


def _empty_keys(call: Call, capabilities: Capabilities, dtype: str) -> str | None:
    if not capabilities.allows({"empty_keys", "unequal_lengths", "more_queries"}):
        return None
    output = call(_case(capabilities, dtype, queries=2, keys=0)).output
    return _named(output[0, 0, 0].astype(np.float64), np.full(1, np.inf))


def _softcap_order(call: Call, capabilities: Capabilities, dtype: str) -> str | None:
    added = [
        option
        for option in ("bias", "alibi_slopes")
        if capabilities.allows({"softcap", option})
    ]
    if not added:
        return None
    fields = {added[0]: {"bias": "normal", "alibi_slopes": "drawn"}[added[0]]}
    case = build(TABLE.within(_recipe(dtype, softcap=1.0, **fields), capabilities))
    return _evaluated(case, call(case).output, "softcap_order")


def _causal_alibi(call: Call, capabilities: Capabilities, dtype: str) -> str | None:
    if not capabilities.allows({"causal", "alibi_slopes", "return_lse"}):
        return None
    recipe = _recipe(dtype, causal=True, alibi_slopes="drawn")
    case = build(TABLE.within(recipe, capabilities)).with_lse()
    return _evaluated(case, call(case).others["lse"], "causal_alibi", "lse")


def _recipe(dtype: str, **fields: Any) -> Recipe:
    """Return a small recipe with as many queries as keys."""
    sizes = {"queries": 4, "keys": 4, "width": 4, "value_width": 4}
    return TABLE.recipe("attention", dtype, **sizes, **fields)


def _evaluated(
    case: AttentionCase, found: Array, field: str, result: str = "output"
) -> str | None:
    """Return the choice whose exact result is clearly the nearest to what was found."""
    errors = {}
    for choice in CHOICES[field]:
        exact = evaluate(case, dialect_of(**{field: choice}))
        right = exact.output if result == "output" else exact.lse
        off = np.abs(found.astype(np.float64) - right).max(initial=0.0)
        errors[choice] = np.inf if np.isnan(off) else float(off)
    best, other = sorted(errors, key=errors.__getitem__)
    return best if CLEARLY * errors[best] < errors[other] else None


def _nan(operand: str, *, seen_by: int = 0) -> Question:
    """Return the question whether a NaN in the last key or value reaches a query.

    The last `seen_by` queries see it, and are not looked at.
    """

    def probe(call: Call, capabilities: Capabilities, dtype: str) -> str | None:
        if "mask" not in capabilities:
            return None
        case = _case(capabilities, dtype, queries=2, keys=4, mask="all")
        case = _integers(flat(case))
        last = np.arange(case.sizes.S) == case.sizes.S - 1
        sees = np.arange(case.sizes.L)[:, None] >= case.sizes.L - seen_by
        mask = np.broadcast_to(~last | sees, (1, 1, case.sizes.L, case.sizes.S))
        array = case[operand].copy()
        array[:, :, -1] = np.nan
        output = call(case.replace(mask=mask, **{operand: array})).output
        blind = output[:, :, : case.sizes.L - seen_by]
        bad = np.isnan(blind.astype(np.float64)).any()
        return "poisons" if bad else "clean"

    return probe


QUESTIONS: Mapping[str, Question] = {
    "alignment": _alignment,
    "empty_row": _empty_row,
    "empty_lse": _empty_lse,
    "empty_keys": _empty_keys,
    "softcap_order": _softcap_order,
    "causal_alibi": _causal_alibi,
    "nan_masked_key": _nan("key"),
    "nan_masked_value": _nan("value"),
    "nan_zero_weight": _nan("value", seen_by=1),
}

__all__ = ["QUESTIONS", "named_lse"]
