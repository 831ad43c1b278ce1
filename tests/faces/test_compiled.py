"""A function that is compiled for each shape is asked with few, and still found out."""

from __future__ import annotations

import itertools

import pytest

from attnspec.conformance import Implementation, Report, check_implementation
from attnspec.judge.verdicts import Verdict

pytest.importorskip("jax")

from tests._in_ci import share
from tests.faces import _tails

LAWS = ("agreement", "tail-sweep", "key-permutation", "mask-composition")


def _judged(name: str, seed: int) -> Report:
    kernel = _tails.WRONG.get(name, _tails.right)
    return check_implementation(
        kernel,
        arrays="jax",
        dtypes=["float32"],
        only=LAWS,
        tier="smoke",
        seed=seed,
        stop_at_first=True,
    )


def test_a_function_of_jax_claims_to_be_compiled() -> None:
    known = Implementation.of(_tails.right, arrays="jax").description

    assert "compiled" in known.capabilities
    assert "strided_operands" not in known.capabilities


def test_a_right_function_conforms() -> None:
    report = _judged("right", 0)

    assert report.conforms, str(report)


# In CI half of the faults, on one of the seeds each.
@pytest.mark.parametrize(
    ("seed", "name"), share([*itertools.product([0, 1, 2], _tails.WRONG)], 6)
)
def test_a_fault_of_tails_is_found_on_every_seed(name: str, seed: int) -> None:
    found = [outcome.verdict for outcome in _judged(name, seed).failures]

    assert Verdict.FAILED in found
