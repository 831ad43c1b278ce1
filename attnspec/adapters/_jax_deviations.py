"""What JAX's attention is known to do otherwise than it should."""

from __future__ import annotations

from attnspec.conformance import Deviation
from attnspec.kinds.attention.laws import ATTENTION

_POINT = ATTENTION.recipe(dtype="bfloat16", queries=1, keys=1, width=1, value_width=1)
_ONE_QUERY = {"query_heads": 1, "queries": 1}


def refused_products() -> tuple[Deviation, ...]:
    """Return which bfloat16 products are refused when they are compiled.

    Two of the three axes of a product of one key head must have a length of 1.
    """
    degenerate = {
        "one-query-one-key": (_ONE_QUERY | {"keys": 1}, _POINT.replace(width=4)),
        "one-query-width-1": (_ONE_QUERY | {"width": 1}, _POINT.replace(keys=3)),
        "one-key-width-1": ({"keys": 1, "width": 1}, _POINT.replace(queries=3)),
    }
    rest = tuple(law.id for law in ATTENTION.laws.values() if law.id != "agreement")
    return tuple(
        Deviation(
            id=f"jax-bfloat16-{name}",
            invariants=("agreement", *rest),
            reason=(
                "compiled for the CPU, a bfloat16 product of one number by a vector "
                "is refused: XLA's emitter for it does not know the algorithm that "
                "the function asks for. Called eagerly it works."
            ),
            when={"dtype": "bfloat16", "key_heads": 1} | when,
            pinned=pinned.replace(value_width=pinned["width"]),
        )
        for name, (when, pinned) in degenerate.items()
    )


def deviations() -> tuple[Deviation, ...]:
    """Return what every variant gets wrong."""
    rest = tuple(law.id for law in ATTENTION.laws.values() if law.id != "empty-rows")
    empty = ATTENTION.recipe(queries=5, keys=9, width=4, value_width=4)
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
            id="jax-nan-behind-bias",
            invariants=("nan-masked-keys",),
            reason=(
                "a NaN in a key that a bias of minus infinity alone hides gives NaN: "
                "the bias is added to its score. A mask is written over the score."
            ),
            when={"minus_infinity_bias": True},
            pinned=ATTENTION.recipe(
                keys=3, mask="all", bias="holes", bias_axes="111S", seed=3
            ),
        ),
    )


__all__ = ["deviations", "refused_products"]
