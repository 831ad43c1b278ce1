"""Kernels that round one thing to a narrower format, each right if it says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._rounding import BFLOAT16, E4M3, E5M2, through, truncated
from attnspec.rogues.attention._kernel import KERNEL, Kernel, Tables
from attnspec.rogues.attention._right import PLAIN, Right, scaled_query, tiles
from attnspec.rogues.attention._sums import NormalizedFirst

Change = Callable[[Array], Array]


def _given(change: Change) -> Callable[[Tables, AttentionCase], Tables]:
    """Change query and key as they are given."""
    return lambda t, _: t._replace(query=change(t.query), key=change(t.key))


def _with_values(change: Change) -> Callable[[Tables, AttentionCase], Tables]:
    return lambda t, _: t._replace(value=change(t.value))


def _operands(change: Change) -> Callable[[Tables, AttentionCase], Tables]:
    return lambda t, call: _with_values(change)(_given(change)(t, call), call)


def _then_scaled(change: Change) -> Callable[[Tables, AttentionCase], Tables]:
    def scaled(tables: Tables, call: AttentionCase) -> Tables:
        return tables._replace(query=change(scaled_query(tables, call).query))

    return scaled


def _scores(change: Change) -> Callable[[Array, Array], Array]:
    return lambda scores, visible: KERNEL.hide(change(scores), visible)


def _weights(change: Change) -> Callable[[Array, AttentionCase], Array]:
    return lambda weights, _: change(weights)


def _output(change: Change) -> Callable[..., tuple[Array, Array]]:
    return lambda output, lse, _: (change(output), lse)


def _narrowed(name: str, narrow: np.dtype[Any]) -> Iterator[Right]:
    """Yield kernels in float32 that round one thing to a narrower format."""

    def near(array: Array) -> Array:
        return through(array, narrow)

    def cut(array: Array) -> Array:
        return truncated(array, narrow)

    def scale(call: AttentionCase) -> float:
        return float(near(np.asarray(call.effective_scale)))

    changes: dict[str, dict[str, Any]] = {
        "the logsumexp is rounded to": {"answer": lambda o, lse, _: (o, near(lse))},
        "the scale is rounded to": {"scale": scale},
        "scores are rounded to": {"hide": _scores(near)},
        "scores are truncated to": {"hide": _scores(cut)},
        "query and key are rounded to": {"stage": _given(near)},
        "query and key are truncated to": {"stage": _given(cut)},
        "the query is scaled in": {"stage": _then_scaled(near), "scale": lambda _: 1.0},
        "the output is rounded to": {"answer": _output(near)},
        "the output is truncated to": {"answer": _output(cut)},
        "values are rounded to": {"stage": _with_values(near)},
        "values are truncated to": {"stage": _with_values(cut)},
        "weights are rounded to": {"narrow": _weights(near)},
        "weights are truncated to": {"narrow": _weights(cut)},
        "weights are added up as rounded to": {
            "narrow": _weights(near),
            "adds_narrow": True,
        },
        "the row sum is stored by blocks of keys in": {"stored_total": near},
        "the output is stored by blocks of keys in": {"stored_output": near},
    }
    for words, steps in changes.items():
        yield _relaxed(f"{words} {name}", PLAIN.replace(**steps))
    for words, step in (("row sum", "stored_total"), ("output", "stored_output")):
        kernel = PLAIN.replace(tiles=tiles(1), **{step: near})
        yield _relaxed(f"the {words} is added up in {name}", kernel, block=1)
    whole = NormalizedFirst(
        stage=_operands(near), narrow=_weights(near), answer=_output(near)
    )
    yield _relaxed(f"operands and output are rounded to {name}", whole)


def _relaxed(words: str, kernel: Kernel, **changes: Any) -> Right:
    """Return a kernel in float32 that declares what a relaxation says."""
    return Right(words.replace(" ", "-"), kernel, ("float32",), "", changes, words)


def _kept_in_float8(name: str, narrow: np.dtype[Any]) -> Right:
    """Return a kernel in bfloat16 whose keys and values were kept in eight bits."""

    def kept(tables: Tables, _: AttentionCase) -> Tables:
        key, value = (through(x, narrow) for x in (tables.key, tables.value))
        return tables._replace(key=key, value=value)

    words = f"key and value are rounded to {name}"
    dtypes = ("float32", "bfloat16")
    return Right(
        words.replace(" ", "-"), PLAIN.replace(stage=kept), dtypes, words=words
    )


NARROWED: tuple[Right, ...] = (
    *_narrowed("float16", np.dtype(np.float16)),
    *_narrowed("bfloat16", BFLOAT16),
    _kept_in_float8("float8_e4m3", E4M3),
    _kept_in_float8("float8_e5m2", E5M2),
)
"""The kernels."""

__all__ = ["NARROWED"]
