"""What PyTorch's fused CPU kernel is known to do otherwise than it should."""

from __future__ import annotations

from attnspec.conformance import Deviation
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.kinds.training.attention_gradient import ATTENTION_GRADIENT

_SQUARE = ATTENTION.recipe(
    queries=3, keys=3, width=4, value_width=4, scale=0.5, causal=True
)

_SEVERAL = _SQUARE.replace(keys=5, batch=2, query_heads=2, key_heads=2)


def scale_after_mask() -> tuple[Deviation, ...]:
    """Return what follows from multiplying scores that are minus infinity already."""
    reason = (
        "the fused kernel writes minus infinity over the keys behind the causal "
        "diagonal before it multiplies by the scale: a scale of 0 makes NaN of it, "
        "a negative one plus infinity. The math backend is right, and takes over "
        "where Ev is not E."
    )
    fused = {"causal": True, "value_width_differs": False}
    return (
        Deviation(
            id="torch-causal-nonpositive-scale",
            invariants=_all_but("agreement"),
            reason=reason,
            when=fused | {"scale_sign": ["zero", "negative"]},
            pinned=_SQUARE.replace(scale=-0.7),
            # Where the diagonal lies can be seen, and that it lies there in each head.
            further=(_SEVERAL.replace(scale=-0.7),),
        ),
    )


def nan_query_lost() -> tuple[Deviation, ...]:
    """Return what becomes of a row whose scores are all NaN."""
    return (
        Deviation(
            id="torch-flash-nan-query",
            invariants=("nan-in-query", "nan-in-key"),
            reason=(
                "the fused kernel's maximum drops NaN: a row without any other score "
                "is taken for one that sees no key, and is 0. The math backend is "
                "right, and takes over where Ev is not E."
            ),
            when={"value_width_differs": False},
            # One key: what is NaN leaves no other score.
            pinned=ATTENTION.recipe(queries=2, keys=1, width=4, value_width=4),
            link="https://github.com/pytorch/pytorch/issues/188147",
        ),
    )


def empty_keys_gradient() -> tuple[Deviation, ...]:
    """Return what the gradient of queries is where there is no key."""
    return (
        Deviation(
            id="torch-empty-keys-gradient",
            invariants=("attention-gradient-empty-keys",),
            reason=(
                "where there is no key the gradient of the queries is 0 times the sum "
                "of all cotangents, which may overflow float16: it is NaN then."
            ),
            when={"keys": 0, "dtype": "float16", "cotangent": "offset"},
            pinned=ATTENTION_GRADIENT.recipe(
                "float16",
                queries=9,
                keys=0,
                width=256,
                value_width=256,
                cotangent="offset",
            ),
        ),
    )


def empty_logsumexp() -> tuple[Deviation, ...]:
    """Return what the logsumexp of a row without keys is."""
    laws = [law.id for law in ATTENTION.laws.values() if "return_lse" in law.needs]
    return (
        Deviation(
            id="torch-flash-empty-row-logsumexp",
            invariants=("empty-rows", *laws),
            reason=(
                "the logsumexp of a query that sees no key is 0, which is also that "
                "of one key with a score of 0: merged with another part by its "
                "logsumexp the empty part gets weight."
            ),
            when={"empty_rows": True},
            pinned=ATTENTION.recipe(queries=2, keys=3, mask="none"),
            link="https://github.com/pytorch/pytorch/pull/131867",
        ),
    )


def _all_but(first: str) -> tuple[str, ...]:
    """Return every invariant, this one first: a case with these traits fails most."""
    return (first, *(law.id for law in ATTENTION.laws.values() if law.id != first))


__all__ = ["empty_logsumexp", "nan_query_lost", "scale_after_mask"]
