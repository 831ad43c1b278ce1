"""The definition of attention, written out in NumPy for the options of one case."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from attnspec.judge.law import Dialect
from attnspec.kinds.attention.alibi import counts_keys
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import alignment_of
from attnspec.reference import masks

_EMPTY = {
    "zero": "0.0",
    "nan": "np.nan",
    "mean": "v.mean(-2, keepdims=True)",
}
"""The output of a row that sees no key, for each choice."""

_EMPTY_LSE = {"plus_infinity": "inf", "nan": "np.nan"}
"""The logsumexp of such a row, where it is not what the formula gives."""


def formula(case: AttentionCase, dialect: Dialect) -> str:
    """Return lines of NumPy that make `expected_output` of the arguments of a case."""
    return "\n".join(_lines(case, dialect))


def _lines(case: AttentionCase, dialect: Dialect) -> Iterator[str]:
    sizes = case.sizes
    yield "q, k, v = (x.astype(np.float64) for x in (query, key, value))"
    if sizes.Hq != sizes.Hkv:
        group = sizes.Hq // max(1, sizes.Hkv)
        yield f"k, v = k.repeat({group}, 1), v.repeat({group}, 1)"
    scale = f"{sizes.E}**-0.5" if case.scale is None else "scale"
    yield f"scores = q @ np.swapaxes(k, -1, -2) * {scale}"
    steps = [_capped(case), _added(case, dialect)]
    for step in steps[:: -1 if dialect["softcap_order"] == "after_bias" else 1]:
        yield from step
    yield from _hidden(case, dialect)
    yield "top = scores.max(-1, keepdims=True, initial=-inf)"
    if case.sink is not None:
        yield "own = sink.astype(np.float64)[:, None, None]"
        yield "top = np.maximum(top, own)"
    yield "top = np.where(top == -inf, 0.0, top)"
    yield "weights = np.exp(scores - top)"
    total = "weights.sum(-1, keepdims=True)"
    yield f"total = {total}{'' if case.sink is None else ' + np.exp(own - top)'}"
    if not np.isfinite(case.value.astype(np.float64)).all():
        yield "v = np.where((weights > 0).any(-2)[..., None], v, 0.0)"
    yield "output = weights @ v / np.where(total == 0, 1.0, total)"
    empty_row = _EMPTY[dialect["empty_row"]]
    yield f"expected_output = np.where(total == 0, {empty_row}, output)"
    if case.options.get("return_lse"):
        yield "with np.errstate(divide='ignore'):"
        yield "    expected_lse = (top + np.log(total))[..., 0]"
        if (empty := _EMPTY_LSE.get(dialect["empty_lse"])) is not None:
            yield f"expected_lse[expected_lse == -inf] = {empty}"


def _capped(case: AttentionCase) -> Iterator[str]:
    """Yield what bends scores."""
    if case.softcap is not None:
        yield "scores = softcap * np.tanh(scores / softcap)"


def _added(case: AttentionCase, dialect: Dialect) -> Iterator[str]:
    """Yield what is added to scores."""
    if case.bias is not None:
        yield "scores = scores + bias.astype(np.float64)"
    if case.alibi_slopes is not None:
        yield from _places(case, dialect)
        yield "slopes = alibi_slopes.astype(np.float64)[..., None, None]"
        steps = "j" if counts_keys(case, dialect) else "-np.abs(i - j)"
        yield f"scores = scores + slopes * {steps}"


def _places(case: AttentionCase, dialect: Dialect) -> Iterator[str]:
    """Yield the positions of queries and keys."""
    sizes, alignment = case.sizes, alignment_of(dialect)
    start = masks.positions(sizes.L, sizes.S, alignment=alignment)
    first = int(start[0]) if sizes.L else 0
    shift = f" + {first}" if first > 0 else f" - {-first}" if first else ""
    yield f"i = np.arange({sizes.L})[:, None]{shift}  # {alignment}"
    yield f"j = np.arange({sizes.S})"


def _hidden(case: AttentionCase, dialect: Dialect) -> Iterator[str]:
    """Yield what hides keys."""
    if (case.causal or case.window is not None) and case.alibi_slopes is None:
        yield from _places(case, dialect)
    if case.causal:
        yield "scores = np.where(j <= i, scores, -inf)"
    for side, condition in zip(
        case.window or (None, None), ("i - j <= {}", "j - i <= {}"), strict=True
    ):
        if side is not None:
            yield f"scores = np.where({condition.format(side)}, scores, -inf)"
    if case.mask is not None:
        yield "scores = np.where(mask, scores, -inf)"


__all__ = ["formula"]
