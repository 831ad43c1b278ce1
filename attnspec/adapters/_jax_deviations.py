"""What JAX's attention is known to do otherwise than it should."""

from __future__ import annotations

from attnspec.cases import Recipe
from attnspec.conformance import Deviation
from attnspec.invariants import INVARIANTS


def deviations() -> tuple[Deviation, ...]:
    """Return what every variant gets wrong."""
    rest = tuple(name for name in INVARIANTS if name != "empty-rows")
    empty = Recipe(queries=5, keys=9, width=4, value_width=4)
    reason = (
        "a query whose keys a bias of minus infinity hides all gives NaN, one whose "
        "keys a boolean mask hides all the mean of all values. A row that both hide "
        "between them is the mean of what the mask hides."
    )
    return (
        Deviation(
            id="jax-minus-infinity-row",
            invariants=("empty-rows", *rest),
            reason=reason,
            when={"minus_infinity_bias": True, "empty_rows": True},
            pinned=empty.replace(bias="empty_rows"),
        ),
        Deviation(
            id="jax-minus-infinity-row-made-of-mask",
            invariants=("mask-forms",),
            reason=reason,
            when={"mask": True, "empty_rows": True},
            pinned=empty.replace(mask="empty_rows"),
        ),
    )


__all__ = ["deviations"]
