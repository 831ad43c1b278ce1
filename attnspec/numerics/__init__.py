"""How close is close enough: formats, numeric models, tracked errors, comparison."""

from __future__ import annotations

from attnspec.numerics.compare import Comparison, identical, within
from attnspec.numerics.formats import FORMATS, Format, format_of
from attnspec.numerics.models import NumericModel
from attnspec.numerics.presets import PRESETS, default_model
from attnspec.numerics.relaxations import relaxations

__all__ = [
    "FORMATS",
    "PRESETS",
    "Comparison",
    "Format",
    "NumericModel",
    "default_model",
    "format_of",
    "identical",
    "relaxations",
    "within",
]
