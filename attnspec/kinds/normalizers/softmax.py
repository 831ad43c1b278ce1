"""Normalizers that stand alone: five kinds of functions from scores to weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.judge.case import Case
from attnspec.judge.compare import agrees
from attnspec.judge.kind import Bench, Kind
from attnspec.judge.nulls import forgetting
from attnspec.kinds.normalizers._weights import (
    NULL_NEEDS,
    NULLS,
    OPERANDS,
    OPTIONS,
    build,
    table,
)
from attnspec.kinds.normalizers._weights_exact import (
    judged_alone,
    projected,
    rectified,
    softmaxed,
    squared,
)
from attnspec.numerics import Comparison
from attnspec.reference import (
    entmax15,
    relu_by_visible,
    sigmoid,
    softmax,
    softmax_with_sink,
    sparsemax,
    tempered,
)

_EMPTY = {"empty_row": ("zero", "nan", "mean")}
_EMPTY_PROBE = {"rows": (2,), "length": 5, "mask": "empty_rows", "data": "quarters"}
_PLAIN_PROBE = {"rows": (2,), "length": 5, "data": "quarters"}


def _along(
    normalizer: Callable[..., Array],
    scores: Array,
    axis: int,
    mask: Array | None,
    **options: Any,
) -> Array:
    """Evaluate a definition along any axis, and round its result once."""
    rows = np.moveaxis(scores, axis, -1)
    seen = None
    if mask is not None:
        seen = np.moveaxis(np.broadcast_to(mask, scores.shape), axis, -1)
    weights = np.moveaxis(normalizer(rows, seen, **options), -1, axis)
    return np.ascontiguousarray(weights).astype(scores.dtype)


def _softmax(
    scores: Array,
    *,
    mask: Array | None = None,
    axis: int = -1,
    temperature: float = 1.0,
    sink: float | None = None,
) -> Array:
    """Share a weight of one by the exponentials of the scores."""

    def normalizer(rows: Array, seen: Array | None) -> Array:
        cooled = tempered(rows, temperature)
        if sink is None:
            return np.asarray(softmax(cooled, seen))
        return softmax_with_sink(cooled, seen, np.full(rows.shape[:-1], sink))

    return _along(normalizer, scores, axis, mask)


def _sparsemax(scores: Array, *, mask: Array | None = None, axis: int = -1) -> Array:
    """Project the scores onto the simplex."""
    return _along(sparsemax, scores, axis, mask)


def _entmax15(scores: Array, *, mask: Array | None = None, axis: int = -1) -> Array:
    """Square half the scores less their threshold."""
    return _along(entmax15, scores, axis, mask)


def _sigmoid(
    scores: Array, *, mask: Array | None = None, axis: int = -1, offset: float = 0.0
) -> Array:
    """Judge each key alone."""
    return _along(sigmoid, scores, axis, mask, offset=offset)


def _relu(
    scores: Array, *, mask: Array | None = None, axis: int = -1, power: float = 1.0
) -> Array:
    """Divide the positive parts by the number of visible keys."""
    return _along(relu_by_visible, scores, axis, mask, power=power)


SOFTMAX = Kind(
    name="softmax",
    sentence="Shares a weight of one by the exponentials of scores.",
    operands=OPERANDS,
    table=table(
        {"temperature": "a number that divides the scores", "sink": "one more score"},
        {"temperature": (None, 0.5, 2.0, 0.1), "sink": (None, 0.0, 3.0, -20.0)},
    ),
    build=build,
    judge=softmaxed,
    definition=_softmax,
    options={**OPTIONS, "temperature": ("temperature",), "sink": ("sink",)},
    choices=_EMPTY,
    probes=(_PLAIN_PROBE, _EMPTY_PROBE),
    nulls={
        **NULLS,
        "unscaled": forgetting("temperature"),
        "unsunk": forgetting("sink"),
    },
    null_needs={**NULL_NEEDS, "unscaled": ("temperature",), "unsunk": ("sink",)},
)

SPARSEMAX = Kind(
    name="sparsemax",
    sentence="Projects scores onto the simplex.",
    operands=OPERANDS,
    table=table({}, {}),
    build=build,
    judge=projected,
    definition=_sparsemax,
    options=OPTIONS,
    choices=_EMPTY,
    probes=(_PLAIN_PROBE, _EMPTY_PROBE),
    nulls=NULLS,
    null_needs=NULL_NEEDS,
)

ENTMAX15 = Kind(
    name="entmax15",
    sentence="Squares half the scores, less a threshold, to weights that sum to one.",
    operands=OPERANDS,
    table=table({}, {}),
    build=build,
    judge=squared,
    definition=_entmax15,
    options=OPTIONS,
    choices=_EMPTY,
    probes=(_PLAIN_PROBE, _EMPTY_PROBE),
    nulls=NULLS,
    null_needs=NULL_NEEDS,
)

SIGMOID = Kind(
    name="sigmoid",
    sentence="Weighs each key by the logistic function of its score.",
    operands=OPERANDS,
    table=table(
        {"offset": "a number that is added to the scores"},
        {"offset": (None, 0.0, -1.5, 2.0)},
    ),
    build=build,
    judge=judged_alone,
    definition=_sigmoid,
    options={**OPTIONS, "offset": ("offset",)},
    choices={"default_offset": ("zero", "minus_log_length")},
    probes=(_PLAIN_PROBE,),
    nulls={**NULLS, "unmoved": forgetting("offset")},
    null_needs={**NULL_NEEDS, "unmoved": ("offset",)},
)

# Where minus infinity hides a key, a count of the visible has no other name for it;
# functions without a mask do not count, so none is drawn.
RELU = Kind(
    name="relu",
    sentence="Weighs each key by its positive score over a number of keys.",
    operands=OPERANDS,
    table=table(
        {"power": "a power of the number of keys"},
        {"power": (None, 0.5, 0.0)},
        without=("minus_infinity",),
    ),
    build=build,
    judge=rectified,
    definition=_relu,
    options={**OPTIONS, "power": ("power",)},
    choices={"divisor": ("visible", "length")},
    probes=({"rows": (2,), "length": 8, "mask": "padding", "data": "quarters"},),
    nulls={**NULLS, "undivided": forgetting("power")},
    null_needs={**NULL_NEEDS, "undivided": ("power",)},
)


@SOFTMAX.law(
    "softmax-agreement",
    "normalizers.softmax",
    nulls=("zeros", "uniform", "unmasked", "unscaled", "unsunk"),
)
def check_softmax(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A weight is the exponential of its score over the sum of the visible ones."""
    yield from agrees(case, bench)


@SPARSEMAX.law(
    "sparsemax-agreement",
    "activations.sparsemax",
    nulls=("zeros", "uniform", "unmasked"),
)
def check_sparsemax(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The weights are the point of the simplex that is nearest to the scores."""
    yield from agrees(case, bench)


@ENTMAX15.law(
    "entmax15-agreement",
    "activations.entmax15",
    nulls=("zeros", "uniform", "unmasked"),
)
def check_entmax15(case: Case, bench: Bench) -> Iterator[Comparison]:
    """The weights are squares of half the scores, less one threshold."""
    yield from agrees(case, bench)


@SIGMOID.law(
    "sigmoid-agreement",
    "activations.sigmoid",
    nulls=("zeros", "uniform", "unmasked", "unmoved"),
)
def check_sigmoid(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A weight is the logistic function of its score and the offset."""
    yield from agrees(case, bench)


@RELU.law(
    "relu-agreement",
    "activations.relu",
    nulls=("zeros", "uniform", "unmasked", "undivided"),
)
def check_relu(case: Case, bench: Bench) -> Iterator[Comparison]:
    """A weight is the positive part of its score over the number of keys."""
    yield from agrees(case, bench)


__all__ = [
    "ENTMAX15",
    "RELU",
    "SIGMOID",
    "SOFTMAX",
    "SPARSEMAX",
    "check_entmax15",
    "check_relu",
    "check_sigmoid",
    "check_softmax",
    "check_sparsemax",
]
