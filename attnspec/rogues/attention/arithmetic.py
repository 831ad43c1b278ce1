"""Controls of unusual arithmetic, right within what their models declare."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.numerics import PRESETS, default_model
from attnspec.rogues._gallery import Control, control
from attnspec.rogues.attention._formats import tfloat32, through, truncated_tfloat32
from attnspec.rogues.attention._kernel import KERNEL, Kernel, Rows, Tables
from attnspec.rogues.attention._split import Split
from attnspec.rogues.attention._steps import divided

_LOG2E = np.float32(math.log2(math.e))
_LOG2 = np.float32(math.log(2))
_FLOAT8 = np.dtype(ml_dtypes.float8_e4m3fn)


def _based(peak: Array) -> Array:
    """Return what can be subtracted from a score."""
    return np.where(np.isneginf(peak), 0, peak).astype(peak.dtype)


class SplitByLse(Split):
    """Merges finished parts by weights exp(lse_i - lse), and divides by nothing."""

    def merged(self, rows: list[Rows], call: AttentionCase) -> Rows:
        """Weigh each part by what its stored logsumexp says."""
        done = [self.kernel.finish(part, call) for part in rows]
        stored = [lse[..., None] for _, lse in done]
        peak = np.maximum.reduce(stored)
        shares = [np.exp(lse - _based(peak)) for lse in stored]
        lse = peak + np.log(np.sum(shares, axis=0))
        parts = zip(stored, done, strict=True)
        mixed = sum(np.exp(one - _based(lse)) * part for one, (part, _) in parts)
        return Rows(lse, (lse != -np.inf).astype(lse.dtype), np.asarray(mixed))


class TwoPasses(Kernel):
    """Stores the logsumexp in a first pass, and sums exp(s - lse) v in a second."""

    def attend(self, call: AttentionCase) -> tuple[Array, Array]:
        """Go through the tiles twice."""
        tables, rows = self.tables(call), self.start(call)
        scores = []
        for tile in self.tiles(call.sizes.S, call):
            scores.append((tile, self.scored(tables, tile, call)))
            rows = self.absorb(rows, scores[-1][1], tables.value[:, :, tile], call)
        _, lse = self.finish(rows, call)
        output = np.zeros_like(rows.accumulator)
        for tile, score in scores:
            weights = self.exp(score - _based(lse)[..., None])
            output = output + weights @ self.shown(tables.value[:, :, tile], score)
        return self.answer(output, lse, call)


def _tensor_core(narrow: Callable[[Array], Array]) -> Kernel:
    """Return a kernel that rounds the operands of both products."""

    def shown(value: Array, scores: Array) -> Array:
        return narrow(KERNEL.shown(value, scores))

    return KERNEL.replace(
        dot=lambda query, key: KERNEL.dot(narrow(query), narrow(key)),
        narrow=lambda weights, _: narrow(weights),
        shown=shown,
    )


def _cap_by(tanh: Callable[[Array], Array]) -> Kernel:
    """Return a kernel whose softcap has another hyperbolic tangent."""

    def cap(scores: Array, call: AttentionCase) -> Array:
        if call.softcap is None:
            return scores
        height = scores.dtype.type(call.softcap)
        return height * tanh(scores / height)

    return KERNEL.replace(cap=cap)


def _by_sigmoid(x: Array) -> Array:
    return 2 / (1 + np.exp(-2 * x)) - 1


def _by_exponentials(x: Array) -> Array:
    small = np.exp(-2 * np.abs(x))
    return np.copysign((1 - small) / (1 + small), x)


class FoldedScale(Kernel):
    """Computes exp2(s c - m c), c = scale log2 e, with one fused multiply-add."""

    def scored(self, tables: Tables, tile: Array, call: AttentionCase) -> Array:  # noqa: ARG002 - a step's form
        """Leave scores without their scale."""
        dots = self.dot(tables.query, tables.key[:, :, tile])
        return self.hide(dots, tables.visible[..., tile])

    def absorb(
        self, rows: Rows, scores: Array, value: Array, call: AttentionCase
    ) -> Rows:
        """Keep the peak in units of log 2."""
        factor = np.float32(np.float32(self.scale(call)) * _LOG2E)
        hidden = np.isneginf(scores)
        peak = self.peak(rows.peak, np.where(hidden, -np.inf, scores * factor))
        exact = scores.astype(np.float64) * float(factor) - _based(peak)
        power = np.where(hidden, -np.inf, exact).astype(np.float32)
        fade, weights = np.exp2(rows.peak - _based(peak)), np.exp2(power)
        total = rows.total * fade + weights.sum(-1, keepdims=True)
        mixed = weights @ self.shown(value, np.where(hidden, -np.inf, 0))
        return Rows(peak, total, rows.accumulator * fade + mixed)


def _from_log2(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    """Return the logsumexp to base e, and divide by way of the reciprocal."""
    output, _ = _reciprocal(rows, call)
    return output, ((rows.peak + np.log2(rows.total)) * _LOG2)[..., 0]


def _reciprocal(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    """Multiply by one over the sum."""
    _, lse = KERNEL.finish(rows, call)
    share = rows.total.dtype.type(1) / rows.total
    return np.where(rows.total == 0, 0, rows.accumulator * share), lse


class Float8Weights(Kernel):
    """Rounds weights to eight bits, and sums them as rounded."""

    def absorb(
        self, rows: Rows, scores: Array, value: Array, call: AttentionCase
    ) -> Rows:
        """Round what is new."""
        rounded = self.replace(exp=lambda x: through(np.exp(x), _FLOAT8))
        peak = self.peak(rows.peak, scores)
        fade = np.exp(rows.peak - _based(peak))
        faded = Rows(peak, rows.total * fade, rows.accumulator * fade)
        return Kernel.absorb(rounded, faded, scores, value, call)


@dataclasses.dataclass(frozen=True)
class FiniteSinks:
    """Computes inf - inf in a row without keys, if its sink is minus infinity too."""

    def __call__(self, *operands: Array, **options: Any) -> Any:
        """Compute attention."""
        return KERNEL.replace(finish=self.finish)(*operands, **options)

    def finish(self, rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
        """Divide by the sum, 0/0 too, where there is a sink."""
        if call.sink is None:
            return KERNEL.finish(rows, call)
        return rows.accumulator / rows.total, KERNEL.finish(rows, call)[1]


_FLOAT32 = default_model("float32")
_SPLITS = _FLOAT32.replace(name="split", splits=True)
_EIGHT_BITS = default_model("bfloat16").replace(
    name="float8-weights", weights="float8_e4m3", weights_in_sum="yes"
)

CONTROLS: tuple[Control, ...] = (
    control(
        "split-by-lse",
        "Finished parts are merged by exp(lse_i - lse), and nothing is divided.",
        SplitByLse(3),
        models={"float32": _SPLITS},
    ),
    control(
        "two-passes-by-lse",
        "A first pass stores the logsumexp, a second sums exp(s - lse) v.",
        TwoPasses(),
        models={"float32": _SPLITS},
    ),
    control(
        "both-products-in-tfloat32",
        "Operands of both products are rounded to TF32.",
        _tensor_core(tfloat32),
        models={"float32": PRESETS["tfloat32"]},
    ),
    control(
        "both-products-truncated",
        "Operands of both products are cut off to TF32.",
        _tensor_core(truncated_tfloat32),
        models={"float32": PRESETS["tfloat32"]},
    ),
    control(
        "tanh-by-sigmoid",
        "The softcap's tanh is 2 sigmoid(2x) - 1.",
        _cap_by(_by_sigmoid),
    ),
    control(
        "tanh-by-exponentials",
        "The softcap's tanh is (1 - e) / (1 + e), e = exp(-2 |x|).",
        _cap_by(_by_exponentials),
    ),
    control(
        "scale-folded-by-fma",
        "The scale is part of the exponent, in one fused multiply-add.",
        FoldedScale(finish=_from_log2),
        without=("softcap", "sink", "bias", "minus_infinity_bias", "float32_bias"),
    ),
    control(
        "reciprocal",
        "The accumulator is multiplied by one over the sum.",
        KERNEL.replace(finish=_reciprocal),
    ),
    control(
        "float8-weights-summed",
        "Weights are rounded to eight bits and summed as rounded.",
        Float8Weights(),
        dtypes=("bfloat16",),
        models={"bfloat16": _EIGHT_BITS},
    ),
    control(
        "empty-row-nan-without-sink",
        "A row without keys is NaN, and 0 where there is a sink; no mask is taken.",
        KERNEL.replace(finish=divided()),
        dialect={"empty_row": "nan", "empty_keys": "nan"},
        without=("mask", "head_mask", "causal", "window", "softcap", "return_lse"),
    ),
    control(
        "finite-sinks",
        "Every number may be a sink, minus infinity may not.",
        FiniteSinks(),
        without=("minus_infinity_sink",),
    ),
)
"""The right kernels of unusual arithmetic."""

__all__ = [
    "CONTROLS",
    "FiniteSinks",
    "Float8Weights",
    "FoldedScale",
    "SplitByLse",
    "TwoPasses",
]
