"""Numeric models of a formula: what its operations compute in, and what they store.

Where a kernel of attention has steps of its own, other kinds have a formula. In a
16-bit format it is evaluated in float32 and rounded once (`upcast`), or one operation
after the other, each of which stores its result in 16 bits (`eager`), as libraries do
that do not fuse. What depends on positions alone may be a table that is stored in 16
bits before it is used (`tables`).
"""

from __future__ import annotations

from collections.abc import Mapping

from attnspec.numerics.formats import format_of
from attnspec.numerics.models import NumericModel
from attnspec.numerics.presets import PRESETS

_HALVES = ("float16", "bfloat16")


def _named(*models: NumericModel) -> dict[str, NumericModel]:
    return {model.name: model for model in models}


def _eager(dtype: str, tables: str | None = None) -> NumericModel:
    return NumericModel(
        f"eager-{dtype}", output=dtype, softmax=dtype, weights=dtype, tables=tables
    )


OPERATIONS: Mapping[str, NumericModel] = _named(
    *(PRESETS[name] for name in ("float64", "float32")),
    *(PRESETS[f"{name}-{dtype}"] for dtype in _HALVES for name in ("flash", "upcast")),
    *map(_eager, _HALVES),
)
"""The named models of kinds whose results are a formula.

Those of attention among them differ only where weights, or a state, meet values.
"""

AT_ONCE: Mapping[str, NumericModel] = {
    name: model for name, model in OPERATIONS.items() if not name.startswith("eager-")
}
"""Those of kinds whose bound is no sum over operations, each with a result."""

WITH_TABLES: Mapping[str, NumericModel] = {**OPERATIONS} | _named(
    *(_eager(dtype, tables=dtype) for dtype in _HALVES),
    *(
        PRESETS[f"upcast-{dtype}"].replace(name=f"tables-{dtype}", tables=dtype)
        for dtype in _HALVES
    ),
)
"""Those of kinds in which vectors meet tables of cosines and sines."""


def operations_in_words(model: NumericModel) -> str:
    """Return what a numeric model allows the operations of a formula.

    Examples
    --------
    >>> operations_in_words(WITH_TABLES["tables-bfloat16"])
    'float32 inside, tables stored in bfloat16, bfloat16 output'
    >>> operations_in_words(OPERATIONS["eager-float16"])
    'float32 inside, each result stored in float16, float16 output'
    """
    stored = format_of(model.softmax).unit > format_of(model.accumulator).unit
    said = [f"{model.accumulator if stored else model.softmax} inside"]
    if stored:
        said.append(f"each result stored in {model.softmax}")
    if model.tables is not None:
        said.append(f"tables stored in {model.tables}")
    return ", ".join([*said, f"{model.output} output"])


__all__ = ["AT_ONCE", "OPERATIONS", "WITH_TABLES", "operations_in_words"]
