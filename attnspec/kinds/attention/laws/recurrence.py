"""What a recurrence is compared with: how attention passes a change of a value on."""

from __future__ import annotations

from collections.abc import Iterator

from attnspec.judge.compare import alike
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.compare import AttentionBench
from attnspec.kinds.attention.kind import ATTENTION
from attnspec.numerics import Comparison


@ATTENTION.law(
    "value-derivative",
    "recurrence.attention-gradient",
    pins=("model-widths", "composite-keys"),
    also=("recurrence.past", "convolution.field"),
    families=("plain", "option-pairs", "tile-boundaries", "grouped-heads"),
    fields={"values": ("integers",)},
    nulls=("ones",),
)
def check_value_derivative(
    case: AttentionCase, bench: AttentionBench
) -> Iterator[Comparison]:
    """A value that moves takes an output along by its weight, far or near."""
    if not case.sizes.S:
        return
    for key in {0, case.sizes.S - 1}:
        value = case.value.copy()
        value[:, :, key, :1] += 8
        moved = case.replace(value=value)
        yield from alike(case, moved, bench, f"value {key} moved in one component")


__all__: list[str] = []
