from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnspec.conformance import Implementation, Verdict, check_implementation
from attnspec.conformance.call import InProcess
from attnspec.judge.bench import KernelBench
from attnspec.judge.case import Case
from attnspec.judge.law import Exact
from attnspec.judge.nulls import NullBench
from attnspec.kinds.serving._gathered import named_empty_lse
from attnspec.kinds.serving.varlen import VARLEN
from attnspec.numerics import default_model, within
from attnspec.rogues import CONTROLS
from tests.kinds._by_hand import right, verdicts

KEYS = [1.0, 3.0, 5.0, 9.0]
"""The values of four keys, whose scores are all zero."""


def _packed(cu_query: list[int], cu_key: list[int], **options: Any) -> Case:
    """One head of width 1 whose scores are all zero."""
    rows = max(cu_query[-1], 1)
    operands: dict[str, Any] = {
        "query": np.zeros((rows, 1, 1)),
        "key": np.zeros((4, 1, 1)),
        "value": np.reshape(KEYS, (4, 1, 1)),
        "cu_query": np.array(cu_query, np.int32),
        "cu_key": np.array(cu_key, np.int32),
        "max_query": 4,
        "max_key": 4,
    }
    results = (("output", (rows, 1, 1), "float64"), ("lse", (1, rows), None))
    return Case(operands, options, results, "float64")


def _is(expected: list[float], found: Exact, lse: list[float] | None = None) -> bool:
    """Whether outputs and logsumexps derived by hand lie within the bounds."""
    close = within(np.reshape(expected, found.output.shape), found.output, found.bound)
    if lse is None:
        return close.holds
    value, bound = found.others["lse"]
    return close.holds and within(np.reshape(lse, value.shape), value, bound).holds


def test_each_sequence_has_the_mean_of_its_own_keys() -> None:
    case = _packed([0, 1, 2], [0, 2, 4])

    assert _is([2.0, 7.0], right(VARLEN, case), [np.log(2.0)] * 2)


def test_causality_counts_from_the_last_key_of_a_sequence() -> None:
    case = _packed([0, 0, 2], [0, 1, 4], causal=True)

    # Two queries and the last three keys.
    assert _is([4.0, 17.0 / 3.0], right(VARLEN, case))
    assert _is([3.0, 4.0], right(VARLEN, case, alignment="upper_left"))


def test_a_sequence_without_keys_has_the_logsumexp_that_is_chosen() -> None:
    case = _packed([0, 1, 2], [0, 0, 4])

    assert _is([0.0, 4.5], right(VARLEN, case), [-np.inf, np.log(4.0)])
    plus = right(VARLEN, case, empty_lse="plus_infinity")
    assert _is([0.0, 4.5], plus, [np.inf, np.log(4.0)])


def test_a_logsumexp_may_be_binary_and_without_the_sink() -> None:
    case = _packed([0, 1], [0, 4], sink=np.array([np.log(4.0)]))

    assert _is([2.25], right(VARLEN, case, lse_base="2"), [3.0])
    assert _is([2.25], right(VARLEN, case, lse_base="2", lse_sink="outside"), [2.0])


def test_a_slot_is_read_as_far_as_it_is_used() -> None:
    case = _packed([0, 1], [0, 4], used_key=np.array([2], np.int32))

    assert _is([2.0], right(VARLEN, case))


def test_what_belongs_to_nobody_is_poisoned() -> None:
    recipe = VARLEN.recipe(
        lengths=((1, 2), (1, 1)),
        used_key=1,
        behind=1,
        poison_key="nan",
        poison_value="infinity",
    )
    case = VARLEN.case(recipe)

    nobody = [False, False, True, False, True, True]
    assert np.isnan(case["key"]).all((1, 2)).tolist() == nobody
    assert np.isinf(case["value"]).all((1, 2)).tolist() == nobody
    assert np.isfinite(right(VARLEN, case).output).all()


@pytest.mark.parametrize("gap", [0.0, 7.0, np.nan])
def test_rows_of_nobody_may_be_answered_in_any_way(gap: float) -> None:
    def function(*operands: Any) -> Any:
        output = VARLEN.definition(*operands)
        output[operands[3][-1] :] = gap
        return output

    plain = Implementation.of(function, kind="varlen", without=("no_keys",))
    report = check_implementation(plain, tier="smoke", only=["varlen-agreement"])

    found = "zero" if gap == 0.0 else "unspecified"
    assert report.conforms
    assert report.detected.found == {"gap_rows": found}


def test_rows_of_nobody_are_held_to_what_is_declared() -> None:
    assert verdicts("varlen-gap-unwritten") == {"varlen-gap-rows": Verdict.FAILED}


def test_a_function_without_the_empty_sequences_is_not_asked_for_them() -> None:
    control = CONTROLS["varlen-by-sequence"].implementation
    less = Implementation.of(
        control.function, kind="varlen", without=("no_keys", "no_queries")
    )

    laws = ["varlen-lse", "varlen-no-keys", "varlen-empty"]
    report = check_implementation(less, tier="smoke", only=laws)

    unsupported = Verdict.UNSUPPORTED
    assert [o.verdict for o in report.outcomes] == [
        Verdict.PASSED,
        unsupported,
        unsupported,
    ]


def test_without_empty_sequences_there_still_are_some_without_keys() -> None:
    known = VARLEN.claimed_by(VARLEN.definition).claiming(without=["no_queries"])
    recipe = VARLEN.recipe("float32", lengths=((4, 0), (0, 3), (0, 0)))

    kept = VARLEN.table.within(recipe, known)

    assert kept["lengths"] == ((4, 0), (1, 3), (1, 1))


def test_a_bound_on_the_lengths_that_cuts_is_caught() -> None:
    assert verdicts("varlen-cut-by-longest") == {"varlen-longest": Verdict.FAILED}


def test_no_keys_may_have_any_low_number_for_a_logsumexp() -> None:
    fields: dict[str, Any] = {"lengths": ((1, 1), (1, 0)), "return_lse": True}
    case = VARLEN.case(VARLEN.recipe("float32", **fields))
    found = VARLEN.judge(
        case, {**VARLEN.default(), "empty_lse": "finite"}, default_model("float32")
    )

    (seen, none), (near, any_low) = (a[0] for a in found.others["lse"])
    assert np.isfinite(seen)
    assert near < 1e-3
    for number in (-1e30, -2.4e38, float(np.finfo(np.float32).min)):
        assert abs(number - none) <= any_low
    for number in (0.0, -1e9, -np.inf):
        assert not abs(number - none) <= any_low


@pytest.mark.parametrize(
    ("number", "name"), [(-1e30, "finite"), (-65_504.0, None), (-1e9, None)]
)
def test_a_number_that_is_not_low_enough_is_no_choice(
    number: float, name: str | None
) -> None:
    assert named_empty_lse(number, "float32") == name


def test_a_wrong_answer_to_nobody_excludes_no_null() -> None:
    case = VARLEN.case(
        VARLEN.recipe("float32", lengths=((3, 3), (5, 5)), width=4, behind=5)
    )
    known = Implementation.of(VARLEN.definition, kind="varlen")
    bench = KernelBench(
        InProcess(known.function),
        VARLEN,
        known.description,
        VARLEN.default(),
        default_model("float32"),
    )

    found = NullBench(bench, "ones").run(case).output

    assert (found[:8] == 1).all()
    assert not found[8:].any()
