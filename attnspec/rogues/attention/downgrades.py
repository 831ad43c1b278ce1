"""Kernels in float32 that round one thing to a narrower format, and say nothing of it.

Each is right but for that. The words are those by which ``attnspec describe`` must
name what it does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import ml_dtypes
import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue, rogue
from attnspec.rogues.attention._kernel import KERNEL, Kernel, Rows, Tables

_Rounding = Callable[[Array], Array]

_FORMATS = {
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "float16": np.dtype(np.float16),
    "float8_e4m3": np.dtype(ml_dtypes.float8_e4m3fn),
}
_BLOCK = 16


def _to(name: str) -> _Rounding:
    """Return what rounds to a format and back."""
    narrow = _FORMATS[name]
    return lambda array: np.asarray(array.astype(narrow).astype(array.dtype))


def _cut(bits: int) -> _Rounding:
    """Return what cuts the last bits of a float32."""
    mask = np.uint32(2**32 - 2**bits)
    return lambda a: (np.ascontiguousarray(a).view(np.uint32) & mask).view(np.float32)


def _to_tfloat32(array: Array) -> Array:
    """Round to ten bits of fraction, ties to even."""
    word = np.ascontiguousarray(array).view(np.uint32)
    half = np.uint32(0xFFF) + ((word >> np.uint32(13)) & np.uint32(1))
    return ((word + half) & np.uint32(0xFFFFE000)).view(np.float32)


def _staged(**roundings: _Rounding) -> Kernel:
    """Return the kernel with some of its operands rounded."""

    def stage(tables: Tables, _call: AttentionCase) -> Tables:
        changed = {name: f(getattr(tables, name)) for name, f in roundings.items()}
        return tables._replace(**changed)

    return KERNEL.replace(stage=stage)


def _scaled_query(rounding: _Rounding) -> Kernel:
    """Return the kernel that scales the query first, and rounds it then."""

    def stage(tables: Tables, call: AttentionCase) -> Tables:
        scale = np.float32(call.effective_scale)
        return tables._replace(query=rounding(tables.query * scale))

    return KERNEL.replace(stage=stage, scale=lambda _call: 1.0)


def _scale(rounding: _Rounding) -> Kernel:
    """Return the kernel whose scale is rounded."""

    def scale(call: AttentionCase) -> float:
        return float(rounding(np.asarray([call.effective_scale], np.float32))[0])

    return KERNEL.replace(scale=scale)


def _scores(rounding: _Rounding) -> Kernel:
    """Return the kernel whose scores are stored in a narrow format."""
    return KERNEL.replace(cap=lambda s, call: KERNEL.cap(rounding(s), call))


def _weights(rounding: _Rounding, values: _Rounding | None = None) -> Kernel:
    """Return the kernel whose weights are rounded where they meet the values."""
    kernel = KERNEL if values is None else _staged(value=values)
    return kernel.replace(narrow=lambda w, _call: rounding(w))


def _exp(error: float) -> Kernel:
    """Return the kernel whose exponential has a relative error of up to this."""

    def exp(x: Array) -> Array:
        wide = np.maximum(x.astype(np.float64), -200.0)
        found = np.exp(wide) * (1 + error * np.sin(wide * 12345.678))
        return np.where(np.isneginf(x), 0.0, found).astype(x.dtype)

    return KERNEL.replace(exp=exp)


def _answered(output: _Rounding | None = None, lse: _Rounding | None = None) -> Kernel:
    """Return the kernel whose results are rounded."""

    def answer(o: Array, row: Array, call: AttentionCase) -> tuple[Array, Array]:
        o, row = KERNEL.answer(o, row, call)
        return (output or np.asarray)(o), (lse or np.asarray)(row)

    return KERNEL.replace(answer=answer)


@dataclasses.dataclass(frozen=True)
class _Stored(Kernel):
    """Rounds what it carries from one step to the next, of so many keys."""

    step: int = 1
    carried: Mapping[str, _Rounding] = dataclasses.field(default_factory=dict)

    def absorb(
        self, rows: Rows, scores: Array, value: Array, call: AttentionCase
    ) -> Rows:
        for first in range(0, scores.shape[-1], self.step):
            keys = slice(first, first + self.step)
            rows = super().absorb(rows, scores[..., keys], value[:, :, keys], call)
            changed: dict[str, Any] = {
                name: rounding(getattr(rows, name))
                for name, rounding in self.carried.items()
            }
            rows = rows._replace(**changed)
        return rows


_HALF, _BRAIN = "float16", "bfloat16"

_KERNELS: Mapping[str, tuple[str, Kernel]] = {
    "scores-to-bfloat16": ("scores are rounded to bfloat16", _scores(_to(_BRAIN))),
    "scores-to-float16": ("scores are rounded to float16", _scores(_to(_HALF))),
    "scaled-query-to-bfloat16": (
        "the query is scaled in bfloat16",
        _scaled_query(_to(_BRAIN)),
    ),
    "scaled-query-to-float16": (
        "the query is scaled in float16",
        _scaled_query(_to(_HALF)),
    ),
    "scale-to-bfloat16": ("the scale is rounded to bfloat16", _scale(_to(_BRAIN))),
    "scale-to-float16": ("the scale is rounded to float16", _scale(_to(_HALF))),
    "keys-to-bfloat16": (
        "query and key are rounded to bfloat16",
        _staged(query=_to(_BRAIN), key=_to(_BRAIN)),
    ),
    "values-to-bfloat16": (
        "values are rounded to bfloat16",
        _staged(value=_to(_BRAIN)),
    ),
    "values-to-float16": ("values are rounded to float16", _staged(value=_to(_HALF))),
    "weights-to-bfloat16": ("weights are rounded to bfloat16", _weights(_to(_BRAIN))),
    "weights-to-float16": ("weights are rounded to float16", _weights(_to(_HALF))),
    "sum-added-in-bfloat16": (
        "the row sum is added up in bfloat16",
        _Stored(step=1, carried={"total": _to(_BRAIN)}),
    ),
    "sum-stored-in-float16": (
        "the row sum is stored by blocks of keys in float16",
        _Stored(step=_BLOCK, carried={"total": _to(_HALF)}),
    ),
    "output-added-in-bfloat16": (
        "the output is added up in bfloat16",
        _Stored(step=1, carried={"accumulator": _to(_BRAIN)}),
    ),
    "output-stored-in-float16": (
        "the output is stored by blocks of keys in float16",
        _Stored(step=_BLOCK, carried={"accumulator": _to(_HALF)}),
    ),
    "output-to-bfloat16": (
        "the output is rounded to bfloat16",
        _answered(output=_to(_BRAIN)),
    ),
    "output-to-float16": (
        "the output is rounded to float16",
        _answered(output=_to(_HALF)),
    ),
    "lse-to-bfloat16": (
        "the logsumexp is rounded to bfloat16",
        _answered(lse=_to(_BRAIN)),
    ),
    "lse-to-float16": (
        "the logsumexp is rounded to float16",
        _answered(lse=_to(_HALF)),
    ),
    "first-product-in-tfloat32": (
        "query and key are rounded to TF32",
        _staged(query=_to_tfloat32, key=_to_tfloat32),
    ),
    "second-product-in-tfloat32": (
        "weights and values are rounded to TF32",
        _weights(_to_tfloat32, _to_tfloat32),
    ),
    "products-in-tfloat32": (
        "operands of both products are rounded to TF32",
        _staged(query=_to_tfloat32, key=_to_tfloat32, value=_to_tfloat32).replace(
            narrow=lambda w, _call: _to_tfloat32(w)
        ),
    ),
    "exp-within-a-thousandth": (
        "the exponential has a relative error of 1e-3",
        _exp(2.0**-10),
    ),
    "exp-within-1e-5": ("the exponential has a relative error of 1e-5", _exp(1e-5)),
    "exp-within-9e-5": ("the exponential has a relative error of 1e-4", _exp(9e-5)),
    "cache-in-float8": (
        "key and value are rounded to float8_e4m3",
        _staged(key=_to("float8_e4m3"), value=_to("float8_e4m3")),
    ),
    "keys-cut-to-bfloat16": (
        "query and key are truncated to bfloat16",
        _staged(query=_cut(16), key=_cut(16)),
    ),
    "output-cut-to-bfloat16": (
        "the output is truncated to bfloat16",
        _answered(output=_cut(16)),
    ),
}

WORDS: Mapping[str, str] = {id_: words for id_, (words, _) in _KERNELS.items()}
"""What is to be said of each."""


def _rogue(id_: str, words: str, kernel: Kernel) -> Rogue:
    """Return a rogue that declares float32 throughout."""
    sentence = f"{words[0].upper()}{words[1:]}."
    law = "lse-agreement" if id_.startswith("lse") else "agreement"
    return rogue(id_, "precision", sentence, kernel, caught_by=law)


ROGUES = tuple(_rogue(id_, words, kernel) for id_, (words, kernel) in _KERNELS.items())
"""The rogues that are right but for one rounding."""

__all__ = ["ROGUES", "WORDS"]
