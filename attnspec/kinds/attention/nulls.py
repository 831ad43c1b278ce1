"""Null answers: kernels so wrong that an example must tell them from a right one.

An example on which a law accepts its null answers is weak: a kernel that passes
it has shown nothing. The simplest nulls live beside the evaluator; here are those
that break one particular law.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from attnspec._typing import Array
from attnspec.judge.bits import bits, normals
from attnspec.judge.case import Result
from attnspec.judge.claims import Capabilities
from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import Dialect
from attnspec.kinds.attention.simple_nulls import NULLS

Kernel = Callable[[AttentionCase], Result]
Null = Callable[[AttentionCase, Dialect], Result]

_FLAGS = ("causal", "window")

NEEDS: Mapping[str, frozenset[str]] = {
    "no_sink": frozenset({"sink"}),
    "no_softcap": frozenset({"softcap"}),
    "no_bias": frozenset({"bias"}),
    "no_mask": frozenset({"mask"}),
    "no_scale": frozenset({"scale"}),
    "options_dropped": frozenset({"mask", "bias", "causal", "window", "softcap"}),
    "mask_shifted": frozenset({"mask", *_FLAGS}),
    "flags_dropped": frozenset(_FLAGS),
    "mask_argument_dropped": frozenset({"mask"}),
    "small_masks_dropped": frozenset({"mask", "bias"}),
    "softcap_last": frozenset({"mask", "bias", *_FLAGS}),
    "tiled_heads": frozenset({"grouped_query"}),
}
"""Claims of which one must be made for a null to be tellable at all."""


def _right(case: AttentionCase, dialect: Dialect) -> Result:
    """Return the right answer, rounded to the case's format."""
    exact = evaluate(case, dialect)
    with np.errstate(over="ignore", invalid="ignore"):
        output = exact.output.astype(case.query.dtype)
    wide = np.float64 if case.dtype == "float64" else np.float32
    return Result(output, exact.lse.astype(wide))


def _ones(case: AttentionCase, dialect: Dialect) -> Result:
    """Return 1 everywhere."""
    right = _right(case, dialect)
    return dataclasses.replace(right, output=np.ones_like(right.output))


def _unnormalized(case: AttentionCase, dialect: Dialect) -> Result:
    """Forget the division: return the numerator, of exp(score) unshifted."""
    right = _right(case, dialect)
    lse = np.asarray(right.lse, np.float64)
    mass = np.exp(np.clip(np.nan_to_num(lse), -30.0, 9.0))[..., None]
    output = right.output.astype(np.float64) * mass
    return dataclasses.replace(right, output=output.astype(case.query.dtype))


def _replaced(case: AttentionCase, dialect: Dialect, **changes: object) -> Result:
    return _right(case.replace(**changes), dialect)


def _sink_clamped(case: AttentionCase, dialect: Dialect) -> Result:
    """Take a sink for at least 0."""
    sink = (
        None if case.sink is None else np.maximum(case.sink, 0).astype(case.sink.dtype)
    )
    return _replaced(case, dialect, sink=sink)


def _bias_on_values(case: AttentionCase, dialect: Dialect) -> Result:
    """Add the bias to the output in place of the scores."""
    right = _replaced(case, dialect, bias=None)
    if case.bias is None:
        return right
    shift = np.nan_to_num(case.bias.astype(np.float64), neginf=0.0).mean()
    output = (right.output.astype(np.float64) + shift).astype(case.query.dtype)
    return dataclasses.replace(right, output=output)


def _unit_default_scale(case: AttentionCase, dialect: Dialect) -> Result:
    """Take no scale for a scale of 1, or of 1/2 where 1 is right."""
    unit = 0.5 if case.sizes.E == 1 else 1.0
    return _replaced(case, dialect, scale=unit if case.scale is None else case.scale)


def _no_scale(case: AttentionCase, dialect: Dialect) -> Result:
    """Ignore the scale."""
    return _replaced(case, dialect, scale=None)


def _softcap_last(case: AttentionCase, dialect: Dialect) -> Result:
    """Cap after bias and mask: hidden keys get a score of -cap."""
    bare = {"mask": None, "bias": None, "causal": False, "window": None}
    return _replaced(case, dialect, **bare)


def _flags_dropped(case: AttentionCase, dialect: Dialect) -> Result:
    """Ignore the causal flag and the window."""
    return _replaced(case, dialect, causal=False, window=None)


def _mask_argument_dropped(case: AttentionCase, dialect: Dialect) -> Result:
    """Ignore the boolean mask, and nothing else."""
    return _replaced(case, dialect, mask=None)


def _small_masks_dropped(case: AttentionCase, dialect: Dialect) -> Result:
    """Ignore masks and biases that need broadcasting."""
    sizes = case.sizes
    whole = (sizes.B, sizes.Hq, sizes.L, sizes.S)
    small = {
        name: None
        for name in ("mask", "bias")
        if (array := getattr(case, name)) is not None and array.shape != whole
    }
    return _replaced(case, dialect, **small)


def _tiled_heads(case: AttentionCase, dialect: Dialect) -> Result:
    """Give query head h the key head h modulo Hkv."""
    heads = np.arange(case.sizes.Hq) % max(1, case.sizes.Hkv)
    return _replaced(
        case,
        dialect,
        key=np.ascontiguousarray(case.key[:, heads]),
        value=np.ascontiguousarray(case.value[:, heads]),
    )


def _other_empty_row(case: AttentionCase, dialect: Dialect) -> Result:
    """Return something else for empty rows: the mean of the values, or zeros."""
    other = "zero" if dialect.empty_row == "mean" else "mean"
    return _right(case, dialect.replace(empty_row=other))


def _wrong_dtype(case: AttentionCase, dialect: Dialect) -> Result:
    """Return another format than the query's."""
    right = _right(case, dialect)
    other = np.float32 if case.dtype == "float64" else np.float64
    return dataclasses.replace(right, output=right.output.astype(other))


def _mutates(case: AttentionCase, dialect: Dialect) -> Result:
    """Write into the query."""
    return dataclasses.replace(_right(case, dialect), mutated=("query",))


def _strides_ignored(case: AttentionCase, dialect: Dialect) -> Result:
    """Read every operand that is not contiguous as if it were."""
    misread = {
        name: _misread(getattr(case, name))
        for name, layout in case.layouts.items()
        if layout != "contiguous" and getattr(case, name) is not None
    }
    return _replaced(case, dialect, **misread)


def _misread(array: Array) -> Array:
    """Return an operand with its rows in the order of a transposed memory."""
    rolled = np.roll(array, 1, axis=-2) if array.ndim > 1 else array
    if rolled.dtype == np.bool_:
        return ~rolled
    return -np.roll(rolled, 1, axis=-1)


PARTICULAR: Mapping[str, Null] = {
    "ones": _ones,
    "unnormalized": _unnormalized,
    "sink_clamped": _sink_clamped,
    "bias_on_values": _bias_on_values,
    "unit_default_scale": _unit_default_scale,
    "no_scale": _no_scale,
    "softcap_last": _softcap_last,
    "flags_dropped": _flags_dropped,
    "mask_argument_dropped": _mask_argument_dropped,
    "small_masks_dropped": _small_masks_dropped,
    "tiled_heads": _tiled_heads,
    "other_empty_row": _other_empty_row,
    "wrong_dtype": _wrong_dtype,
    "mutates": _mutates,
    "strides_ignored": _strides_ignored,
}


def _stale() -> Null:
    """Return a kernel that answers each call with the answer to the one before."""
    past: list[Result] = []

    def kernel(case: AttentionCase, dialect: Dialect) -> Result:
        right = _right(case, dialect)
        last = past[-1] if past else right
        past.append(right)
        fits = last.output.shape == right.output.shape
        zeros = dataclasses.replace(right, output=np.zeros_like(right.output))
        return last if fits else zeros

    return kernel


def _random() -> Null:
    """Return a kernel that answers each call with other noise."""
    calls: list[int] = []

    def kernel(case: AttentionCase, dialect: Dialect) -> Result:
        right = _right(case, dialect)
        calls.append(int(bits(len(calls), "null", ())))
        noise = normals(len(calls), "null", right.output.shape)
        return dataclasses.replace(right, output=noise.astype(case.query.dtype))

    return kernel


STATEFUL: Mapping[str, Callable[[], Null]] = {"stale": _stale, "random": _random}


def null_kernel(name: str, dialect: Dialect) -> Kernel:
    """Return a fresh null kernel by name."""
    null = STATEFUL[name]() if name in STATEFUL else {**NULLS, **PARTICULAR}[name]
    return lambda case: null(case, dialect)


def tellable(
    names: tuple[str, ...],
    capabilities: Capabilities,
    needs: frozenset[str] = frozenset(),
) -> tuple[str, ...]:
    """Return the nulls that differ from a right kernel within what is claimed.

    What a null needs must be allowed beside what the law itself needs.
    """
    return tuple(
        name
        for name in names
        if name not in NEEDS
        or any(capabilities.allows(needs | {claim}) for claim in NEEDS[name])
    )


__all__ = ["NEEDS", "PARTICULAR", "STATEFUL", "Kernel", "null_kernel", "tellable"]
