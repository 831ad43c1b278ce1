from __future__ import annotations

import numpy as np

from attnspec.conformance import Verdict
from attnspec.kinds.normalizers.entmax15 import ENTMAX15
from attnspec.numerics import default_model
from tests.kinds._by_hand import agree, case_of, right, verdicts


def test_the_roots_of_weights_differ_by_half_of_what_scores_do() -> None:
    # 0.8 and 0.6: they differ by 0.4 / 2, and their squares sum to one.
    case = case_of((2,), {"scores": np.array([0.4, 0.0])})

    assert agree([0.64, 0.36], right(ENTMAX15, case))


def test_a_key_that_is_two_below_the_best_has_no_weight() -> None:
    case = case_of((2,), {"scores": np.array([7.0, 5.0])})

    assert agree([1.0, 0.0], right(ENTMAX15, case))


def test_equal_scores_share_the_weight_equally() -> None:
    case = case_of((4,), {"scores": np.full(4, -3.0)})

    assert agree([0.25] * 4, right(ENTMAX15, case))


def test_scores_that_are_not_halved_are_caught() -> None:
    assert verdicts("entmax15-whole-scores") == {"entmax15-roots": Verdict.FAILED}


def test_a_format_of_eight_digits_has_no_bound_and_no_warning() -> None:
    model = default_model("float32").replace(softmax="bfloat16", accumulator="bfloat16")
    case = case_of((8,), {"scores": np.zeros(8)})

    found = ENTMAX15.judge(case, ENTMAX15.default(), model)

    assert np.isinf(found.bound).all()
