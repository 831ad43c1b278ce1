"""Rogues that do not answer what they are asked."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from attnspec._typing import Array
from attnspec.kinds.attention.case import AttentionCase
from attnspec.rogues._gallery import Rogue
from attnspec.rogues.attention._kernel import KERNEL, Rows, Tables
from attnspec.rogues.attention._steps import finished
from attnspec.rogues.attention._usual import usually


def _flat(tables: Tables, call: AttentionCase) -> Tables:  # noqa: ARG001 - a step's form
    """Weigh alike all keys that are visible."""
    return tables._replace(query=np.zeros_like(tables.query))


def _mean(tables: Tables, call: AttentionCase) -> Tables:  # noqa: ARG001 - a step's form
    """Weigh all keys alike."""
    return tables._replace(
        query=np.zeros_like(tables.query),
        visible=np.ones_like(tables.visible),
        addend=np.zeros_like(tables.addend),
    )


def _copied(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    """Answer each query with the value at its own index."""
    _, lse = KERNEL.finish(rows, call)
    if not call.sizes.S:
        return KERNEL.finish(rows, call)
    where = np.minimum(np.arange(call.sizes.L), call.sizes.S - 1)
    value = call.value[:, KERNEL.key_heads(call)][:, :, where]
    return value.astype(rows.accumulator.dtype), lse


def _query_back(rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
    """Answer each query with itself."""
    output, lse = KERNEL.finish(rows, call)
    width = min(call.sizes.E, call.sizes.Ev)
    output[..., :width] = call.query[..., :width]
    return output, lse


@dataclasses.dataclass
class Noise:
    """Answers with noise, other noise each time."""

    calls: int = 0

    def __call__(self, *operands: Array, **options: Any) -> Any:
        """Draw an answer."""
        self.calls += 1
        return KERNEL.replace(finish=self.finish)(*operands, **options)

    def finish(self, rows: Rows, call: AttentionCase) -> tuple[Array, Array]:
        """Draw the output."""
        output, lse = KERNEL.finish(rows, call)
        noise = np.random.default_rng(self.calls).normal(size=output.shape)
        return noise.astype(output.dtype), lse


_null = usually("null", "agreement")


ROGUES: tuple[Rogue, ...] = (
    _null("zeros", "The answer is zero.", finished(np.zeros_like)),
    _null(
        "mean-of-values",
        "The answer is the mean of all values; no query, key or option is read.",
        KERNEL.replace(stage=_mean),
    ),
    _null(
        "mean-of-visible-values",
        "The answer is the mean of the values that a mask shows; no query is read.",
        KERNEL.replace(stage=_flat),
    ),
    _null(
        "first-row-everywhere",
        "The first query's answer is given to all.",
        finished(lambda output: output[:, :, :1].repeat(output.shape[2], 2)),
        law="query-permutation",
    ),
    _null(
        "values-copied",
        "Each query is answered with the value at its own index.",
        KERNEL.replace(finish=_copied),
        law="key-permutation",
    ),
    _null(
        "query-returned",
        "Each query is answered with itself.",
        KERNEL.replace(finish=_query_back),
    ),
    _null(
        "sign-flipped",
        "The answer has the other sign.",
        finished(np.negative),
        law="convex-hull",
    ),
    _null(
        "constant",
        "The answer is one half.",
        finished(lambda output: np.full_like(output, 0.5)),
        law="value-linearity",
    ),
    _null("noise", "The answer is noise.", Noise(), law="determinism"),
)
"""The null kernels."""

__all__ = ["ROGUES", "Noise"]
