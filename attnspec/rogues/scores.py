"""Rogues that mistake scores: options dropped, softcap, sink, logsumexp, NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec.cases import Array, Case
from attnspec.conformance import Verdict
from attnspec.rogues._gallery import Rogue, rogue
from attnspec.rogues._kernel import KERNEL, TILE, Kernel, Rows, Tables


def _dropped(option: str, when: Any) -> Kernel:
    """Return the kernel that drops an option when a condition of the call holds."""
    nothing = False if option == "causal" else None

    def prepare(call: Case, lse: bool) -> Case:  # noqa: FBT001 - a step's form
        return call.replace(**{option: nothing}) if when(call, lse) else call

    return KERNEL.replace(prepare=prepare)


def _scale_or_default(call: Case) -> float:
    return (call.scale or 0.0) or call.sizes.E**-0.5


def _magnitude(call: Case) -> float:
    return abs(call.effective_scale)


def _by_value_width(call: Case) -> float:
    return call.sizes.Ev**-0.5 if call.scale is None else call.scale


def _scaled_bias(tables: Tables, call: Case) -> Tables:
    scale = np.float32(call.effective_scale or 1.0)
    return tables._replace(addend=tables.addend * scale)


class _CapLast(Kernel):
    """Caps after bias and mask."""

    def scored(self, tables: Tables, tile: Array, call: Case) -> Array:
        scores = super().scored(tables, tile, call.replace(softcap=None))
        return self.cap(scores, call)


class _BiasCapped(Kernel):
    """Adds the bias before the cap."""

    def scored(self, tables: Tables, tile: Array, call: Case) -> Array:
        scores = super().scored(tables, tile, call.replace(softcap=None))
        return np.where(np.isneginf(scores), scores, self.cap(scores, call))


class _CapUnscaled(Kernel):
    """Caps the dot products and scales what comes out."""

    def scored(self, tables: Tables, tile: Array, call: Case) -> Array:
        dots = self.dot(tables.query, tables.key[:, :, tile])
        scores = self.cap(dots, call) * np.float32(self.scale(call))
        scores = self.add(scores, tables.addend[..., tile])
        return self.hide(scores, tables.visible[..., tile])


def _not_multiplied_back(scores: Array, call: Case) -> Array:
    return scores if call.softcap is None else np.tanh(scores / np.float32(call.softcap))


def _clipped(scores: Array, call: Case) -> Array:
    if call.softcap is None:
        return scores
    return np.clip(scores, -call.softcap, call.softcap).astype(scores.dtype)


def _sink_as_number(rows: Rows, call: Case) -> tuple[Array, Array]:
    """Add the sink itself to the sum."""
    if call.sink is not None:
        sink = np.where(np.isneginf(call.sink), 0, call.sink)[None, :, None, None]
        rows = rows._replace(total=rows.total + sink)
    return KERNEL.finish(rows, call)


def _sink_late(rows: Rows, call: Case) -> tuple[Array, Array]:
    """Add exp(sink - peak), with a peak that knows nothing of the sink."""
    if call.sink is not None:
        sink = call.sink[None, :, None, None].astype(rows.peak.dtype)
        rows = rows._replace(total=rows.total + np.exp(sink - rows.peak))
    return KERNEL.finish(rows, call)


def _no_sink_yet(call: Case) -> Rows:
    return KERNEL.start(call.replace(sink=None))


def _sink_of_first_head(call: Case) -> Rows:
    if call.sink is None:
        return KERNEL.start(call)
    return KERNEL.start(call.replace(sink=np.repeat(call.sink[:1], call.sizes.Hq)))


def _sink_as_value(rows: Rows, call: Case) -> tuple[Array, Array]:
    """Divide by the sum without the sink: it is in the logsumexp alone."""
    output, lse = KERNEL.finish(rows, call)
    if call.sink is None:
        return output, lse
    share = np.exp(call.sink[None, :, None] - lse)[..., None]
    return np.where(share < 1, output / (1 - share), output), lse


def _base_two(rows: Rows, call: Case) -> tuple[Array, Array]:
    output, lse = KERNEL.finish(rows, call)
    return output, lse * np.float32(np.log2(np.e))


def _without_peak(rows: Rows, call: Case) -> tuple[Array, Array]:
    output, _ = KERNEL.finish(rows, call)
    return output, np.log(rows.total)[..., 0]


def _swapped_axes(output: Array, lse: Array, call: Case) -> tuple[Array, Array]:
    output, lse = KERNEL.answer(output, lse, call)
    return output, np.ascontiguousarray(lse.swapaxes(1, 2)).reshape(lse.shape)


def _swapped_shape(output: Array, lse: Array, call: Case) -> tuple[Array, Array]:
    output, lse = KERNEL.answer(output, lse, call)
    return output, np.ascontiguousarray(lse.swapaxes(1, 2))


def _zero_when_empty(rows: Rows, call: Case) -> tuple[Array, Array]:
    output, lse = KERNEL.finish(rows, call)
    return output, np.where(np.isneginf(lse), 0, lse)


def _centered(tables: Tables, call: Case) -> Tables:  # noqa: ARG001 - a step's form
    """Subtract the mean of the keys, and forget it in the logsumexp."""
    seen = (tables.visible & ~np.isneginf(tables.addend)).any(2)[..., None]
    key = np.where(seen, tables.key, 0)
    count = np.maximum(1, seen.sum(2, keepdims=True)).astype(key.dtype)
    return tables._replace(key=tables.key - key.sum(2, keepdims=True) / count)


def _all_values(value: Array, scores: Array) -> Array:  # noqa: ARG001 - a step's form
    return value


def _added_infinity(scores: Array, visible: Array) -> Array:
    return scores + np.where(visible, 0, -np.inf).astype(scores.dtype)


def _raising(scores: Array, call: Case) -> Array:
    if call.softcap is not None and call.bias is not None:
        msg = "softcap with a bias"
        raise NotImplementedError(msg)
    return KERNEL.cap(scores, call)


def _wide_output(output: Array, lse: Array, call: Case) -> tuple[Array, Array]:
    return output.astype(np.float32), KERNEL.answer(output, lse, call)[1]


OPTION_ROGUES: tuple[Rogue, ...] = tuple(
    rogue(name, "dropped-option", sentence, _dropped(option, when), caught_by=law, mimics=bug)
    for name, sentence, option, when, law, bug in (
        (
            "scale-dropped",
            "A given scale is ignored.",
            "scale",
            lambda *_: True,
            "scale-given",
            "flashinfer#1072",
        ),
        (
            "causal-dropped-with-mask",
            "The causal flag is ignored beside a mask.",
            "causal",
            lambda call, _: call.mask is not None,
            "mask-composition",
            "keras#23040",
        ),
        (
            "causal-dropped-with-window",
            "The causal flag is ignored beside a window.",
            "causal",
            lambda call, _: call.window is not None,
            "mask-composition",
            "vllm-flash-attention#154",
        ),
        (
            "causal-dropped-at-whole-tiles",
            "The causal flag is ignored where tiles divide S.",
            "causal",
            lambda call, _: call.sizes.S % TILE == 0,
            "causal-support",
            "triton-msl#7",
        ),
        (
            "window-dropped-without-mask",
            "A window is honored beside a mask alone.",
            "window",
            lambda call, _: call.mask is None,
            "window-support",
            "jax@099f0a17",
        ),
        (
            "softcap-dropped-with-causal",
            "The softcap is ignored beside the causal flag.",
            "softcap",
            lambda call, _: call.causal,
            "options-honored",
            "flash-attention#2544",
        ),
        (
            "bias-dropped-with-window",
            "The bias is ignored beside a window.",
            "bias",
            lambda call, _: call.window is not None,
            "options-honored",
            "vllm#57614",
        ),
        (
            "mask-dropped-alone-in-batch",
            "The mask is ignored when B is 1.",
            "mask",
            lambda call, _: call.sizes.B == 1,
            "masked-keys-inert",
            "transformers#46773",
        ),
        (
            "sink-dropped-with-lse",
            "The sink is ignored when the logsumexp is asked for.",
            "sink",
            lambda _, lse: lse,
            "lse-agreement",
            "flashinfer#1254",
        ),
        (
            "mask-dropped-in-decoding",
            "The mask is ignored for a single query.",
            "mask",
            lambda call, _: call.sizes.L == 1,
            "masked-keys-inert",
            "mlx-lm#1906",
        ),
    )
)
"""The rogues that drop an option."""

SCALE_ROGUES: tuple[Rogue, ...] = (
    rogue(
        "zero-scale-is-default",
        "dropped-option",
        "A scale of zero is taken for none.",
        KERNEL.replace(scale=_scale_or_default),
        caught_by="scale-zero",
    ),
    rogue(
        "scale-without-sign",
        "dropped-option",
        "The scale's sign is lost.",
        KERNEL.replace(scale=_magnitude),
        caught_by="scale-sign",
    ),
    rogue(
        "scale-by-value-width",
        "width",
        "The default scale is 1/sqrt(Ev).",
        KERNEL.replace(scale=_by_value_width),
        caught_by="scale-default",
        mimics="flash-attention#2552",
    ),
    rogue(
        "bias-scaled",
        "mask",
        "The bias is multiplied by the scale.",
        KERNEL.replace(stage=_scaled_bias),
        caught_by="options-honored",
    ),
    rogue(
        "softcap-after-mask",
        "softcap",
        "The cap comes after bias and mask and lifts hidden keys to -cap.",
        _CapLast(),
        caught_by="softcap-order",
        mimics="onnx#7865",
    ),
    rogue(
        "softcap-after-bias",
        "softcap",
        "The cap comes after the bias.",
        _BiasCapped(),
        caught_by="softcap-order",
    ),
    rogue(
        "softcap-before-scale",
        "softcap",
        "The cap bends the dot products before they are scaled.",
        _CapUnscaled(),
        caught_by="softcap-order",
    ),
    rogue(
        "softcap-not-multiplied-back",
        "softcap",
        "A capped score is tanh(score / cap).",
        KERNEL.replace(cap=_not_multiplied_back),
        caught_by="softcap-limits",
    ),
    rogue(
        "softcap-clips",
        "softcap",
        "Scores are clipped instead of bent.",
        KERNEL.replace(cap=_clipped),
        caught_by="softcap-order",
    ),
)
"""The rogues of scale and softcap."""

ROW_ROGUES: tuple[Rogue, ...] = (
    rogue(
        "sink-as-number",
        "sink",
        "The sink itself, not its exponential, joins the denominator.",
        KERNEL.replace(start=_no_sink_yet, finish=_sink_as_number),
        caught_by="sink-mass",
        mimics="flash-attention@e81c237e",
    ),
    rogue(
        "sink-not-in-peak",
        "sink",
        "The maximum knows nothing of the sink: empty rows and large sinks break.",
        KERNEL.replace(start=_no_sink_yet, finish=_sink_late),
        caught_by="empty-rows",
        mimics="flash-attention#2752",
    ),
    rogue(
        "sink-of-first-head",
        "sink",
        "All heads have the first head's sink.",
        KERNEL.replace(start=_sink_of_first_head),
        caught_by="sink-mass",
    ),
    rogue(
        "sink-in-lse-alone",
        "sink",
        "The sink joins the logsumexp, and not the denominator.",
        KERNEL.replace(finish=_sink_as_value),
        caught_by="sink-mass",
        mimics="TransformerEngine#2541",
    ),
    rogue(
        "lse-of-base-two",
        "lse",
        "The logsumexp is a logarithm of base two.",
        KERNEL.replace(finish=_base_two),
        caught_by="lse-partition",
        mimics="vllm#28840",
    ),
    rogue(
        "lse-without-peak",
        "lse",
        "The maximum is not added back to the logsumexp.",
        KERNEL.replace(finish=_without_peak),
        caught_by="score-shift",
        mimics="flashinfer#58",
    ),
    rogue(
        "lse-axes-swapped",
        "lse",
        "The logsumexp lies in memory as (B, L, Hq).",
        KERNEL.replace(answer=_swapped_axes),
        caught_by="lse-agreement",
        mimics="vllm-flash-attention#159",
    ),
    rogue(
        "lse-shape-swapped",
        "call",
        "The logsumexp has the shape (B, L, Hq).",
        KERNEL.replace(answer=_swapped_shape),
        caught_by="result-form",
        mimics="vllm#21996",
    ),
    rogue(
        "lse-zero-when-empty",
        "lse",
        "The logsumexp of a row without keys is zero.",
        KERNEL.replace(finish=_zero_when_empty),
        caught_by="lse-with-options",
        mimics="flashinfer#440",
    ),
    rogue(
        "lse-of-centered-keys",
        "lse",
        "Keys are centered, and the logsumexp is that of centered keys.",
        KERNEL.replace(stage=_centered),
        caught_by="split-merge",
        mimics="aiter#3334",
    ),
    rogue(
        "hidden-nan-in-values",
        "hidden-nan",
        "A hidden value of NaN is multiplied by a weight of zero.",
        KERNEL.replace(shown=_all_values),
        caught_by="nan-masked-values",
        mimics="flash-attention#1745",
        dialect={"nan_masked_value": "clean"},
    ),
    rogue(
        "hidden-nan-in-scores",
        "hidden-nan",
        "Minus infinity is added to a hidden score of NaN.",
        KERNEL.replace(hide=_added_infinity),
        caught_by="nan-masked-keys",
        mimics="pytorch#101967",
        dialect={"nan_masked_key": "clean"},
    ),
    rogue(
        "claimed-and-refused",
        "call",
        "Softcap and bias are claimed, and raise together.",
        KERNEL.replace(cap=_raising),
        caught_by="options-honored",
        verdict=Verdict.REFUSED,
    ),
    rogue(
        "output-in-float32",
        "call",
        "The output is float32 whatever the query is.",
        KERNEL.replace(answer=_wide_output),
        caught_by="result-form",
        dtypes=("bfloat16",),
    ),
)
"""The rogues of rows: sink, logsumexp, NaN, the result."""

ROGUES = OPTION_ROGUES + SCALE_ROGUES + ROW_ROGUES
"""The rogues of scores."""

__all__ = ["ROGUES"]
