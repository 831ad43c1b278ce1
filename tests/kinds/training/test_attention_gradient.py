from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnspec.conformance import Implementation, Verdict, check_implementation
from attnspec.conformance.call import InProcess
from attnspec.conformance.check import benches
from attnspec.judge.case import Case
from attnspec.judge.examination import examine
from attnspec.judge.law import Exact
from attnspec.kinds.registry import find
from attnspec.kinds.training._gradient_cases import results_of
from attnspec.kinds.training.attention_gradient import ATTENTION_GRADIENT
from attnspec.numerics import within
from attnspec.rogues import CONTROLS, ROGUES
from attnspec.rogues.training._passes import BackwardPass
from tests.kinds._by_hand import right, verdicts


def _case(**options: Any) -> Case:
    """One query of 1 over two keys of 0, whose values are 0 and 8."""
    one, keys = np.ones((1, 1, 1, 1)), np.zeros((1, 1, 2, 1))
    value = np.array([0.0, 8.0]).reshape(1, 1, 2, 1)
    operands = {"query": one, "key": keys, "value": value, "d_output": one}
    return Case(operands, options, results_of(operands, options), "float64")


def _agrees(expected: list[float], name: str, found: Exact) -> bool:
    value, bound = found.others[name]
    return within(np.reshape(expected, value.shape), value, bound).holds


def test_a_key_of_half_the_weight_has_a_quarter_of_what_its_value_is_apart() -> None:
    # P (v - o) = 1/2 (0 - 4) and 1/2 (8 - 4).
    found = right(ATTENTION_GRADIENT, _case())

    assert _agrees([-2.0, 2.0], "dk", found)
    assert _agrees([0.5, 0.5], "dv", found)


def test_the_cotangent_of_the_logsumexp_adds_the_weight() -> None:
    case = _case(d_lse=np.full((1, 1, 1), 2.0))

    assert _agrees([-1.0, 3.0], "dk", right(ATTENTION_GRADIENT, case))
    dropped = right(ATTENTION_GRADIENT, case, lse_gradient="dropped")
    assert _agrees([-2.0, 2.0], "dk", dropped)


def test_a_sink_takes_its_share_of_delta() -> None:
    # A third for each of two keys and the sink; o = 8/3, delta = 8/3.
    found = right(ATTENTION_GRADIENT, _case(sink=np.zeros(1)))

    assert _agrees([-8.0 / 9.0], "dsink", found)


def test_a_dropped_key_keeps_its_part_of_delta() -> None:
    # o = 2 * 1/2 * 8 of the second key alone; ds = P (Z t - 8).
    found = right(ATTENTION_GRADIENT, _case(kept=np.array([0.0, 2.0])))

    assert _agrees([-4.0, 4.0], "dk", found)
    assert _agrees([0.0, 1.0], "dv", found)


def test_an_empty_row_gives_its_cotangent_where_it_is_a_mean() -> None:
    case = _case(mask=np.zeros((1, 2), dtype=bool))
    mean = right(ATTENTION_GRADIENT, case, empty_row="mean")

    assert _agrees([0.0, 0.0], "dv", right(ATTENTION_GRADIENT, case))
    assert _agrees([0.5, 0.5], "dv", mean)
    assert _agrees([0.0, 0.0], "dk", mean)


def _plain(
    query: Any, key: Any, value: Any, d_output: Any, *, causal: bool = False
) -> Any:
    """A backward pass that has one option."""
    return BackwardPass()(query, key, value, d_output, causal=causal)


def test_a_function_is_asked_for_nothing_that_its_keywords_do_not_say() -> None:
    plain = Implementation.of(_plain, kind="attention-gradient")

    report = check_implementation(plain, tier="smoke")
    unsupported = {
        o.invariant.removeprefix("attention-gradient-")
        for o in report.outcomes
        if o.verdict is Verdict.UNSUPPORTED
    }

    assert report.conforms
    assert unsupported == {
        *("bias", "bias-forms", "row-sums", "refused-bias", "sink", "sink-sums"),
        *("lse", "dropout", "unseen", "empty-rows", "empty-keys", "groups", "saved"),
        *("empty-queries", "returned", "difference", "split", "retained"),
    }


@pytest.mark.parametrize("law", ATTENTION_GRADIENT.laws)
def test_every_law_has_a_rogue_that_it_catches(law: str) -> None:
    mine = [rogue.id for rogue in ROGUES.values() if rogue.caught_by == law]

    assert mine
    assert verdicts(mine[0])[law] is Verdict.FAILED


@pytest.mark.parametrize("sink", [-90.0, -104.0])
def test_a_sink_of_subnormal_weight_does_not_double_to_the_bit(sink: float) -> None:
    description = CONTROLS["gradient-bias-refused"].implementation.description
    call = InProcess(CONTROLS["gradient-bias-refused"].fresh().function)
    stands, _ = benches(call, description, ("bfloat16",))
    # Seen with seed 1: the gradient of the sink lay below 2**-126.
    fields: dict[str, Any] = {"scores": "integers", "values": "one_hot"}
    recipe = ATTENTION_GRADIENT.recipe("bfloat16", sink=sink, **fields)

    law = find("attention-gradient-doubling")
    found = examine(law, recipe.replace(seed=1318648566), stands["bfloat16"])

    assert found.verdict is None
