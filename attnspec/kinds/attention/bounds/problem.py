"""A case in float64 with query heads grouped by the key head that they share.

Axes here are ``(B, Hkv, G, L or 1, S or 1)``: G query heads share a key head, so
that one matrix product serves all of them and no key or value is copied.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from attnspec._typing import Array, Window
from attnspec.exceptions import InvalidArgument
from attnspec.judge.law import Dialect
from attnspec.kinds.attention.alibi import counts_keys
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.dialect import alignment_of
from attnspec.reference import masks

Float64 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]
Real = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """One attention problem, or some of its heads, ready to be evaluated.

    `value` has one row more than there are keys if there is a sink: a sink is a
    key whose score is given and whose value is zero. `dtype` is the format that
    the operands came in. Slopes are (B or 1, Hkv, G, 1, 1). `carried` is
    how far off scaled products may be since query and key are: None is not at all.
    """

    dtype: str
    query: Float64
    key: Float64
    value: Float64
    mask: Bool | None
    bias: Array | None
    carried: Float64 | None
    sink: Float64 | None
    scale: float
    slopes: Float64 | None
    slopes_count_keys: bool
    softcap: float | None
    softcap_is_last: bool
    causal: bool
    window: Window | None
    query_positions: npt.NDArray[np.int_]
    empty_mean: bool

    @property
    def queries(self) -> int:
        """The number of queries."""
        return self.query.shape[3]

    @property
    def keys(self) -> int:
        """The number of keys, the sink not counted."""
        return self.key.shape[3]

    @property
    def is_masked(self) -> bool:
        """Whether some key may be hidden from some query."""
        given = (self.mask, self.bias, self.window, self.sink)
        return self.causal or any(option is not None for option in given)

    def heads(self, batch: slice, head: slice) -> Problem:
        """Return the part of the problem that some key heads serve."""
        arrays = {
            name: array[_at(array, 0, batch), _at(array, 1, head)]
            for name in _PARTS
            if (array := getattr(self, name)) is not None
        }
        return dataclasses.replace(self, **arrays)

    def rows(self, rows: slice) -> Problem:
        """Return the part of the problem that some queries make up."""
        whole = slice(None)
        return dataclasses.replace(
            self,
            query=self.query[:, :, :, rows],
            query_positions=self.query_positions[rows],
            **{
                name: array[:, :, :, rows if array.shape[3] > 1 else whole]
                for name in ("mask", "bias", "carried")
                if (array := getattr(self, name)) is not None
            },
        )


_PARTS = ("query", "key", "value", "mask", "bias", "carried", "sink", "slopes")


def _at(array: Array, axis: int, part: slice) -> slice:
    """Select part of an axis; a broadcast one stays."""
    return part if array.shape[axis] > 1 else slice(None)


def grouped(array: Array, key_heads: int) -> Array:
    """Split the head axis of an array that broadcasts to (B, Hq, L, S) in groups."""
    array = array.reshape((1,) * (4 - array.ndim) + array.shape)
    batch, heads, *rest = array.shape
    if heads == 1:
        return array.reshape(batch, 1, 1, *rest)
    return array.reshape(batch, key_heads, heads // max(key_heads, 1), *rest)


def prepare(case: AttentionCase, dialect: Dialect, rows: slice) -> Problem:
    """Return the case in float64, with the chosen queries only."""
    sizes = case.sizes
    _check_heads(sizes.Hq, sizes.Hkv)
    key, value = (np.asarray(x, np.float64)[:, :, None] for x in (case.key, case.value))
    sink = None
    if case.sink is not None:
        shape = (1, sizes.Hkv, sizes.Hq // max(sizes.Hkv, 1), 1)
        sink = np.asarray(case.sink, np.float64).reshape(shape)
        value = np.concatenate([value, np.zeros_like(value, shape=_row(value))], axis=3)
    problem = Problem(
        dtype=case.dtype,
        query=grouped(np.asarray(case.query, np.float64), sizes.Hkv),
        key=key,
        value=value,
        mask=None if case.mask is None else grouped(case.mask, sizes.Hkv),
        bias=None if case.bias is None else grouped(case.bias, sizes.Hkv),
        carried=_carried(case),
        sink=sink,
        scale=float(case.effective_scale),
        slopes=_slopes(case),
        slopes_count_keys=counts_keys(case, dialect),
        softcap=None if case.softcap is None else float(case.softcap),
        softcap_is_last=dialect["softcap_order"] == "after_bias",
        causal=case.causal,
        window=case.window,
        query_positions=masks.positions(
            sizes.L, sizes.S, alignment=alignment_of(dialect)
        ),
        empty_mean=dialect["empty_row"] == "mean",
    )
    return problem if rows == slice(None) else problem.rows(rows)


def _carried(case: AttentionCase) -> Float64 | None:
    """Return what a case says of the errors of its products."""
    carried = case.facts.get("carried")
    return None if carried is None else grouped(carried, case.sizes.Hkv)


def _slopes(case: AttentionCase) -> Float64 | None:
    """Return the slopes of a case with the axes of a problem."""
    if case.alibi_slopes is None:
        return None
    heads = case.sizes.Hq
    rows = np.asarray(case.alibi_slopes, np.float64).reshape(-1, heads, 1, 1)
    return grouped(rows, case.sizes.Hkv)


def _row(value: Float64) -> tuple[int, ...]:
    """Return the shape of one row of values for each key head."""
    return (*value.shape[:3], 1, value.shape[4])


def _check_heads(query_heads: int, key_heads: int) -> None:
    """Reject query heads that cannot be divided among the key heads."""
    if query_heads % key_heads if key_heads else query_heads:
        msg = f"query: expected a multiple of {key_heads} heads, got {query_heads}"
        raise InvalidArgument(msg)


def visible_keys(problem: Problem) -> Bool | None:
    """Return which keys each query sees; None if it sees them all.

    The result broadcasts to (B, Hkv, G, L, S) and always has the full last two
    axes. Rules and alignment are those of `attnspec.reference.masks`.
    """
    here, keys = problem.query_positions, np.arange(problem.keys)
    parts: list[Bool] = []
    if problem.causal:
        parts.append(masks.causal(here, keys))
    if problem.window is not None:
        parts.append(masks.window(here, keys, *problem.window))
    if problem.mask is not None:
        parts.append(problem.mask)
    if problem.bias is not None:
        parts.append(problem.bias != -np.inf)
    if not parts:
        return None
    visible = np.ones((1, 1, 1, len(here), problem.keys), np.bool_)
    for part in parts:
        visible = visible & part
    return visible


__all__ = ["Bool", "Float64", "Problem", "Real", "grouped", "prepare", "visible_keys"]
