from __future__ import annotations

from attnspec.conformance import Verdict
from attnspec.kinds.positions.alibi import ALIBI
from tests.kinds._by_hand import agree, case_of, right, verdicts


def test_the_bias_falls_by_the_slope_of_the_head_with_each_step() -> None:
    # Two heads have slopes of 1/16 and 1/256; the one query stands at the last key.
    case = case_of((2, 1, 3), {"heads": 2, "queries": 1, "keys": 3})
    expected = [[[-0.125, -0.0625, 0.0]], [[-0.0078125, -0.00390625, 0.0]]]

    assert agree(expected, right(ALIBI, case))


def test_after_the_query_the_bias_falls_too_or_rises() -> None:
    # One head has a slope of 1/256; the query stands at the first key.
    case = case_of((1, 1, 3), {"heads": 1, "queries": 1, "keys": 3})
    falling = right(ALIBI, case, alignment="upper_left")
    rising = right(ALIBI, case, alignment="upper_left", form="signed")

    assert agree([[[0.0, -0.00390625, -0.0078125]]], falling)
    assert agree([[[0.0, 0.00390625, 0.0078125]]], rising)


def test_three_heads_have_slopes_in_between_or_those_of_the_formula() -> None:
    # Those of two heads and the first of four; else 2 to the -8/3, -16/3 and -8.
    case = case_of((3, 1, 2), {"heads": 3, "queries": 1, "keys": 2})
    between = [[[-0.0625, 0.0]], [[-0.00390625, 0.0]], [[-0.25, 0.0]]]
    formula = [[[-(2.0 ** (-8 * h / 3)), 0.0]] for h in (1, 2, 3)]

    assert agree(between, right(ALIBI, case))
    assert agree(formula, right(ALIBI, case, slopes="formula"))


def test_the_formula_for_any_number_of_heads_is_caught_where_it_is_not_declared() -> (
    None
):
    assert verdicts("alibi-slopes-of-formula") == {"alibi-slopes": Verdict.FAILED}


def test_keys_may_be_counted_back_from_the_last_one_for_every_query() -> None:
    # Queries stand at the second and the third of three keys; both see the same bias.
    case = case_of((1, 2, 3), {"heads": 1, "queries": 2, "keys": 3})
    row = [-0.0078125, -0.00390625, 0.0]

    assert agree([[row, row]], right(ALIBI, case, form="last_key"))
