"""Gather, then differentiate: the gradients of many sequences in one call.

A call is as many backward passes of attention, so value and bound are those of
attention. Sequences of the same lengths are evaluated as one batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from attnspec._typing import Array
from attnspec.exceptions import Inadmissible
from attnspec.judge.case import Case
from attnspec.judge.law import F64, Dialect
from attnspec.kinds.attention.bounds.admissible import admissible
from attnspec.kinds.attention.gradients.evaluator import evaluate_gradients
from attnspec.kinds.attention.gradients.problem import forward_case
from attnspec.kinds.serving._gathered import gathered, of_one_length
from attnspec.kinds.training._gradient_cases import results_of
from attnspec.numerics import NumericModel, format_of
from attnspec.numerics.tracked import Judged
from attnspec.reference import Segment


class Arrays(NamedTuple):
    """Query, key, value and the cotangent of the output: (B, H, T, E)."""

    query: Array
    key: Array
    value: Array
    d_output: Array


def segment_gradients(
    arrays: Arrays,
    segments: Sequence[Segment],
    options: Mapping[str, Any],
    dialect: Dialect,
    model: NumericModel,
) -> Judged:
    """Return what is right for each segment, and exactly 0 for what lies in none.

    The options are those of attention; a mask has all of its axes.

    Raises
    ------
    Inadmissible
        If the model promises nothing on one of the problems.
    """
    _check_unread(arrays, segments, model)
    sides = {"dq": "query", "dk": "key", "dv": "value"}
    found: dict[str, tuple[F64, F64]] = {}
    for name, operand in sides.items():
        shape = getattr(arrays, operand).shape
        found[name] = np.zeros(shape), np.zeros(shape)
    rows = len(segments) and sum(s.queries.stop - s.queries.start for s in segments)
    if "sink" in options:
        found["dsink"] = np.zeros(arrays.query.shape[1]), np.zeros(len(options["sink"]))
    for group in of_one_length(segments):
        exact = _judged(_backward(arrays, group, options), dialect, model, rows)
        for name, parts in exact.items():
            for whole, part in zip(found[name], parts, strict=True):
                _put(name, whole, part, group)
    value, bound = found.pop("dq")
    return Judged(value, bound, found)


def _put(name: str, whole: F64, part: F64, group: list[Segment]) -> None:
    """Put gradients where their rows are; that of a sink sums all sequences."""
    if name == "dsink":
        whole += part
        return
    for at, segment in enumerate(group):
        own = segment.of_queries if name == "dq" else segment.of_keys
        own(whole)[0] = part[at]


def _backward(arrays: Arrays, group: list[Segment], options: Mapping[str, Any]) -> Case:
    """Return segments of the same lengths as one backward pass, each an element."""
    forward = gathered(arrays[:3], group, options)
    d_output = np.concatenate([s.of_queries(arrays.d_output) for s in group])
    operands = {**forward.operands, "d_output": d_output}
    results = results_of(operands, forward.options)
    return Case(operands, forward.options, results, forward.dtype)


def _judged(
    case: Case, dialect: Dialect, model: NumericModel, rows: int
) -> Mapping[str, tuple[F64, F64]]:
    """Return exact gradients and bounds, if the model promises anything."""
    if reason := admissible(forward_case(case), dialect, model):
        raise Inadmissible(reason)
    found = evaluate_gradients(case, dialect, model, rows=rows)
    if reason := found.overflow:
        raise Inadmissible(reason)
    return found.gradients


def _check_unread(
    arrays: Arrays, segments: Sequence[Segment], model: NumericModel
) -> None:
    """Reject numbers of nobody whose product would overflow where it is formed.

    It is a gradient of a weight of zero, which a function may have formed.
    """
    sizes = []
    for array in (arrays.d_output, arrays.value):
        size = np.abs(array.astype(np.float64))
        sizes.append(np.where(np.isfinite(size), size, 0.0))
    owned = np.zeros(arrays.value.shape, np.bool_)
    for segment in segments:
        segment.of_keys(owned)[:] = True
    unread = sizes[1].max(initial=0.0, where=~owned)
    largest = sizes[0].sum(axis=-1).max(initial=0.0) * unread
    maximum = format_of(model.weights or model.softmax).maximum
    if not largest < maximum * (1 - 2.0**-6):
        msg = f"gradients of unread weights: expected less than {maximum:.3g}"
        raise Inadmissible(msg)


__all__ = ["Arrays", "segment_gradients"]
