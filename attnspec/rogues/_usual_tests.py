"""What the tests of kernels usually ask: normal numbers at a few shapes."""

from __future__ import annotations

import copy
import functools
from typing import Any, NamedTuple

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.registry import KINDS
from attnspec.numerics.dtypes import numpy_dtype


class Answers(NamedTuple):
    """What a rule compares, in float64."""

    actual: Array
    expected: Array
    """The exact output, rounded to the format."""
    exact: Array
    plain: Array
    """What a run gives that rounds every step to the format."""
    dtype: str


class Usual(NamedTuple):
    """The sizes of a usual test, and its option."""

    heads: int
    key_heads: int
    queries: int
    keys: int
    width: int
    needs: tuple[str, ...] = ()
    """The claims without which the test is left out."""
    option: str = ""


USUAL = (
    Usual(4, 4, 128, 128, 64),
    Usual(4, 4, 128, 128, 64, ("causal",), "causal"),
    Usual(4, 4, 128, 128, 64, ("mask",), "mask"),
    Usual(8, 2, 256, 256, 128, ("grouped_query", "causal"), "causal"),
    Usual(8, 8, 1, 512, 64, ("unequal_lengths",)),
)
"""What the tests of kernels usually ask, in batches of two."""


@functools.cache
def right_answers(test: Usual, dtype: str) -> Answers:
    """Return the exact output of a test as a kernel's, and that of a plain run."""
    operands, options = drawn(test, dtype)
    wide = [operand.astype(np.float64) for operand in operands]
    exact = KINDS["attention"].definition(*wide, **options)
    expected = exact.astype(operands[0].dtype).astype(np.float64)
    plain = plain_attention(*operands, **options).astype(np.float64)
    return Answers(expected, expected, exact, plain, dtype)


def drawn(test: Usual, dtype: str) -> tuple[list[Array], dict[str, Any]]:
    """Draw standard normal operands, and the option of a test, anew for each call."""
    return copy.deepcopy(_drawn(test, dtype))


@functools.cache
def _drawn(test: Usual, dtype: str) -> tuple[list[Array], dict[str, Any]]:
    random = np.random.default_rng(0)
    shapes = (
        (2, test.heads, test.queries, test.width),
        *((2, test.key_heads, test.keys, test.width),) * 2,
    )
    format_ = numpy_dtype(dtype)
    operands = [random.standard_normal(shape).astype(format_) for shape in shapes]
    if test.option == "mask":
        seen = random.random((2, 1, test.queries, test.keys)) < 0.9
        return operands, {"mask": seen}
    return operands, {"causal": True} if test.option == "causal" else {}


def plain_attention(
    query: Array,
    key: Array,
    value: Array,
    *,
    mask: Array | None = None,
    causal: bool = False,
) -> Array:
    """Compute attention with every step rounded to the format of the operands."""
    group = query.shape[1] // key.shape[1]
    narrow = query.dtype
    # Products are summed in float32, as a matrix unit does, and then rounded.
    wide = np.dtype(np.float64 if narrow == np.float64 else np.float32)
    key, value = (x.repeat(group, 1).astype(wide) for x in (key, value))
    scaled = (query * narrow.type(query.shape[3] ** -0.5)).astype(narrow)
    scores = (scaled.astype(wide) @ key.swapaxes(2, 3)).astype(narrow)
    seen = np.ones(scores.shape, np.bool_) if mask is None else mask
    if causal:
        seen = seen & np.tri(*scores.shape[2:], dtype=np.bool_)
    hidden = np.where(seen, scores.astype(wide), -np.inf)
    weights = np.exp(hidden - hidden.max(-1, keepdims=True))
    weights = (weights / weights.sum(-1, keepdims=True)).astype(narrow)
    return np.asarray((weights.astype(wide) @ value).astype(narrow))


__all__ = ["USUAL", "Answers", "Usual", "drawn", "plain_attention", "right_answers"]
