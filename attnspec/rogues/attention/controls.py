"""Controls: unusual but right kernels, each of which a judge must accept."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.numerics import PRESETS, default_model
from attnspec.rogues._gallery import Control, control
from attnspec.rogues.attention._arithmetic import exp2
from attnspec.rogues.attention._kernel import KERNEL, TILE, Rows
from attnspec.rogues.attention._right import (
    SLACK,
    backward,
    lazy_peak,
    one_tile,
    scaled_query,
    tiles,
    unrounded,
    working_in,
)
from attnspec.rogues.attention._split import Split
from attnspec.rogues.attention._steps import (
    centered,
    divided,
    finished,
    finite_fill,
    tiled_heads,
    upper_left,
)


def _from_lowest(call: AttentionCase) -> Rows:
    """Begin with a peak at the least finite number instead of minus infinity."""
    rows = KERNEL.start(call)
    return rows._replace(peak=np.maximum(rows.peak, np.finfo(rows.peak.dtype).min))


def _mask_as_bias(call: AttentionCase, lse: bool) -> AttentionCase:  # noqa: ARG001, FBT001 - a step's form
    """Turn the mask into a bias of minus infinity."""
    if call.mask is None:
        return call
    bias = np.where(call.mask, 0.0, -np.inf).astype(np.float32)
    if call.bias is not None:
        bias = bias + call.bias.astype(np.float32)
    return call.replace(mask=None, bias=bias)


def _infinite_sink_divided(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    """Divide by the sum with a sink, even where that is 0/0."""
    return (KERNEL.finish if call.sink is None else divided())(rows, call)


_BACKWARD = KERNEL.replace(tiles=backward(TILE))
_DOUBLE = KERNEL.replace(**working_in(np.float64), narrow=unrounded)


@dataclasses.dataclass
class Alternating:
    """A kernel that takes its tiles backward in every second call."""

    calls: int = 0

    def __call__(self, *operands: Array, **options: Any) -> Any:
        """Compute attention."""
        self.calls += 1
        kernel = _BACKWARD if self.calls % 2 else KERNEL
        return kernel(*operands, **options)


_HALVES = ("float16", "bfloat16")
_LAZY = default_model("float32").replace(name="lazy", max_slack=SLACK)
CONTROLS: tuple[Control, ...] = (
    control("plain", "The kernel that all rogues are made from.", KERNEL),
    control(
        "halves",
        "The same in float16 and bfloat16, with float32 scores and sums.",
        KERNEL,
        dtypes=_HALVES,
    ),
    control("double", "The same in float64.", KERNEL, dtypes=("float64",)),
    control(
        "tile-1",
        "One key in a tile: the peak may rise with every key.",
        KERNEL.replace(tiles=tiles(1)),
    ),
    control(
        "tile-48", "Tiles of 48 keys, no power of two.", KERNEL.replace(tiles=tiles(48))
    ),
    control(
        "one-tile",
        "All keys in one tile: a plain softmax.",
        KERNEL.replace(tiles=one_tile),
    ),
    control("backward", "The last tile comes first.", _BACKWARD),
    control(
        "split-3",
        "Three parts of the keys apart, merged by their logsumexps.",
        Split(3),
        models={"float32": PRESETS["split-float32"]},
    ),
    control(
        "exp2",
        "The exponential is a power of two.",
        KERNEL.replace(exp=exp2),
    ),
    control(
        "prescaled-query",
        "The scale is multiplied into the query, in float32.",
        KERNEL.replace(stage=scaled_query, scale=lambda _: 1.0),
    ),
    control(
        "lazy-peak",
        "The peak is raised only when a score exceeds it by 8 log 2, and says so.",
        KERNEL.replace(peak=lazy_peak),
        models={"float32": _LAZY},
    ),
    control(
        "upper-left",
        "The first query stands at the first key, and that is declared.",
        KERNEL.replace(positions=upper_left),
        dialect={"alignment": "upper_left"},
    ),
    control(
        "empty-row-nan",
        "A query that sees no key answers NaN, and that is declared.",
        KERNEL.replace(finish=divided()),
        dialect={"empty_row": "nan", "empty_keys": "nan"},
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
        KERNEL.replace(finish=_infinite_sink_divided),
        without=("minus_infinity_sink",),
    ),
    control(
        "empty-row-mean",
        "A query that sees no key answers the mean of all values, and says so.",
        KERNEL.replace(hide=finite_fill, start=_from_lowest),
        dialect={"empty_row": "mean", "empty_lse": "finite"},
        without=("sink", "empty_keys"),
    ),
    control(
        "empty-lse-plus-infinity",
        "The logsumexp of a row without keys is plus infinity, and that is declared.",
        finished(lse=lambda lse: np.where(np.isneginf(lse), np.inf, lse)),
        dialect={"empty_lse": "plus_infinity"},
    ),
    control(
        "centered-keys",
        "Keys less their mean: the same output; no logsumexp is returned.",
        _DOUBLE.replace(stage=centered),
        without=("return_lse", "sink", "softcap", "visible_infinity"),
    ),
    control(
        "shifted-scores",
        "One is added to every score: the same output; no logsumexp is returned.",
        KERNEL.replace(hide=lambda scores, visible: KERNEL.hide(scores + 1, visible)),
        without=("return_lse", "sink"),
    ),
    control(
        "tiled-heads-ungrouped",
        "Query head h reads key head h modulo Hkv, where every head has its own.",
        KERNEL.replace(key_heads=tiled_heads),
        without=("grouped_query",),
    ),
    control(
        "hidden-nan-poisons",
        "A NaN in a hidden value reaches the output, and nothing else is promised.",
        KERNEL.replace(shown=lambda value, _: value),
        dialect={"nan_masked_value": "poisons"},
    ),
    control(
        "hidden-nan-clean",
        "A NaN in a hidden key or value reaches nothing, and that is promised.",
        KERNEL,
        dialect={"nan_masked_key": "clean", "nan_masked_value": "clean"},
    ),
    control(
        "mask-as-bias",
        "The mask becomes a bias of minus infinity.",
        KERNEL.replace(prepare=_mask_as_bias),
    ),
    control("wide-inside", "float64 inside a float32 kernel.", _DOUBLE),
    control(
        "unrounded-weights",
        "16-bit values meet float32 weights.",
        KERNEL.replace(narrow=unrounded),
        dtypes=_HALVES,
    ),
    control(
        "alternating-order",
        "Tiles run backward in every second call; no equal bits are claimed.",
        Alternating(),
        without=("deterministic",),
    ),
    control(
        "bare",
        "Query, key and value, and no option at all.",
        KERNEL,
        without=(
            *("mask", "bias", "scale", "causal", "window", "softcap", "sink"),
            *("return_lse", "grouped_query", "value_width", "nonpositive_scale"),
            *("minus_infinity_bias", "float32_bias", "head_mask", "empty_keys"),
        ),
    ),
    control(
        "multiples-of-16",
        "Widths of 8 and lengths of 16 at a time, and that is claimed.",
        KERNEL,
        multiples={"width": 8, "value_width": 8, "keys": 16},
        without=("unequal_lengths", "empty_keys", "empty_queries"),
    ),
)
"""The unusual kernels that are right."""

__all__ = ["CONTROLS", "Alternating"]
