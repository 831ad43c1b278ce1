"""Terms of the bounds of gradients that a narrower bound would lack.

Without each of them a right backward pass of a common kind would be accused.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from attnspec.judge.case import Case
from attnspec.kinds.attention.dialect import SPEC
from attnspec.kinds.attention.gradients.evaluator import evaluate_gradients
from attnspec.kinds.training.attention_gradient import ATTENTION_GRADIENT
from attnspec.numerics import PRESETS, NumericModel
from attnspec.rogues.training._passes import BackwardPass, State

CAP = 50.0


class _Logistic(BackwardPass):
    """Its tanh is 2 s(2x) - 1, a difference of numbers near 1 where x is small."""

    def scores(self, s: State) -> None:
        super().scores(s)
        bent = s.x / s.real(s.softcap)
        s.tanh = s.real(2) / (s.real(1) + np.exp(s.real(-2) * bent)) - s.real(1)
        s.score = s.real(s.softcap) * s.tanh


def _largest(case: Case, run: BackwardPass, model: NumericModel) -> dict[str, float]:
    """Return the largest error by bound of each gradient."""
    exact = evaluate_gradients(case, SPEC, model).gradients
    found = run(*case.operands.values(), **case.options)
    return {
        name: float(np.max(np.abs(f.astype(np.float64) - value) / bound))
        for (name, (value, bound)), f in zip(exact.items(), found, strict=True)
    }


def _drawn(dtype: str, seed: int, **fields: Any) -> Case:
    return ATTENTION_GRADIENT.case(
        ATTENTION_GRADIENT.recipe(dtype, seed=seed, **fields)
    )


def test_a_tanh_by_the_logistic_function_errs_absolutely() -> None:
    """Errors relative to a small tanh do not cover it: the cap multiplies them."""
    few = {"queries": 1, "keys": 2, "width": 1, "value_width": 1, "softcap": CAP}
    cases = [_drawn("float32", seed, **few) for seed in range(40)]
    model = PRESETS["float32"].replace(backward_weights="lse", delta="output")
    relative = model.replace(tanh_absolute=0.0)
    of_each = [_largest(case, _Logistic(), model)["dv"] for case in cases]
    of_some = [_largest(case, _Logistic(), relative)["dv"] for case in cases]

    assert max(of_each) <= 1
    assert max(of_some) > 1


def test_weights_that_were_rounded_have_gradients_of_their_format() -> None:
    """Automatic differentiation rounds dP as it rounded P; where it cancels delta."""
    case = _drawn("bfloat16", 0, lengths=(17, 17), width=8, cotangent="offset")
    offset = case["value"].astype(np.float32) + 30
    case = case.replace(value=offset.astype(case["value"].dtype))
    run = BackwardPass(
        from_lse=False, by_autodiff=True, delta_of_weights=True, tile=None
    )
    kept = PRESETS["flash-bfloat16"].replace(backward_weights="sum", delta="weights")
    own = _largest(case, run, kept)
    anew = _largest(case, run, kept.replace(backward_weights="lse"))

    assert max(own["dq"], own["dk"]) <= 1
    assert max(anew["dq"], anew["dk"]) > 1
