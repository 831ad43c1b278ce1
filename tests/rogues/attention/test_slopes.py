"""Kernels that are right stay so with slopes."""

from __future__ import annotations

from typing import Any

import pytest

from attnspec.kinds.attention.laws import ATTENTION
from attnspec.rogues.attention.arithmetic import RIGHT, Right
from benchmarks.right_kernels import example

KERNELS = [right for right in RIGHT if "float32" in right.dtypes]


@pytest.mark.parametrize("slopes", ["drawn", "batch"])
@pytest.mark.parametrize("right", KERNELS, ids=[right.id for right in KERNELS])
def test_a_right_kernel_is_within_its_bound(right: Right, slopes: str) -> None:
    sizes = {"batch": 2, "queries": 5, "keys": 9, "width": 4, "value_width": 4}
    recipe = ATTENTION.recipe("float32", alibi_slopes=slopes, **sizes)
    case: Any = ATTENTION.case(recipe)

    found = dict(example(right, case, {}))

    assert {*found} == {"output", "lse"}
    assert all(each.holds for each in found.values())
