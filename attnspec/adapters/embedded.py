"""The kernel that comes with attnspec: there is always something to judge."""

from __future__ import annotations

from attnspec.conformance import Implementation
from attnspec.kernels import tiled_attention
from attnspec.numerics.dtypes import DTYPES

REQUIRES: tuple[str, ...] = ()
EXTRA = ""


def implementations() -> dict[str, Implementation]:
    """Return the embedded kernels by variant; the first is the default."""
    claims = ("grouped_query", "value_width", "empty_keys", "empty_queries")
    dialect = {"nan_masked_key": "clean", "nan_masked_value": "clean"}
    tiled = Implementation.of(
        tiled_attention,
        name="embedded:tiled",
        dtypes=DTYPES,
        claims=claims,
        dialect=dialect,
    )
    return {"tiled": tiled}


__all__ = ["EXTRA", "REQUIRES", "implementations"]
