"""A function of one sequence answers a batch by as many calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnspec.conformance import Implementation, check_implementation
from attnspec.conformance.facing import check_script
from attnspec.exceptions import InvalidArgument
from attnspec.faces import called
from attnspec.kinds.attention.case import AttentionCase
from tests.faces import _numpy

NORMAL = np.random.default_rng(0).standard_normal


def _case(batch: int, **options: Any) -> AttentionCase:
    operands = (NORMAL((batch, 2, n, 4)).astype(np.float32) for n in (3, 5, 5))
    return AttentionCase.of(*operands, **options)


def _asked(case: AttentionCase, answer: Any = _numpy.single) -> tuple[Any, list[Any]]:
    """Return what comes back for a batch, and the calls that were made."""
    calls = []

    def noted(*operands: Any, **options: Any) -> Any:
        calls.append((operands, options))
        return answer(*operands, **options)

    known = called(_numpy.single).translated(noted)
    return known(*case.operands.values(), **case.options), calls


def test_each_sequence_is_a_call_and_has_its_own_mask() -> None:
    case = _case(3, mask=NORMAL((3, 1, 3, 5)) > 0)
    found, calls = _asked(case)

    assert len(calls) == 3
    assert found.shape == (3, 2, 3, 4)
    for place, ((query, key, value), options) in enumerate(calls):
        assert np.array_equal(query, case.query[place].swapaxes(0, 1))
        assert key.shape == value.shape == (5, 2, 4)
        assert np.array_equal(options["custom_mask"], case.options["mask"][place, 0])


def test_a_logsumexp_comes_from_each_and_is_natural() -> None:
    case = _case(2)
    (_, lse), _ = _asked(case.with_lse())
    scores = case.query @ case.key.swapaxes(2, 3) * case.effective_scale

    assert lse.shape == (2, 2, 3)
    # Roundings of float32; to another base it would be off by 0.44 of itself.
    assert np.allclose(lse, np.log(np.exp(scores).sum(-1)), atol=1e-5)


def test_a_batch_without_sequences_is_no_call() -> None:
    found, calls = _asked(_case(0))
    (output, lse), _ = _asked(_case(0).with_lse())

    assert calls == []
    assert found.shape == output.shape == (0, 2, 3, 4)
    assert lse.shape == (0, 2, 3)


@pytest.mark.parametrize("wrong", [None, "text", (np.zeros((3, 2, 4)),)])
def test_what_is_no_result_is_told_as_it_is(wrong: Any) -> None:
    found, _ = _asked(_case(2), lambda *_, **__: wrong)

    assert found is wrong


def test_no_script_is_written_of_several_calls() -> None:
    description = Implementation.of(_numpy.single, arrays="numpy").description

    with pytest.raises(InvalidArgument, match="single-prefill is of one sequence"):
        check_script(description)


def test_keys_that_are_kept_from_the_sequence_before_are_found() -> None:
    kept: list[Any] = []

    def stale(q: Any, k: Any, v: Any, *, custom_mask: Any = None) -> Any:
        keys = kept[0] if kept and kept[0].shape == k.shape else k
        kept[:] = [k.copy()]
        return _numpy.single(q, keys, v, custom_mask=custom_mask)

    report = check_implementation(
        stale,
        face="single-prefill",
        arrays="numpy",
        dtypes=["float32"],
        tier="smoke",
        only=["agreement"],
    )

    assert not report.conforms


@pytest.mark.parametrize("wrong", [None, [np.zeros(2)] * 3, np.zeros(())])
def test_what_is_no_answer_to_a_token_is_told(wrong: Any) -> None:
    def decode(q: Any, k: Any, v: Any, use_tensor_cores: bool = False) -> Any:
        return wrong

    report = check_implementation(
        decode, kind="paged", arrays="numpy", tier="smoke", only=["paged-agreement"]
    )

    (found,) = report.outcomes
    assert not report.conforms
    assert "raised" not in str(report), str(report)
    assert found.finding is not None


def test_a_logsumexp_without_heads_is_told_by_its_shape() -> None:
    def decode(
        q: Any, k: Any, v: Any, use_tensor_cores: bool = False, return_lse: bool = False
    ) -> Any:
        output = np.zeros((len(q), v.shape[-1]), q.dtype)
        return (output, np.zeros((), np.float32)) if return_lse else output

    report = check_implementation(
        decode, kind="paged", arrays="numpy", tier="smoke", only=["paged-lse"]
    )

    assert "lse: expected shape" in " ".join(str(report).split())
