"""What a kernel of some claims and choices can be asked at all."""

from __future__ import annotations

from attnspec.judge.claims import Capabilities
from attnspec.judge.law import Dialect
from attnspec.kinds.attention.case import OPTIONS


def hides_keys(dialect: Dialect, capabilities: Capabilities) -> bool:
    """Return whether the kernel has any way to hide a key from every query."""
    early = dialect["alignment"] == "upper_left"
    by_flag = _allows_flag(capabilities, "unequal_lengths", causal=early)
    by_bias = {"bias", "minus_infinity_bias"} <= capabilities.claims
    return "mask" in capabilities or by_bias or by_flag


def empties_rows(dialect: Dialect, capabilities: Capabilities) -> bool:
    """Return whether the kernel can be asked for a row without any key."""
    late = dialect["alignment"] == "lower_right"
    longer = ("unequal_lengths", "more_queries")
    by_flag = _allows_flag(capabilities, *longer, causal=late)
    by_bias = {"bias", "minus_infinity_bias"} <= capabilities.claims
    return "mask" in capabilities or by_bias or by_flag


def has_choices(dialect: Dialect, capabilities: Capabilities) -> bool:
    """Return whether a choice of the dialect can be seen."""
    aligned = _allows_flag(capabilities, "unequal_lengths", causal=True)
    return aligned or empties_rows(dialect, capabilities)


def _allows_flag(capabilities: Capabilities, *claims: str, causal: bool) -> bool:
    """Return whether a window, or the causal flag, can come together with claims."""
    two_sided = "two_sided_window" in capabilities
    window = {"window"} if two_sided else {"window", "causal"}
    flags = (window, {"causal"}) if causal else (window,)
    return any(capabilities.allows({*flag, *claims}) for flag in flags)


def has_options(_dialect: Dialect, capabilities: Capabilities) -> bool:
    """Return whether the kernel has any option."""
    return bool(set(OPTIONS) & capabilities.claims)


__all__ = ["empties_rows", "has_choices", "has_options", "hides_keys"]
