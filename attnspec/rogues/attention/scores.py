"""Rogues that mistake scores: options dropped, the scale, the softcap."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue, rogue
from attnspec.rogues.attention._kernel import KERNEL, TILE, Kernel, Tables


def _dropped(option: str, when: Any) -> Kernel:
    """Return the kernel that drops an option when a condition of the call holds."""
    nothing = False if option == "causal" else None

    def prepare(call: AttentionCase, lse: bool) -> AttentionCase:  # noqa: FBT001 - a step's form
        return call.replace(**{option: nothing}) if when(call, lse) else call

    return KERNEL.replace(prepare=prepare)


def _small_or_default(call: AttentionCase) -> float:
    """Take a scale below a tenth for one that was not given."""
    small = call.scale is not None and abs(call.scale) < 0.1
    return call.sizes.E**-0.5 if small else call.effective_scale


def _scaled_bias(tables: Tables, call: AttentionCase) -> Tables:
    scale = np.float32(call.effective_scale or 1.0)
    return tables._replace(addend=tables.addend * scale)


class _CapLast(Kernel):
    """Caps after bias and mask."""

    def scored(self, tables: Tables, tile: Array, call: AttentionCase) -> Array:
        scores = super().scored(tables, tile, call.replace(softcap=None))
        return self.cap(scores, call)


class _BiasCapped(Kernel):
    """Adds the bias before the cap."""

    def scored(self, tables: Tables, tile: Array, call: AttentionCase) -> Array:
        scores = super().scored(tables, tile, call.replace(softcap=None))
        return np.where(np.isneginf(scores), scores, self.cap(scores, call))


class _CapUnscaled(Kernel):
    """Caps the dot products and scales what comes out."""

    def scored(self, tables: Tables, tile: Array, call: AttentionCase) -> Array:
        dots = self.dot(tables.query, tables.key[:, :, tile])
        scores = self.cap(dots, call) * np.float32(self.scale(call))
        scores = self.add(scores, tables.addend[..., tile])
        return self.hide(scores, tables.visible[..., tile])


def _not_multiplied_back(scores: Array, call: AttentionCase) -> Array:
    return (
        scores if call.softcap is None else np.tanh(scores / np.float32(call.softcap))
    )


def _clipped(scores: Array, call: AttentionCase) -> Array:
    if call.softcap is None:
        return scores
    return np.clip(scores, -call.softcap, call.softcap).astype(scores.dtype)


OPTION_ROGUES: tuple[Rogue, ...] = tuple(
    rogue(
        name,
        "dropped-option",
        sentence,
        _dropped(option, when),
        caught_by=law,
        mimics=bug,
    )
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
        KERNEL.replace(scale=lambda call: call.scale or call.sizes.E**-0.5),
        caught_by="scale-zero",
    ),
    rogue(
        "small-scale-is-default",
        "dropped-option",
        "A scale below a tenth is taken for none.",
        KERNEL.replace(scale=_small_or_default),
        caught_by="scale-folds-into-query",
        mimics="flashinfer#1072",
    ),
    rogue(
        "scale-without-sign",
        "dropped-option",
        "The scale's sign is lost.",
        KERNEL.replace(scale=lambda call: abs(call.effective_scale)),
        caught_by="scale-sign",
    ),
    rogue(
        "scale-by-value-width",
        "width",
        "The default scale is 1/sqrt(Ev).",
        KERNEL.replace(
            scale=lambda c: c.sizes.Ev**-0.5 if c.scale is None else c.scale
        ),
        caught_by="scale-default",
        mimics="flash-attention#2552",
    ),
    rogue(
        "bias-scaled",
        "mask",
        "The bias is multiplied by the scale.",
        KERNEL.replace(stage=_scaled_bias),
        caught_by="bias-added",
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


ROGUES = OPTION_ROGUES + SCALE_ROGUES
"""All rogues of this module."""


__all__ = ["ROGUES"]
