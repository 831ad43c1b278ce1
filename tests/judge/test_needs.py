"""What a finding needs is asked of calls that the function can be given."""

from __future__ import annotations

from attnspec._typing import Array
from attnspec.conformance import Implementation, check_implementation
from attnspec.kernels import tiled_attention


def _off_in_earlier_rows(
    query: Array, key: Array, value: Array, *, mask: Array | None = None
) -> Array:
    output = tiled_attention(query, key, value, mask=mask, causal=True)
    output[:, :, :-1] += 1
    return output


def test_a_function_that_is_always_causal_is_not_asked_without_the_flag() -> None:
    kernel = Implementation.of(_off_in_earlier_rows, claims=["always_causal"])

    report = check_implementation(kernel, only=["causal-support"], tier="smoke")

    assert [cause.headline.invariant for cause in report.causes] == ["causal-support"]
