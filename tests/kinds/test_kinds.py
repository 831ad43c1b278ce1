"""The kinds of functions beside attention keep what they promise."""

from __future__ import annotations

import inspect
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.conformance import Implementation, Verdict, check_implementation
from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.case import checksum
from attnspec.judge.detect import built
from attnspec.judge.domain import TableDomain
from attnspec.judge.dtypes import DTYPES
from attnspec.judge.kind import Kind
from attnspec.judge.law import Invariant
from attnspec.judge.recipe import Recipe
from attnspec.judge.tokens import Token, read_token
from attnspec.kinds.registry import (
    INVARIANTS,
    KINDS,
    agreement_of,
    choices_of,
    invariants_of,
    kind_named,
)
from attnspec.numerics import default_model

ALL = list(KINDS.values())
NAMES = list(KINDS)
LAWS = [law for law in INVARIANTS.values() if law.kind in KINDS]


def _definition(kind: Kind, **fields: Any) -> Implementation:
    return Implementation.of(
        kind.definition,
        name=f"{kind.name}-definition",
        kind=kind.name,
        dialect=kind.default(),
        claims=kind.unsaid,
        **fields,
    )


def _recipes(kind: Kind) -> st.SearchStrategy[Recipe]:
    claims = frozenset(kind.vocabulary)
    return TableDomain(kind.name, kind.table, claims).strategy()


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_the_definition_passes_every_law_of_its_kind(kind: Kind) -> None:
    report = check_implementation(_definition(kind), tier="smoke")

    found = {o.invariant: (o.verdict, o.reason) for o in report.outcomes}
    assert set(found.values()) == {(Verdict.PASSED, "")}
    assert list(found) == [law.id for law in invariants_of(kind.name)]


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_the_definition_agrees_with_the_evaluation_in_float64(kind: Kind) -> None:
    if "float64" not in (*kind.dtypes, *DTYPES):
        pytest.skip("no float64")
    wide = _definition(kind, dtypes=("float64",))

    report = check_implementation(wide, only=[agreement_of(kind.name)], tier="smoke")

    assert report.conforms


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_the_definition_claims_everything(kind: Kind) -> None:
    claims = set(kind.claimed_by(kind.definition).claims)
    assert claims | set(kind.unsaid) == set(kind.vocabulary)
    assert not claims & set(kind.unsaid)


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_the_definition_is_detected_as_the_default(kind: Kind) -> None:
    plain = Implementation.of(kind.definition, kind=kind.name, claims=kind.unsaid)

    report = check_implementation(plain, only=[agreement_of(kind.name)], tier="smoke")

    assert report.detected.choices == kind.default()
    if kind.choices:
        assert set(report.detected.sources.values()) == {"detected"}


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_a_recipe_of_a_kind_makes_the_same_case_again(kind: Kind) -> None:
    @given(_recipes(kind))
    def same(recipe: Recipe) -> None:
        again = Recipe.from_json(recipe.to_json())
        assert again == recipe
        assert checksum(built(again)) == checksum(built(recipe))

    same()


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_a_simpler_recipe_is_simpler(kind: Kind) -> None:
    @given(_recipes(kind))
    def simpler(recipe: Recipe) -> None:
        simplest = kind.table.recipe(kind.name, recipe.dtype)
        assert kind.table.rank(simplest) <= kind.table.rank(recipe)
        for candidate in kind.table.simpler(recipe):
            built(candidate)

    simpler()


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_every_bound_is_a_number_that_is_not_negative(kind: Kind) -> None:
    @given(_recipes(kind))
    def bounded(recipe: Recipe) -> None:
        exact = kind.judge(built(recipe), kind.default(), default_model("float32"))
        assert (exact.bound >= 0).all()
        assert np.isfinite(exact.output).all()

    bounded()


@pytest.mark.parametrize("law", LAWS, ids=[law.id for law in LAWS])
def test_a_law_of_a_kind_names_what_exists(law: Invariant) -> None:
    kind = KINDS[law.kind]

    assert law.nulls, "a law that excludes nothing asserts nothing"
    assert all(callable(kind.null(name)) for name in law.nulls)
    assert law.needs <= set(kind.vocabulary)
    assert set(law.fields) <= set(kind.table.fields)


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_a_kind_says_what_its_functions_are(kind: Kind) -> None:
    assert kind.sentence.endswith(".")
    assert agreement_of(kind.name) in INVARIANTS
    assert set(itertools.chain(*kind.null_needs.values())) <= set(kind.vocabulary)
    assert set(kind.table.needs.values()) <= set(kind.table.claims)
    assert {claim for claims in kind.options.values() for claim in claims} <= set(
        kind.vocabulary
    )
    assert choices_of(kind.name) == kind.choices


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_a_finding_of_a_kind_can_be_replayed(kind: Kind) -> None:
    recipe = kind.table.recipe(kind.name, "float32")
    word = str(Token(agreement_of(kind.name), recipe))

    token = read_token(word)
    token.verify()

    assert token.recipe == recipe


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_a_function_that_needs_more_is_refused(kind: Kind) -> None:
    names = [f"operand{n}" for n in range(len(kind.operands))]
    parameters = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        for name in (*names, "surprise")
    ]

    def function(*_arguments: Any) -> None:
        """Do nothing."""

    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]

    with pytest.raises(InvalidArgument, match="'surprise' is required"):
        kind.claimed_by(function)


def test_a_kind_that_does_not_exist_is_named() -> None:
    with pytest.raises(UnknownName, match="got 'ropes'; did you mean 'rope'"):
        kind_named("ropes")


def test_a_function_of_any_arguments_claims_by_its_keywords() -> None:
    def function(*_arguments: Any, base: float = 1.0) -> None:
        """Do nothing."""

    assert KINDS["rope"].claimed_by(function).claims == {"base", "deterministic"}


def test_an_operand_cannot_be_a_keyword_alone() -> None:
    def function(x: Any, *, positions: Any, base: float = 1.0) -> None:
        """Do nothing."""

    with pytest.raises(InvalidArgument, match=r"it takes 1 argument$"):
        KINDS["rope"].claimed_by(function)
