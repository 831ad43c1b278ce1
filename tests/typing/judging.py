"""A program that is type-checked and not run: names, formats and tiers of a run."""

from __future__ import annotations

from typing import Any, assert_type

import attnspec
from attnspec import testing
from attnspec.conformance import claims
from attnspec.judge.verdicts import Report
from attnspec.kernels import tiled_attention

# Formats and tiers are words, each one of a few.
assert_type(attnspec.check_implementation(tiled_attention), Report)
attnspec.check_implementation("torch", dtypes=["float32", "bfloat16"], tier="smoke")
attnspec.check_implementation(tiled_attention, arrays="numpy", seed="random")
attnspec.parametrize_with_checks(
    [tiled_attention], dtypes=("float16",), tier="thorough"
)
attnspec.Implementation.of(tiled_attention, dtypes=("float32",))
claims("grouped_query", dtypes=("float64", "float32"))
testing.recipes("rope", tier="standard", dtype="float16")


def taken(name: str) -> Any:
    """Stand for what asks for a name that is known at run time alone."""
    return getattr(attnspec, name)


# What must not pass.
attnspec.attenton  # type: ignore[attr-defined]  # noqa: B018
attnspec.conformance.chek  # type: ignore[attr-defined]  # noqa: B018
attnspec.reference.atention  # type: ignore[attr-defined]  # noqa: B018
attnspec.check_implementation(tiled_attention, tier="smok")  # type: ignore[arg-type]
attnspec.check_implementation(tiled_attention, dtypes="bfloat16")  # type: ignore[arg-type]
attnspec.check_implementation(tiled_attention, dtypes=["float23"])  # type: ignore[list-item]
attnspec.check_implementation(tiled_attention, arrays="numpi")  # type: ignore[arg-type]
attnspec.check_implementation(tiled_attention, dtype="float32")  # type: ignore[call-arg]
attnspec.parametrize_with_checks([tiled_attention], tier="fast")  # type: ignore[arg-type]
attnspec.Implementation.of(tiled_attention, dtypes="float32")  # type: ignore[arg-type]
claims("mask", dtypes=("float23",))  # type: ignore[arg-type]
testing.recipes("rope", tier="smok")  # type: ignore[arg-type]
testing.recipes("rope", dtype="float23")  # type: ignore[arg-type]
tiled_attention([0.0], [0.0], [0.0])  # type: ignore[arg-type]
