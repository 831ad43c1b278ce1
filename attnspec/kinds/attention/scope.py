"""What a kernel of some claims and choices can be asked at all."""

from __future__ import annotations

from attnspec.judge.claims import Capabilities
from attnspec.judge.law import Dialect
from attnspec.kinds.attention.case import OPTIONS


def hides_keys(dialect: Dialect, capabilities: Capabilities) -> bool:
    """Return whether the kernel has any way to hide a key from every query."""
    early = dialect["alignment"] == "upper_left" and "causal" in capabilities
    by_flag = "unequal_lengths" in capabilities and (early or "window" in capabilities)
    by_bias = {"bias", "minus_infinity_bias"} <= capabilities.claims
    return "mask" in capabilities or by_bias or by_flag


def empties_rows(dialect: Dialect, capabilities: Capabilities) -> bool:
    """Return whether the kernel can be asked for a row without any key."""
    late = dialect["alignment"] == "lower_right" and "causal" in capabilities
    longer = {"unequal_lengths", "more_queries"} <= capabilities.claims
    by_flag = longer and (late or "window" in capabilities)
    by_bias = {"bias", "minus_infinity_bias"} <= capabilities.claims
    return "mask" in capabilities or by_bias or by_flag


def has_choices(dialect: Dialect, capabilities: Capabilities) -> bool:
    """Return whether a choice of the dialect can be seen."""
    flags = {"causal", "window"} & capabilities.claims
    aligned = bool(flags) and "unequal_lengths" in capabilities
    return aligned or empties_rows(dialect, capabilities)


def has_options(_dialect: Dialect, capabilities: Capabilities) -> bool:
    """Return whether the kernel has any option."""
    return bool(set(OPTIONS) & capabilities.claims)


__all__ = ["empties_rows", "has_choices", "has_options", "hides_keys"]
