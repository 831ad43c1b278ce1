from __future__ import annotations

import pytest

from attnspec.conformance import Deviation, Implementation
from attnspec.conformance.parametrize import Check, parametrize_with_checks
from attnspec.exceptions import ConformanceFailure, UnknownName
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.kinds.registry import KINDS, invariants_of
from tests.conformance._kernels import right, tail

KNOWN = Deviation(
    id="last-key",
    invariants=("tail-sweep",),
    reason="the last key of a tile is lost",
    when={"keys": [64 * tile + 1 for tile in range(1, 65)]},
    pinned=ATTENTION.recipe(keys=65),
)


def _checks(*kernels: object, **options: object) -> list[Check]:
    def test(check: Check) -> None:
        check()

    decorate = parametrize_with_checks(kernels, tier="smoke", **options)  # type: ignore[arg-type]
    (mark,) = decorate(test).pytestmark  # type: ignore[attr-defined]
    return list(mark.args[1])


@parametrize_with_checks([right], only=["agreement", "causality"], tier="smoke")
def test_a_right_kernel_passes(check: Check) -> None:
    check()


def test_the_name_of_a_check_is_kernel_dtype_and_invariant() -> None:
    found = _checks(right, only=["agreement"], dtypes=["float64", "float32"])

    expected = ["right-float64-agreement", "right-float32-agreement"]
    assert expected == [check.name for check in found]


def test_a_wrong_kernel_fails_with_the_text_of_the_report() -> None:
    (check,) = _checks(tail, only=["tail-sweep"])

    with pytest.raises(ConformanceFailure) as caught:
        check()

    lines = str(caught.value).splitlines()
    assert lines[0].startswith("FAILED tail-sweep (float32)")
    assert lines[-2].endswith("attnspec replay tests.conformance._kernels:tail \\")


def test_a_function_of_another_kind_has_its_own_checks() -> None:
    found = _checks(KINDS["rope"].definition, kind="rope")

    expected = [law.id for law in invariants_of("rope")]
    assert expected == [check.law.id for check in found]
    for check in found:
        check()


def test_what_is_not_claimed_is_skipped_with_the_reason() -> None:
    (check,) = _checks(right, only=["sink-off"])

    with pytest.raises(pytest.skip.Exception, match="sink not claimed"):
        check()


def test_a_known_deviation_passes() -> None:
    kernel = Implementation.of(tail, deviations=(KNOWN,))
    (check,) = _checks(kernel, only=["tail-sweep"])

    check()


def test_the_dialect_is_detected_once_and_late() -> None:
    calls = []

    def counting(query: object, key: object, value: object) -> object:
        calls.append(query)
        return right(query, key, value)

    first, second = _checks(counting, only=["agreement", "result-form"])

    assert calls == []
    assert first.stand is second.stand
    assert first.stand.benches is second.stand.benches


@pytest.mark.parametrize(
    "options", [{"only": ["x"]}, {"dtypes": ["x"]}, {"claims": ["x"]}]
)
def test_a_name_that_does_not_exist_is_rejected_at_once(
    options: dict[str, list[str]],
) -> None:
    with pytest.raises(UnknownName):
        _checks(right, **options)


def test_a_tier_that_does_not_exist_is_rejected_at_once() -> None:
    with pytest.raises(UnknownName, match="tier: expected one of"):
        parametrize_with_checks([right], tier="fast")
