"""A form is the same problem, and without its sign no key is hidden."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from attnspec.conformance import Implementation
from attnspec.conformance.call import InProcess
from attnspec.judge.bench import KernelBench
from attnspec.judge.claims import Capabilities
from attnspec.judge.likeness import Form
from attnspec.judge.recipe import Recipe
from attnspec.kernels import tiled_attention
from attnspec.kinds.attention.build import build
from attnspec.kinds.attention.case import AttentionCase
from attnspec.kinds.attention.forms import forms
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.kinds.attention.probes import scores, visible_keys
from tests.judge._attention import ALL, recipes

ONE = np.ones((1, 1, 2, 1), np.float32)


def _bench(capabilities: Capabilities = ALL) -> KernelBench:
    known = Implementation.of(tiled_attention).description
    known = known.replace(capabilities=capabilities)
    dialect = ATTENTION.default()
    call = InProcess(tiled_attention)
    return KernelBench(call, ATTENTION, known, dialect, known.model("float32"))


def _only(case: AttentionCase) -> Form:
    (form,) = forms(case, _bench())
    return form


@given(recipe=recipes())
def test_a_form_has_the_scores_of_the_case(recipe: Recipe) -> None:
    case, bench = build(recipe), _bench()

    for form in forms(case, bench):
        expected = scores(case, bench.dialect)
        assert np.array_equal(scores(form.same, bench.dialect), expected)
        assert visible_keys(form.without, bench.dialect).all()


@pytest.mark.parametrize("flags", [{"causal": True}, {"window": (0, 0)}])
def test_what_flags_hide_a_mask_hides(flags: dict[str, Any]) -> None:
    form = _only(AttentionCase.of(ONE, ONE, ONE, **flags))

    assert set(form.same.options) == {"mask"}
    assert not form.without.options


def test_what_a_mask_hides_the_bias_hides() -> None:
    mask = np.array([[True, False]])

    form = _only(AttentionCase.of(ONE, ONE, ONE, mask=mask))

    assert set(form.same.options) == {"bias"}
    assert form.same.bias[0, 0, 0].tolist() == [0.0, -np.inf]


def test_what_the_bias_hides_a_mask_hides() -> None:
    bias = np.array([[0.5, -np.inf]], np.float32)

    form = _only(AttentionCase.of(ONE, ONE, ONE, bias=bias))

    assert form.same.mask[0, 0, 0].tolist() == [True, False]
    assert form.same.bias.tolist() == [[0.5, 0.0]]


def test_where_no_key_is_hidden_there_is_no_other_form() -> None:
    assert not list(forms(AttentionCase.of(ONE, ONE, ONE), _bench()))


def test_a_form_that_is_not_claimed_is_not_asked() -> None:
    case = AttentionCase.of(ONE, ONE, ONE, causal=True)
    bench = _bench(ALL.claiming(without=["mask"]))

    assert not list(forms(case, bench))
