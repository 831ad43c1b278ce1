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
    shorter = _POINT.replace(keys=3)
    further = (
        # Laws about parts of a case, or about what hides keys, need such a case.
        *(_POINT.replace(batch=2), _POINT.replace(query_heads=2, key_heads=2)),
        _POINT.replace(mask="all", causal=True),
        *(shorter.replace(mask="padding", mask_axes="111S", seed=n) for n in range(4)),
    )
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
            further=further,
        )
        for name, (when, pinned) in degenerate.items()
    )


def deviations() -> tuple[Deviation, ...]:
    """Return what every variant gets wrong."""
    rest = tuple(law.id for law in ATTENTION.laws.values() if law.id != "empty-rows")
    empty = ATTENTION.recipe(queries=5, keys=9, width=4, value_width=4)
    beside = ATTENTION.recipe(
        queries=4, keys=1, mask="all", causal=True, bias="holes", bias_axes="11LS"
    )
    banded = ATTENTION.recipe(
        queries=2, keys=2, window=(0, 0), bias="holes", bias_axes="B1L1"
    )
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
            further=(
                # What a mask or a window hides, said by a bias or beside one.
                empty.replace(mask="none", causal=True),
                *(beside.replace(seed=seed) for seed in range(4)),
                *(banded.replace(seed=seed) for seed in range(4)),
            ),
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
