"""A slice of ``benchmarks/right_kernels.py``: no right kernel leaves its bound."""

from __future__ import annotations

import numpy as np
import pytest

from attnspec.kinds.attention.bounds.admissible import admissible
from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.dialect import SPEC
from attnspec.numerics import NumericModel, default_model, within
from attnspec.rogues.attention.arithmetic import RIGHT, Right
from tests.kinds.attention.bounds._problems import problem

SUBJECTS = [(right, dtype) for right in RIGHT for dtype in right.dtypes]
IDS = [f"{right.id}-{dtype}" for right, dtype in SUBJECTS]


@pytest.mark.parametrize(("right", "dtype"), SUBJECTS, ids=IDS)
def test_a_right_kernel_stays_within_the_bound_of_what_it_declares(
    right: Right, dtype: str
) -> None:
    model, judged = right.model(dtype), 0
    for seed in range(10):
        case = problem(seed, dtype)
        if admissible(case, SPEC, model) is not None:
            continue
        exact = evaluate(case, SPEC, model)
        operands = (case.query, case.key, case.value)
        output, lse = right.run(*operands, return_lse=True, **case.options)
        seen = exact.visible > 0
        assert exact.lse_bound is not None

        bounded = within(exact.output[seen], output[seen], exact.bound[seen])
        of_lse = within(exact.lse[seen], lse[seen], exact.lse_bound[seen], what="lse")

        assert bounded.holds, (seed, bounded)
        assert of_lse.holds, (seed, of_lse)
        judged += np.any(seen)
    assert judged >= 8


def test_a_kernel_that_declares_less_than_it_does_leaves_its_bound() -> None:
    """Of those that round one thing, each does so on one of ten problems."""
    for right in RIGHT:
        if not right.words or right.dtypes != ("float32",):
            continue
        model, ratios = right.model("float32"), []
        for seed in range(10):
            case = problem(seed, "float32")
            plain = evaluate(case, SPEC, _plain(model.block))
            operands = (case.query, case.key, case.value)
            output, lse = right.run(*operands, return_lse=True, **case.options)
            seen = plain.visible > 0
            assert plain.lse_bound is not None
            ratios += [
                within(plain.output[seen], output[seen], plain.bound[seen]).ratio,
                within(plain.lse[seen], lse[seen], plain.lse_bound[seen]).ratio,
            ]
        assert max(ratios) > 1, right.id


def _plain(block: int) -> NumericModel:
    """Return float32 throughout."""
    return default_model("float32").replace(block=block)
