"""What a finding needs is asked of calls that the function can be given."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from attnspec._typing import Array
from attnspec.conformance import Implementation, check_implementation
from attnspec.kernels import tiled_attention


def _off_in_earlier_rows(
    query: Array, key: Array, value: Array, *, mask: Array | None = None
) -> Array:
    output, _ = tiled_attention(
        query, key, value, mask=mask, causal=True, return_lse=True
    )
    is_last = np.arange(query.shape[2]) == query.shape[2] - 1
    return np.where(is_last[:, None], output, output + 1)


def test_a_function_that_is_always_causal_is_not_asked_without_the_flag() -> None:
    kernel = Implementation.of(_off_in_earlier_rows, claims=["always_causal"])

    report = check_implementation(kernel, only=["causal-support"], tier="smoke")

    assert [cause.headline.invariant for cause in report.causes] == ["causal-support"]


def _by_what_is_hidden(mask: Array | None, *, causal: bool) -> bool:
    return causal or (mask is not None and not mask.all())


def _by_flag(_mask: Array | None, *, causal: bool) -> bool:
    return causal


def _in_any_case(_mask: Array | None, *, causal: bool) -> bool:
    return True


@pytest.mark.parametrize(
    ("errs", "signs"),
    [
        (_by_what_is_hidden, {"hidden keys"}),
        (_by_flag, set()),  # A mask that hides the same is right.
        (_in_any_case, set()),  # So it errs where no key is hidden.
    ],
)
def test_a_sign_is_told_where_another_form_errs_and_nothing_without_it(
    errs: Callable[..., bool], signs: set[str]
) -> None:
    def kernel(
        query: Array,
        key: Array,
        value: Array,
        *,
        mask: Array | None = None,
        causal: bool = False,
    ) -> Array:
        output = tiled_attention(query, key, value, mask=mask, causal=causal)
        several = query.shape[2] > 1  # The flag hides no key from a single query.
        return np.asarray(output) + (several and errs(mask, causal=causal))

    known = Implementation.of(kernel, claims=["head_mask"])
    report = check_implementation(known, only=["causal-support"], tier="smoke")

    (cause,) = report.causes
    assert cause.headline.finding is not None
    assert cause.headline.finding.features is not None
    assert cause.headline.finding.features.forms == signs
