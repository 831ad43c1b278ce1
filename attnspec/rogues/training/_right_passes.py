"""Right backward passes of unlike arithmetic, each with the model that it declares."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from attnspec.numerics import PRESETS, NumericModel, default_model
from attnspec.rogues.training._passes import BackwardPass


@dataclasses.dataclass(frozen=True)
class RightPass:
    """A right backward pass, in which formats it comes, and what it declares."""

    id: str
    sentence: str
    run: BackwardPass
    dtypes: tuple[str, ...]
    changes: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def differentiates_saved(self) -> bool:
        """Whether its gradients are a function of the output that it returns."""
        return self.run.from_lse and not self.run.delta_of_weights

    def model(self, dtype: str) -> NumericModel:
        """Return the model that it declares in a format."""
        name = dtype if self.run.narrow else f"upcast-{dtype}"
        model = PRESETS[name] if name in PRESETS else default_model(dtype)
        stored = dtype if self.run.stored else None
        return model.replace(
            backward_weights="lse" if self.run.from_lse else "sum",
            delta="weights" if self.run.delta_of_weights else "output",
            stored_heads=not self.run.head_sums_in_full,
            stored_gradients=stored,
            **self.changes,
        )


_HALVES = ("float16", "bfloat16")
_ALL = ("float64", "float32", *_HALVES)

RIGHT_PASSES = (
    RightPass(
        "eager",
        "It keeps the weights and rounds their gradients, as XLA and eager code do.",
        BackwardPass(
            from_lse=False, by_autodiff=True, delta_of_weights=True, tile=None
        ),
        _ALL,
    ),
    RightPass(
        "flash-2",
        "Weights and their gradients are rounded; tiles come in any order, as in "
        "FlashAttention 2.",
        BackwardPass(shuffled=True),
        _ALL,
    ),
    RightPass(
        "flash-3",
        "The gradients of a group are added up before they are rounded, as in "
        "FlashAttention 3.",
        BackwardPass(shuffled=True, head_sums_in_full=True),
        _HALVES,
    ),
    RightPass(
        "stored",
        "Running sums are rounded tile by tile, as on PyTorch's CPU.",
        BackwardPass(stored=True),
        _HALVES,
    ),
    RightPass(
        "upcast",
        "Nothing but the results is rounded.",
        BackwardPass(narrow=False, tile=None, head_sums_in_full=True),
        _HALVES,
    ),
    RightPass(
        "kept-weights",
        "It keeps the weights, and forms delta from the output.",
        BackwardPass(from_lse=False, tile=7),
        _ALL,
    ),
    RightPass(
        "delta-of-weights",
        "Weights come from the logsumexp, and delta is the sum of P dP.",
        BackwardPass(delta_of_weights=True, tile=5),
        _ALL,
    ),
    RightPass(
        "large-tiles",
        "Tiles are of 64 queries and keys.",
        BackwardPass(tile=64),
        _ALL,
    ),
)
"""The right backward passes; the plainest first."""

__all__ = ["RIGHT_PASSES", "RightPass"]
