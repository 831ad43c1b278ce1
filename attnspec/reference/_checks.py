"""What must hold of the arguments of an attention problem, in words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from attnspec.exceptions import InvalidArgument
from attnspec.reference.heads import group_count


def check_arrays(
    query: npt.NDArray[Any], key: npt.NDArray[Any], value: npt.NDArray[Any]
) -> None:
    """Reject queries, keys and values whose axes do not fit together."""
    for name, array in (("query", query), ("key", key), ("value", value)):
        _check_rank(name, array)
    check_equal("key", "batch size", query.shape[0], key.shape[0])
    check_equal("key", "width", query.shape[3], key.shape[3])
    check_equal("value", "batch size", query.shape[0], value.shape[0])
    check_equal("value", "number of heads", key.shape[1], value.shape[1])
    check_equal("value", "length", key.shape[2], value.shape[2])
    group_count(query.shape[1], key.shape[1])


def check_options(
    sizes: tuple[int, int, int, int],
    *,
    mask: npt.NDArray[Any] | None,
    bias: npt.NDArray[Any] | None,
    scale: float | None,
    window: tuple[Any, ...] | None,
    sink: npt.NDArray[Any] | None,
) -> None:
    """Reject options that do not fit scores of the sizes (B, Hq, L, S)."""
    if mask is not None:
        _check_mask_dtype(mask)
        check_broadcast("mask", mask, sizes)
    if bias is not None:
        check_broadcast("bias", bias, sizes)
    if scale is not None and not math.isfinite(scale):
        msg = f"scale: expected a finite number, got {scale}"
        raise InvalidArgument(msg)
    if window is not None and len(window) != 2:
        msg = f"window: expected a pair (left, right), got {window}"
        raise InvalidArgument(msg)
    if sink is not None and sink.shape != (sizes[1],):
        msg = f"sink: expected shape ({sizes[1]},), got {sink.shape}"
        raise InvalidArgument(msg)


def check_equal(name: str, what: str, expected: int, actual: int) -> None:
    """Demand that two arrays agree in the length of an axis."""
    if actual != expected:
        msg = f"{name}: expected {what} {expected}, got {actual}"
        raise InvalidArgument(msg)


def check_least(name: str, number: int, least: int) -> None:
    """Demand a number that is not too small."""
    if number < least:
        msg = f"{name}: expected {least} or more, got {number}"
        raise InvalidArgument(msg)


def _check_rank(name: str, array: npt.NDArray[Any]) -> None:
    """Demand the axes batch, heads, length and width."""
    if array.ndim != 4:
        msg = f"{name}: expected 4 axes, got {array.ndim}"
        raise InvalidArgument(msg)


def _check_mask_dtype(mask: npt.NDArray[Any]) -> None:
    """Demand booleans: a number could mean to add, to keep or to drop."""
    if mask.dtype != np.bool_:
        msg = f"mask: expected dtype bool, got {mask.dtype}"
        raise InvalidArgument(msg)


def check_broadcast(name: str, array: npt.NDArray[Any], sizes: tuple[int, ...]) -> None:
    """Demand an array that broadcasts to the scores and does not enlarge them."""
    try:
        fits = np.broadcast_shapes(array.shape, sizes) == sizes
    except ValueError:
        fits = False
    if not fits:
        msg = f"{name}: expected a shape that broadcasts to {sizes}, got {array.shape}"
        raise InvalidArgument(msg)


__all__ = [
    "check_arrays",
    "check_broadcast",
    "check_equal",
    "check_least",
    "check_options",
]
