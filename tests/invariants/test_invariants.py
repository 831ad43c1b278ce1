from __future__ import annotations

import inspect
import pkgutil

import pytest

from attnspec.conformance import Verdict, check_implementation
from attnspec.exceptions import UnknownName
from attnspec.judge.claims import CLAIMS, Capabilities
from attnspec.judge.dtypes import DTYPES
from attnspec.kinds.registry import DEFAULT_KIND
from attnspec.judge.law import Invariant, find
from attnspec.kinds import registry as invariants
from attnspec.kinds.attention.bounds.evaluator import evaluate
from attnspec.kinds.attention.build import build
from attnspec.kinds.attention.case import OPTIONS
from attnspec.kinds.attention.dialect import SPEC
from attnspec.kinds.attention.families import FAMILIES
from attnspec.kinds.attention.nulls import (
    NEEDS,
    PARTICULAR,
    STATEFUL,
    null_kernel,
    tellable,
)
from attnspec.kinds.attention.recipe import AttentionRecipe
from attnspec.kinds.attention.simple_nulls import NULLS
from attnspec.kinds.registry import INVARIANTS, invariants_of
from tests.invariants._definition import DEFINITION

LAWS = invariants_of(DEFAULT_KIND)
IDS = [law.id for law in LAWS]
EVERY = list(INVARIANTS.values())
ALL = Capabilities(claims=frozenset(CLAIMS))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_definition_passes_every_invariant(dtype: str) -> None:
    report = check_implementation(DEFINITION, dtypes=[dtype], tier="smoke")

    verdicts = {o.invariant: (o.verdict, o.reason) for o in report.outcomes}
    assert set(verdicts.values()) == {(Verdict.PASSED, "")}
    assert list(verdicts) == IDS


@pytest.mark.parametrize("law", LAWS, ids=IDS)
def test_an_invariant_names_what_exists(law: Invariant) -> None:
    assert set(law.families) <= set(FAMILIES)
    assert set(law.nulls) <= {*NULLS, *PARTICULAR, *STATEFUL}
    assert law.needs <= set(CLAIMS)
    assert (law.without | law.any_of) <= set(OPTIONS)
    assert law.nulls, "a law that excludes nothing asserts nothing"


@pytest.mark.parametrize("law", EVERY, ids=list(INVARIANTS))
def test_an_invariant_is_one_sentence(law: Invariant) -> None:
    assert law.sentence.endswith(".")
    assert len(law.sentence) <= 90
    assert law.clause.count(".") == 1


def test_a_law_that_can_be_told_from_its_nulls_stays_so_in_the_widest_scope() -> None:
    assert all(tellable(law.nulls, law.scope(ALL)) == law.nulls for law in LAWS)


def test_every_chapter_of_laws_is_registered() -> None:
    modules = {
        name
        for _, name, _ in pkgutil.iter_modules(invariants.__path__)
        if not name.startswith("_")
    }

    assert modules == {
        chapter.__name__.split(".")[-1] for chapter in invariants.CHAPTERS
    }


@pytest.mark.parametrize("name", [*NULLS, *PARTICULAR, *STATEFUL])
@pytest.mark.parametrize(
    "recipe",
    [
        AttentionRecipe(),
        AttentionRecipe(
            queries=3, keys=5, width=2, value_width=4, causal=True, mask="holes"
        ),
        AttentionRecipe(
            batch=2, query_heads=6, key_heads=2, queries=5, keys=3, causal=True
        ),
        AttentionRecipe(queries=2, keys=0),
        AttentionRecipe(queries=3, keys=4, bias="holes", sink="normal", window=(1, 0)),
        AttentionRecipe(dtype="float16", queries=3, keys=4, softcap=2.0, scale=0.0),
    ],
    ids=str,
)
def test_a_null_answers_every_case_in_the_right_form(
    name: str, recipe: AttentionRecipe
) -> None:
    case = build(recipe)
    exact = evaluate(case, SPEC)

    result = null_kernel(name, SPEC)(case)

    assert result.output.shape == exact.output.shape
    assert result.lse is not None
    assert result.lse.shape == exact.lse.shape


def test_the_nulls_that_need_a_claim_exist() -> None:
    assert set(NEEDS) <= {*NULLS, *PARTICULAR}


def test_laws_never_see_a_library() -> None:
    source = "".join(inspect.getsource(chapter) for chapter in invariants.CHAPTERS)

    assert not {"torch", "jax", "onnxruntime"} & set(source.split())


def test_an_unknown_id_is_refused() -> None:
    with pytest.raises(UnknownName, match="no such id 'agreemnt'"):
        find("agreemnt")
