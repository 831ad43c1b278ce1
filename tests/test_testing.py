"""The building blocks for property tests of one's own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis.vendor import pretty

from attnspec.conformance import Implementation
from attnspec.exceptions import ConformanceFailure, UnknownName
from attnspec.judge.case import Case
from attnspec.judge.recipe import Recipe
from attnspec.kernels import tiled_attention
from attnspec.kinds.registry import KINDS
from attnspec.testing import call, cases, check_law, compare, recipes, right
from tests._in_ci import share

PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "write-a-property-test.md"


def _one(**wishes: Any) -> Case:
    return hypothesis.find(cases(**wishes), lambda _: True)


# While testing, beartype draws which elements of a sequence it looks at.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module")
@pytest.mark.once
@pytest.mark.parametrize("kind", share([*KINDS], 2))
def test_the_definition_of_every_kind_is_right_on_its_cases(kind: str) -> None:
    known = KINDS[kind]

    @given(cases(kind))
    def agrees(case: Case) -> None:
        found = compare(call(known.definition, case), right(case))
        assert all(each.holds for each in found)

    agrees()


@given(recipes(claims=["causal"], needs=["causal"], lengths=((5, 5),)))
def test_recipes_are_within_what_is_asked_for(recipe: Recipe) -> None:
    assert KINDS["attention"].table.on(recipe) == ("causal",)
    assert (recipe["queries"], recipe["keys"]) == (5, 5)


def test_a_wrong_kernel_is_beyond_the_bound() -> None:
    def doubled(query: Any, key: Any, value: Any) -> Any:
        return 2 * tiled_attention(query, key, value)

    case = _one(claims=[], values=("normal",), lengths=((5, 5),))
    (found,) = compare(call(doubled, case), right(case))

    assert not found.holds
    assert found.ratio > 1000


def test_what_is_answered_to_nobody_is_open_unless_it_is_zero_by_choice() -> None:
    def filled(*operands: Any, **options: Any) -> Any:
        output = KINDS["varlen"].definition(*operands, **options)
        return np.where(np.arange(len(output))[:, None, None] < 1, output, 7.0)

    one = {"lengths": (((1, 1),),), "behind": (1,)}
    case = hypothesis.find(cases("varlen", claims=["rows_behind"], **one), bool)
    zero = {"gap_rows": "zero"}

    open_, held = (
        compare(call(filled, case, dialect=said), right(case, dialect=said))
        for said in ({}, zero)
    )
    assert all(each.holds for each in open_)
    assert not all(each.holds for each in held)


@pytest.mark.parametrize("dialect", [{}, {"gap_rows": "zero"}], ids=["open", "zero"])
def test_the_logsumexp_of_nobody_is_open(dialect: dict[str, str]) -> None:
    def marked(*operands: Any, **options: Any) -> Any:
        output, lse = KINDS["varlen"].definition(*operands, **options)
        return output, np.where(np.arange(lse.shape[1]) < 1, lse, lse.dtype.type(7))

    one = {"lengths": (((1, 1),),), "behind": (1,)}
    wanted = ["rows_behind", "return_lse"]
    drawn = cases("varlen", claims=wanted, **one)
    case = hypothesis.find(drawn, lambda case: bool(case["return_lse"]))

    found = compare(call(marked, case, dialect=dialect), right(case, dialect=dialect))
    assert [each.what for each in found] == ["output", "lse"]
    assert all(each.holds for each in found)


def test_a_law_that_is_broken_says_where() -> None:
    def later(query: Any, key: Any, value: Any, *, causal: bool = False) -> Any:
        return tiled_attention(query, key, value)

    case = _one(claims=["causal"], needs=["causal"], lengths=((5, 5),))

    with pytest.raises(ConformanceFailure, match=r"^causality: output\[.*\] \(other"):
        check_law("causality", later, case)


def test_an_implementation_is_held_to_what_it_declares() -> None:
    def turned(x: Any, positions: Any) -> Any:
        return KINDS["rope"].definition(x, positions)

    plain = Implementation.of(turned, kind="rope", dialect={"pairing": "half_split"})
    case = _one(kind="rope", width=(4,), length=(3,), data=("integers",))

    check_law("rope-agreement", turned, case)
    with pytest.raises(ConformanceFailure, match="rope-agreement"):
        check_law("rope-agreement", plain, case)


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        ({"kind": "ropes"}, "did you mean 'rope'"),
        ({"claims": ["masks"]}, "claim: expected one of .*; got 'masks'"),
        ({"sizes": (1,)}, "fields: attention has no field 'sizes'"),
        ({"families": ["odd"]}, "families: expected .*; got 'odd'"),
        ({"tier": "quick"}, "tier: expected one of .*; got 'quick'"),
        ({"tier": ["smoke"]}, "tier: expected one of .*; got "),
        ({"kind": 3}, "kind: expected one that .* got 3"),
    ],
)
def test_a_wish_that_cannot_be_met_is_named(
    wishes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UnknownName, match=message):
        recipes(**wishes)


def test_the_tests_of_the_how_to_page_pass(tmp_path: Path) -> None:
    blocks = re.findall(
        r"```python\n# (\S+)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL
    )
    for name, text in blocks:
        (tmp_path / name).write_text(text, "utf-8")

    words = ("-q", "-p", "no:cacheprovider", "test_fused.py")
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "pytest", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        # The page's own folder is where its modules are found.
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )

    assert [name for name, _ in blocks] == ["fused.py", "test_fused.py"]
    assert "3 passed" in done.stdout, done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_a_strategy_is_said_in_few_words(kind: str) -> None:
    # Hypothesis warns from 30,000 characters on, and a test may make that an error.
    assert len(repr(cases(kind))) < 20_000


def test_a_failing_case_is_shown_by_its_formats_and_shapes() -> None:
    wide = cases(claims=["causal"], lengths=((65, 65),), widths=((64, 64),), batch=(3,))
    case = hypothesis.find(wide, lambda case: bool(case["causal"]))
    shown = pretty.pretty(case)

    shape = case["query"].shape
    assert shown.startswith(f"AttentionCase(query=float32 {shape}, key=float32 (")
    assert shown.endswith("causal=True)")
