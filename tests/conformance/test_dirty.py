"""What a function reads and has not written is no zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnspec.conformance.call import Caller


def _half_written(x: Any) -> Any:
    output = np.empty_like(x)
    output[: len(x) // 2] = x[: len(x) // 2]
    return output


@pytest.mark.parametrize("size", [16, 200, 3000, 20000])
@pytest.mark.parametrize("form", ["float16", "float32", "float64"])
def test_memory_that_is_not_written_holds_nan(size: int, form: str) -> None:
    call, given = Caller(_half_written), np.ones(size, form)
    results = [call([given], {}, [("output", (size,), form)])[0][0] for _ in range(4)]

    assert any(np.isnan(result[size // 2 :]).any() for result in results)
    assert all((result[: size // 2] == 1).all() for result in results)
