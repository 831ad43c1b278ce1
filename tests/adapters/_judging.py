"""What every adapter is asked, whichever library it adapts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from attnspec._typing import DType
from attnspec.conformance import Implementation, check_implementation


def failures(implementation: Implementation, dtype: DType, **options: Any) -> object:
    """What fails in one format."""
    return check_implementation(implementation, dtypes=[dtype], **options).failures


def each_deviation(variants: Mapping[str, Implementation]) -> pytest.MarkDecorator:
    """Ask a test of every variant and each deviation that it declares."""
    return pytest.mark.parametrize(
        ("implementation", "deviation"),
        [
            pytest.param(implementation, deviation, id=f"{variant}-{deviation.id}")
            for variant, implementation in variants.items()
            for deviation in implementation.description.deviations
        ],
    )
