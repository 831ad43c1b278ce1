from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from attnspec.conformance.call import InProcess
from attnspec.conformance.check import benches, chosen
from attnspec.conformance.implementation import Implementation, Kernel
from attnspec.conformance.runner import outcomes
from attnspec.judge.bench import KernelBench
from attnspec.judge.history import needed_before
from attnspec.judge.recipe import Recipe
from attnspec.judge.verdicts import Outcome, Verdict
from attnspec.kernels import tiled_attention as _tiled
from attnspec.kinds.attention.laws import ATTENTION


def _attention(*operands: Any, **options: Any) -> Any:
    return _tiled(*operands, **options)


def _wrong_if_causal(query: Any, key: Any, value: Any, *, causal: bool = False) -> Any:
    """Be wrong by itself, whatever was called before."""
    return _attention(query, key, value) + np.float32(causal)


def _first_shape() -> Kernel:
    """Return a kernel that answers a shape as it did the first time."""
    answers: dict[Any, Any] = {}

    def kernel(query: Any, key: Any, value: Any, *, causal: bool = False) -> Any:
        output = _attention(query, key, value, causal=causal)
        return answers.setdefault((query.shape, key.shape, causal), output).copy()

    return kernel


def _causal_stays() -> Kernel:
    """Return a kernel that is causal for ever after it was causal once."""
    seen: list[bool] = []

    def kernel(query: Any, key: Any, value: Any, *, causal: bool = False) -> Any:
        if causal:
            seen.append(True)
        return _attention(query, key, value, causal=bool(seen))

    return kernel


def _bench(call: InProcess, kernel: Kernel) -> dict[str, KernelBench]:
    return benches(call, Implementation.of(kernel).description)[0]


def _history(make: Callable[[], Kernel], *, fresh: bool) -> Outcome:
    """Return what the law says of a kernel, which can or cannot be made anew."""
    call = InProcess(make(), make if fresh else None)
    stands = _bench(call, make())
    return next(outcomes(stands, chosen(["history"]), tier="smoke"))


@pytest.mark.parametrize("make", [_first_shape, _causal_stays])
def test_a_kernel_that_remembers_is_caught_where_it_can_be_made_anew(
    make: Callable[[], Kernel],
) -> None:
    assert _history(make, fresh=True).verdict is Verdict.FAILED


@pytest.mark.parametrize("fresh", [True, False])
def test_a_call_that_is_wrong_by_itself_is_no_failure_of_history(fresh: bool) -> None:  # noqa: FBT001 - a parameter of a test
    outcome = _history(lambda: _wrong_if_causal, fresh=fresh)

    assert outcome.verdict is Verdict.HELD_BACK


def test_what_changes_between_two_calls_is_seen_without_a_fresh_start() -> None:
    calls: list[int] = []

    def kernel(query: Any, key: Any, value: Any) -> Any:
        calls.append(1)
        return _attention(query, key, value) + np.float32(len(calls) > 40)

    assert _history(lambda: kernel, fresh=False).verdict is Verdict.FAILED


def test_where_nothing_can_be_made_anew_the_law_abstains_from_what_is_wrong_alone() -> (
    None
):
    assert _history(_first_shape, fresh=False).verdict is not Verdict.FAILED


def _recipes(*keys: int) -> list[Recipe]:
    return [ATTENTION.recipe(keys=number) for number in keys]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ((5, 3, 7), [3]),
        ((3, 5, 7), [3, 5]),
        ((3, 5, 5, 5, 7), [3, 5, 5, 5]),
        ((5, 5, 7), []),
    ],
)
def test_the_fewest_examples_are_kept_that_bring_a_failure_back(
    seen: tuple[int, ...], expected: list[int]
) -> None:
    def make() -> Kernel:
        lengths: list[int] = []

        def kernel(query: Any, key: Any, value: Any) -> Any:
            lengths.append(key.shape[2])
            return _attention(query, key, value) + np.float32(3 in lengths[:-1])

        return kernel

    call = InProcess(make(), make)
    bench = KernelBench(
        call,
        ATTENTION,
        Implementation.of(_tiled).description,
        ATTENTION.default(),
        Implementation.of(_tiled).description.model("float32"),
    )
    law = ATTENTION.laws["agreement"]

    def fails(recipe: Recipe) -> bool:
        return not all(c.holds for c in law.check(ATTENTION.case(recipe), bench))

    before = needed_before(law, _recipes(*seen), bench, fails)

    assert before == tuple(_recipes(*expected))
