from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from attnspec.exceptions import InvalidArgument
from attnspec.reference import attention
from tests.reference._problems import Array

x = np.zeros((1, 4, 3, 2))
kv = np.zeros((1, 2, 5, 2))


@pytest.mark.parametrize(
    ("arrays", "options", "words"),
    [
        ((x[0], kv, kv), {}, r"query: expected shape \(B, Hq, L, E\), got \(4, 3, 2\)"),
        (
            (x, kv[..., :1], kv),
            {},
            r"key: expected shape \(1, Hkv, S, 2\), got \(1, 2, 5, 1\)",
        ),
        (
            (x, np.zeros((2, 2, 5, 2)), kv),
            {},
            r"key: .* \(1, Hkv, S, 2\), got \(2, 2, 5, 2\)",
        ),
        ((x, kv, kv[:, :, :4]), {}, r"value: .* \(1, 2, 5, Ev\), got \(1, 2, 4, 2\)"),
        ((x, kv, kv[:, :1]), {}, r"value: .* \(1, 2, 5, Ev\), got \(1, 1, 5, 2\)"),
        ((x[:, :3], kv, kv), {}, "query: expected a multiple of 2 heads, got 3"),
        (
            (x, kv, kv),
            {"mask": np.ones(5)},
            r"mask: .* got float64 .* is a bias",
        ),
        (
            (x, kv, kv),
            {"mask": np.ones((3, 4), dtype=bool)},
            r"mask: .* broadcasts to \(1, 4, 3, 5\), got \(3, 4\)",
        ),
        (
            (x, kv, kv),
            {"bias": np.ones((2, 4, 3, 5))},
            r"bias: .* broadcasts to \(1, 4, 3, 5\), got \(2, 4, 3, 5\)",
        ),
        ((x, kv, kv), {"scale": math.nan}, "scale: expected a finite number, got nan"),
        ((x, kv, kv), {"softcap": 0.0}, "softcap: expected a positive finite number"),
        ((x, kv, kv), {"window": (-1, 0)}, r"window\[0\]: expected 0 or more, got -1"),
        ((x, kv, kv), {"window": (1,)}, r"window: expected 2 entries, got \(1,\)"),
        ((x, kv, kv), {"sink": np.ones(2)}, r"sink: expected shape \(4,\), got \(2,\)"),
    ],
)
def test_a_wrong_argument_is_named(
    arrays: tuple[Array, Array, Array],
    options: dict[str, Any],
    words: str,
) -> None:
    with pytest.raises(InvalidArgument, match=words):
        attention(*arrays, **options)
