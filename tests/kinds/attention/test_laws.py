from __future__ import annotations

import inspect
import pkgutil

import pytest

from attnspec._typing import DType
from attnspec.conformance import Implementation, Verdict, check_implementation
from attnspec.judge import invariance
from attnspec.judge.law import Invariant
from attnspec.judge.nulls import EVERYWHERE
from attnspec.judge.recipe import Recipe
from attnspec.kinds.attention import laws
from attnspec.kinds.attention.build import build
from attnspec.kinds.attention.case import OPTIONS
from attnspec.kinds.attention.laws import ATTENTION
from attnspec.kinds.attention.nulls import NEEDS, NULLS
from attnspec.kinds.registry import INVARIANTS
from attnspec.numerics.dtypes import DTYPES
from attnspec.rogues import ROGUES
from tests._in_ci import share
from tests.judge._attention import ALL, CLAIMS, FAMILIES
from tests.kinds.attention._null_answers import answer

LAWS = list(ATTENTION.laws.values())
IDS = list(ATTENTION.laws)
EVERY = list(INVARIANTS.values())
# A product by BLAS has other bits for one row than for many: in float64 they show.
BITS = {"float64": {*invariance.CLAIMS}}


def _definition(dtype: DType) -> Implementation:
    return Implementation.of(
        ATTENTION.definition,
        dtypes=(dtype,),
        claims=CLAIMS - BITS.get(dtype, set()),
        dialect={"nan_masked_key": "clean", "nan_masked_value": "clean"},
    )


@pytest.mark.once
@pytest.mark.parametrize("dtype", share(DTYPES, 4, 3))
def test_the_definition_passes_every_invariant(dtype: DType) -> None:
    report = check_implementation(_definition(dtype), tier="smoke")

    assert [o.invariant for o in report.outcomes] == IDS
    of_bits = {law.id for law in LAWS if law.needs & BITS.get(dtype, set())}
    for outcome in report.outcomes:
        expected = "unsupported" if outcome.invariant in of_bits else "passed"
        assert outcome.verdict == expected, outcome.reason


@pytest.mark.parametrize("law", LAWS, ids=IDS)
def test_an_invariant_names_what_exists(law: Invariant) -> None:
    assert set(law.families) <= set(FAMILIES)
    assert {null.partition(":")[0] for null in law.nulls} <= {*EVERYWHERE, *NULLS}
    assert law.needs <= CLAIMS
    assert (law.without | law.any_of) <= set(OPTIONS)
    assert law.nulls, "a law that excludes nothing asserts nothing"


@pytest.mark.parametrize("law", EVERY, ids=list(INVARIANTS))
def test_an_invariant_is_one_sentence(law: Invariant) -> None:
    assert law.sentence.endswith(".")
    assert len(law.sentence) <= 90
    assert law.clause.count(".") == 1


def test_a_law_that_can_be_told_from_its_nulls_stays_so_in_the_widest_scope() -> None:
    assert all(ATTENTION.tellable(law, ALL) == law.nulls for law in LAWS)


def test_every_chapter_of_laws_is_registered() -> None:
    modules = {name for _, name, _ in pkgutil.iter_modules(laws.__path__)}

    assert modules == set(laws.CHAPTERS)


@pytest.mark.parametrize("name", [*EVERYWHERE, *NULLS])
@pytest.mark.parametrize(
    "recipe",
    [
        ATTENTION.recipe(),
        ATTENTION.recipe(
            queries=3, keys=5, width=2, value_width=4, causal=True, mask="holes"
        ),
        ATTENTION.recipe(
            batch=2, query_heads=6, key_heads=2, queries=5, keys=3, causal=True
        ),
        ATTENTION.recipe(queries=2, keys=0),
        ATTENTION.recipe(queries=3, keys=4, bias="holes", sink="normal", window=(1, 0)),
        ATTENTION.recipe(dtype="float16", queries=3, keys=4, softcap=2.0, scale=0.0),
    ],
    ids=str,
)
def test_a_null_answers_every_case_in_the_right_form(name: str, recipe: Recipe) -> None:
    case = build(recipe)
    sizes = case.sizes

    result = answer(name, case)

    assert result.output.shape == (sizes.B, sizes.Hq, sizes.L, sizes.Ev)


def test_the_nulls_that_need_a_claim_exist() -> None:
    assert set(NEEDS) <= set(NULLS)


def test_laws_never_see_a_library() -> None:
    source = "".join(inspect.getsource(law.check) for law in EVERY)

    assert not {"torch", "jax", "onnxruntime"} & set(source.split())


@pytest.mark.parametrize("seed", [2, 4])
def test_two_options_that_are_refused_together_are_found_on_every_seed(
    seed: int,
) -> None:
    rogue = ROGUES["claimed-and-refused"].implementation
    report = check_implementation(rogue, only=["options-honored"], seed=seed)

    assert [o.verdict for o in report.outcomes] == [Verdict.REFUSED]


def test_far_offsets_are_asked_only_where_strides_may_be_drawn() -> None:
    law = INVARIANTS["far-offsets"]
    dense = ALL.claiming(without=["strided_operands"])

    assert not ALL.missing(law.needs)
    assert dense.missing(law.needs) == ("strided_operands",)
