"""What scores, values and options of a case may be: the names in its recipe."""

from __future__ import annotations

SCORES = (
    *("normal", "uniform", "integers", "ties", "spread", "peaked", "offset_up"),
    *("offset_down", "far_down", "ascending", "gather"),
)
"""How query and key are made: what the scores of a row look like."""

VALUES = ("normal", "integers", "one_hot", "offset", "cancelling", "constant")
"""How value is made."""

MASKS = (
    *("all", "holes", "sparse", "padding", "left_padding", "prefix_hidden"),
    *("one_key", "empty_rows", "none"),
)
"""Which keys a boolean mask shows."""

BIASES = ("normal", "distance", "row_offset", "holes", "empty_rows")
"""What an additive bias holds; the last two have entries of minus infinity."""

HIDING_BIASES = ("holes", "empty_rows")
"""The biases that hide keys."""

FAR_SINKS = (-1e4, -200.0, -104.0, -90.0, 90.0, 200.0, 1e4)
"""Sinks whose exponential is 0, no normal number, or infinite in some format."""

SINKS = ("normal", "large", "small", "minus_infinity", *FAR_SINKS)
"""What the sink of each head is: drawn in one way, or one number for all."""

SLOPES = ("powers", "drawn", "batch", "zero")
"""The slopes of ALiBi: those of the paper, or drawn for each head or batch element."""

AXES = (
    *("BHLS", "1HLS", "B1LS", "11LS", "LS", "B11S", "111S", "BHL1", "B1L1", "HLS"),
    *("1S", "S"),
)
"""Which axes of (B, Hq, L, S) a mask or bias has; 1 is an axis of length one."""

__all__ = [
    "AXES",
    "BIASES",
    "FAR_SINKS",
    "HIDING_BIASES",
    "MASKS",
    "SCORES",
    "SINKS",
    "SLOPES",
    "VALUES",
]
