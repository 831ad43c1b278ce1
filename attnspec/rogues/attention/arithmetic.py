"""Right kernels of unlike arithmetic, each with the model that it declares.

The bounds are tried against all of them by ``benchmarks/right_kernels.py``; some are
controls as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Control, control
from attnspec.rogues._rounding import E4M3, E5M2, tfloat32
from attnspec.rogues.attention import _arithmetic as ways
from attnspec.rogues.attention._kernel import KERNEL, Rows, Tables, tiles_of
from attnspec.rogues.attention._narrowed import NARROWED
from attnspec.rogues.attention._right import (
    PLAIN,
    Right,
    backward,
    lazy_peak,
    one_tile,
    rounded_to,
    scaled_query,
    tiles,
    unrounded,
    working_in,
)
from attnspec.rogues.attention._sums import (
    FOLDED,
    Merged,
    NormalizedFirst,
    Summed,
    Tree,
    TwoPass,
    combined,
    one_after_another,
    renormalized,
)

_HALVES = ("float16", "bfloat16")
_NARROW = ("float32", *_HALVES)
_ALL = ("float64", *_NARROW)


def _shuffled(keys: int, _: AttentionCase) -> Iterator[Array]:
    tiles = list(tiles_of(16, keys))
    return (tiles[i] for i in np.random.default_rng(keys).permutation(len(tiles)))


def _scaled_by_roots(tables: Tables, call: AttentionCase) -> Tables:
    real, scale = tables.query.dtype.type, call.effective_scale
    root, sign = real(math.sqrt(abs(scale))), real(math.copysign(1.0, scale))
    query, key = tables.query * (root * sign), tables.key * root
    return tables._replace(query=query, key=key)


def _by_reciprocal(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    inverse = np.where(rows.total == 0, 0, rows.total.dtype.type(1) / rows.total)
    return rows.accumulator * inverse.astype(rows.total.dtype), KERNEL.finish(
        rows, call
    )[1]


def _capped(tanh: Callable[[Array], Array]) -> Callable[[Array, AttentionCase], Array]:
    def cap(scores: Array, call: AttentionCase) -> Array:
        if call.softcap is None:
            return scores
        most = scores.dtype.type(call.softcap)
        return most * tanh(scores / most)

    return cap


def _dot(product: ways.Product) -> ways.Product:
    return lambda query, key: product(query, key.swapaxes(2, 3))


def _tensor_core(group: int, **steps: Any) -> Summed:
    product = ways.in_groups(group)
    return Summed(dot=_dot(product), mix=product, **steps)


def _in_tfloat32(*, values: bool, nearest: bool) -> Summed:
    def near(array: Array) -> Array:
        return tfloat32(array, nearest=nearest)

    return Summed(
        dot=lambda q, k: KERNEL.dot(near(q), near(k)),
        narrow=lambda weights, _: near(weights),
        mix=lambda weights, value: weights @ (near(value) if values else value),
    )


_UPCAST = (
    Right("backward", PLAIN.replace(tiles=backward(16)), _ALL),
    Right(
        "shuffled-exp2-reciprocal",
        PLAIN.replace(
            tiles=_shuffled,
            stage=scaled_query,
            scale=lambda _: 1.0,
            exp=ways.exp2,
            finish=_by_reciprocal,
        ),
        _ALL,
    ),
    Right(
        "single-keys-cody-waite",
        PLAIN.replace(tiles=tiles(1), dot=ways.channel_by_channel, exp=ways.cody_waite),
        _NARROW,
        changes={"block": 1},
    ),
    Right(
        "single-keys-backward",
        PLAIN.replace(
            tiles=backward(1),
            stage=_scaled_by_roots,
            scale=lambda _: 1.0,
            exp=ways.exp2,
            finish=_by_reciprocal,
        ),
        _ALL,
        changes={"block": 1},
    ),
    Right(
        "folded-scale",
        FOLDED.replace(dot=ways.fused, narrow=unrounded),
        _NARROW,
        changes={"folded_scale": True},
    ),
    Right("tree", Tree(6, PLAIN), _ALL, changes={"block": 1}),
    Right("compensated", PLAIN.replace(mix=ways.compensated, tiles=one_tile), _ALL),
    Right("term-by-term", PLAIN.replace(mix=ways.term_by_term, tiles=one_tile), _ALL),
    Right("normalized-first", NormalizedFirst(narrow=unrounded), _ALL),
    Right(
        "blocks-of-64",
        PLAIN.replace(tiles=tiles(64)),
        _ALL,
        changes={"block": 64, "sum_block": 64},
    ),
    Right(
        "split-combined",
        Merged(3, PLAIN, join=combined),
        _ALL,
        changes={"splits": True},
    ),
    Right(
        "split-renormalized",
        Merged(5, PLAIN, join=renormalized),
        _ALL,
        changes={"splits": True},
    ),
    Right(
        "ring",
        Merged(8, PLAIN, join=one_after_another),
        _ALL,
        changes={"splits": True},
    ),
    Right(
        "two-pass",
        TwoPass(narrow=unrounded),
        _ALL,
        changes={"normalized_by_lse": True},
    ),
    *(
        Right(f"tanh-{name}", PLAIN.replace(cap=_capped(tanh)), _ALL)
        for name, tanh in (
            ("logistic", ways.by_logistic),
            ("exponentials", ways.by_exponentials),
            ("one-exponential", ways.by_one_exponential),
        )
    ),
    Right(
        "long-double",
        PLAIN.replace(**working_in(np.longdouble)),
        ("float64",),
    ),
)

_FLASH = (
    Right("flash", KERNEL, _HALVES, "flash"),
    Right(
        "flash-adds-rounded",
        Summed(adds_narrow=True),
        _HALVES,
        "flash",
        {"weights_in_sum": "yes"},
    ),
    Right(
        "flash-one-tile",
        KERNEL.replace(tiles=one_tile, exp=ways.exp2, finish=_by_reciprocal),
        _HALVES,
        "flash",
    ),
    Right(
        "normalized-rounded",
        NormalizedFirst(),
        _HALVES,
        "flash",
        {"weights_normalized": True},
    ),
    Right("two-pass-rounded", TwoPass(), _HALVES, "two-pass"),
    Right(
        "flash-attention-4",
        _tensor_core(16, peak=lazy_peak, exp=ways.cubic, finish=_by_reciprocal),
        _HALVES,
        "tensor-core",
        {"exp_relative": 1e-4},
    ),
    Right(
        "lazy-exp2",
        _tensor_core(16, peak=lazy_peak, exp=ways.exp2),
        _HALVES,
        "tensor-core",
    ),
    Right(
        "eight-wide-adds-rounded",
        _tensor_core(8, adds_narrow=True),
        _HALVES,
        "tensor-core",
    ),
    Right(
        "split-rounded",
        Merged(3, _tensor_core(16), join=combined),
        _HALVES,
        "tensor-core",
    ),
    *(
        Right(
            f"weights-in-{name}",
            Summed(narrow=rounded_to(narrow), adds_narrow=adds),
            ("float32", "bfloat16"),
            "flash",
            {"weights": name, "weights_in_sum": "yes" if adds else "no"},
        )
        for name, narrow, adds in (
            ("float8_e4m3", E4M3, True),
            ("float8_e5m2", E5M2, False),
        )
    ),
    *(
        Right(name, _in_tfloat32(values=values, nearest=near), ("float32",), "tfloat32")
        for name, values, near in (
            ("tfloat32-weights", False, True),
            ("tfloat32", True, True),
            ("tfloat32-truncated", True, False),
        )
    ),
)


RIGHT: tuple[Right, ...] = (*_UPCAST, *_FLASH, *NARROWED)
"""The kernels."""

_SHOWN = {
    "split-combined": "Parts are merged by exp(lse_i - lse), and not normalized anew.",
    "ring": "Parts join one after another by their logsumexps.",
    "two-pass": "Weights are formed from the logsumexp of a first pass.",
    "folded-scale": "The scale multiplies scores and maximum apart, in base two.",
    "tanh-exponentials": "The softcap is a quotient of sums of exponentials.",
    "tanh-logistic": "The softcap is 2 s(2x) - 1, with a logistic function s.",
    "tfloat32": "All operands of both products are rounded to TF32.",
    "tfloat32-truncated": "All operands are truncated to TF32.",
    "weights-in-float8_e4m3": "Weights are rounded to eight bits, and summed so.",
    "shuffled-exp2-reciprocal": "The accumulator is multiplied by one over the sum.",
}

CONTROLS: tuple[Control, ...] = tuple(
    control(
        right.id,
        _SHOWN[right.id],
        right.run,
        dtypes=("float32",),
        models={"float32": right.model("float32")},
    )
    for right in RIGHT
    if right.id in _SHOWN
)
"""Those that stand before the judge with all its laws."""

__all__ = ["CONTROLS", "RIGHT", "Right"]
