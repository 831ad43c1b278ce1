"""Roundings in the formats that other libraries compute in.

A value that is a sum of products, however it is put together, is off by at most
gamma(n) times the same sum of absolute products, where n counts the roundings that
any one product passes. Where two sides compute it, both errors count; the ones of
float64 are smaller than one more rounding of float32.
"""

from __future__ import annotations

FLOAT64 = 2.0**-53
FLOAT32 = 2.0**-24
BFLOAT16 = 2.0**-8


def gamma(n: float, unit: float) -> float:
    """Limit the relative error of n roundings in a format with this unit."""
    return n * unit / (1.0 - n * unit)


__all__ = ["BFLOAT16", "FLOAT32", "FLOAT64", "gamma"]
