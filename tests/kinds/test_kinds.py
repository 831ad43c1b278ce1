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
from attnspec.conformance.inputs import read_token
from attnspec.exceptions import InvalidArgument, UnknownName
from attnspec.judge.case import checksum
from attnspec.judge.claims import Capabilities
from attnspec.judge.domain import Domain
from attnspec.judge.kind import Kind
from attnspec.judge.law import Invariant
from attnspec.judge.nulls import null_named
from attnspec.judge.recipe import Recipe
from attnspec.judge.registry import read_recipe, written
from attnspec.judge.strategies import recipes_within
from attnspec.judge.tokens import Token
from attnspec.kinds.registry import INVARIANTS, KINDS, kind_named
from attnspec.numerics import default_model
from attnspec.numerics.dtypes import DTYPES
from attnspec.rogues import CONTROLS
from attnspec.rogues._gallery import Control
from tests._in_ci import IN_CI, share

ALL = list(KINDS.values())
NAMES = list(KINDS)
LAWS = [law for law in INVARIANTS.values() if law.kind in KINDS]


def _definition(kind: Kind, **fields: Any) -> Implementation:
    return Implementation.of(
        kind.definition,
        name=f"{kind.name}-definition",
        kind=kind.name,
        # What is reported and not enforced is declared here, so that it is.
        dialect={**kind.default(), **{n: kind.choices[n][1] for n in kind.unenforced}},
        claims=_unsaid(kind),
        **fields,
    )


def _unsaid(kind: Kind) -> tuple[str, ...]:
    """Return the claims that no keyword makes, but those of what is always so.

    Gradients are those of a second function: they have a kind of their own.
    """
    known = {*kind.abilities} - {"gradients"}
    return tuple(name for name in kind.unsaid if name in known)


def _recipes(kind: Kind) -> st.SearchStrategy[Recipe]:
    everything = Capabilities(claims=frozenset(kind.abilities))
    return recipes_within(Domain(kind.name, kind.table, everything))


# Attention in all formats: attention/test_laws.py. The book runs all of them, too.
@pytest.mark.once
@pytest.mark.parametrize("name", share(NAMES[1:], 4))
def test_the_definition_passes_every_law_of_its_kind(name: str) -> None:
    report = check_implementation(_definition(KINDS[name]), tier="smoke")

    found = {o.invariant: (o.verdict, o.reason) for o in report.outcomes}
    assert set(found.values()) == {(Verdict.PASSED, "")}
    assert list(found) == list(KINDS[name].laws)


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_the_definition_agrees_with_the_evaluation_in_float64(kind: Kind) -> None:
    if "float64" not in (*kind.dtypes, *DTYPES):
        pytest.skip("no float64")
    wide = _definition(kind, dtypes=("float64",))

    report = check_implementation(wide, only=[kind.agreement], tier="smoke")

    assert report.conforms


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_who_claims_to_be_always_causal_is_given_no_flag(kind: Kind) -> None:
    always = {"always_causal": "causal"} if "always_causal" in kind.vocabulary else {}

    assert dict(kind.fixed) == always


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_the_definition_claims_everything(kind: Kind) -> None:
    claims = set(kind.claimed_by(kind.definition).claims)
    assert claims | set(kind.unsaid) == set(kind.vocabulary)
    assert not claims & set(kind.unsaid)


@pytest.mark.parametrize("kind", share(ALL, 2, 1), ids=share(NAMES, 2, 1))
def test_the_definition_is_detected_as_the_default(kind: Kind) -> None:
    plain = Implementation.of(kind.definition, kind=kind.name, claims=_unsaid(kind))

    report = check_implementation(plain, only=[kind.agreement], tier="smoke")

    assert report.detected.dialect == kind.default()
    if kind.choices:
        enforced = set(kind.choices) - set(kind.unenforced)
        sources = {report.detected.sources[name] for name in enforced}
        assert sources == {"detected"}


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_a_recipe_of_a_kind_makes_the_same_case_again(kind: Kind) -> None:
    @given(_recipes(kind))
    def same(recipe: Recipe) -> None:
        again = read_recipe(written(recipe, kind), "recipe", KINDS)
        assert again == recipe
        assert checksum(kind.case(again)) == checksum(kind.case(recipe))

    same()


@pytest.mark.once
@pytest.mark.parametrize("kind", share(ALL, 4), ids=share(NAMES, 4))
def test_a_simpler_recipe_is_simpler(kind: Kind) -> None:
    most = 20 if IN_CI else 60

    @given(_recipes(kind))
    def simpler(recipe: Recipe) -> None:
        for candidate in itertools.islice(kind.table.simpler(recipe), most):
            kind.case(kind.table.mend(candidate))

    simpler()


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_every_bound_is_a_number_that_is_not_negative(kind: Kind) -> None:
    @given(_recipes(kind))
    def bounded(recipe: Recipe) -> None:
        exact = kind.judge(kind.case(recipe), kind.default(), default_model("float32"))
        assert (exact.bound >= 0).all()
        # What a buffer holds that is written into is given back exactly.
        assert (np.isfinite(exact.output) | (exact.bound == 0)).all()

    bounded()


@pytest.mark.parametrize("law", LAWS, ids=[law.id for law in LAWS])
def test_a_law_of_a_kind_names_what_exists(law: Invariant) -> None:
    kind = KINDS[law.kind]

    assert law.nulls, "a law that excludes nothing asserts nothing"
    assert all(callable(null_named(kind, n.partition(":")[0])) for n in law.nulls)
    assert law.needs <= set(kind.vocabulary)
    assert set(law.fields) <= {*kind.table.fields, *kind.table.plain}
    assert set(law.families) <= set(kind.table.named_families)


@pytest.mark.parametrize(
    "law", [law for law in LAWS if "return_lse" in KINDS[law.kind].vocabulary]
)
def test_a_logsumexp_that_is_not_returned_has_not_to_be_told(law: Invariant) -> None:
    kind = KINDS[law.kind]
    known = kind.claimed_by(kind.definition).claiming(without=["return_lse"])

    told = () if known.missing(law.needs) else kind.tellable(law, known)
    assert not [null for null in told if null.endswith(":lse")]


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_a_kind_says_what_its_functions_are(kind: Kind) -> None:
    assert kind.sentence.endswith(".")
    assert kind.agreement in INVARIANTS
    assert set(itertools.chain(*kind.null_needs.values())) <= set(kind.vocabulary)
    assert set(kind.table.needs.values()) <= set(kind.table.claims)
    assert {claim for claims in kind.options.values() for claim in claims} <= set(
        kind.vocabulary
    )


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_a_finding_of_a_kind_can_be_replayed(kind: Kind) -> None:
    recipe = kind.table.recipe(kind.name, "float32")
    word = str(Token(kind, kind.laws[kind.agreement], recipe))

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

    with pytest.raises(InvalidArgument, match="it takes 1 argument;"):
        KINDS["rope"].claimed_by(function)


def _sizes(kind: Kind) -> set[str]:
    """The fields that are sizes of arrays or windows: whole numbers from one on."""
    numbers = {
        n: [v for v in vs if type(v) is int] for n, vs in kind.table.fields.items()
    }
    return {n for n, vs in numbers.items() if len(vs) > 3 and min(vs) > 0}


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_the_simplest_call_is_an_ordinary_one(kind: Kind) -> None:
    """Not all functions support a vector of one entry; nothing else would be asked."""
    steps = {"dilation", "stride", "heads", "limit", "chunk", "group", "queries"}
    recipe = kind.recipe(**kind.simplest)
    asked = kind.table.spread(kind.simplest)

    assert asked.items() <= dict(recipe.fields).items()
    assert {n for n in _sizes(kind) - steps if recipe[n] in (1, 2)} == set()


CHOOSING = [
    control
    for control in CONTROLS.values()
    if control.implementation.description.kind != "attention"
    and control.implementation.description.dialect
    != KINDS[control.implementation.description.kind].default()
]


@pytest.mark.once
@pytest.mark.parametrize("control", share(CHOOSING, 4), ids=lambda c: c.id)
def test_the_choices_of_a_right_function_are_found_where_it_declares_none(
    control: Control,
) -> None:
    known = control.fresh()
    description = known.description
    kind = KINDS[description.kind]
    # In one format: choices are found in the first.
    first = [d for d in DTYPES if d == description.capabilities.dtypes[0]]
    silent = Implementation(known.function, description.replace(dialect={}))
    report = check_implementation(
        silent, dtypes=first, only=[kind.agreement], tier="smoke"
    )

    chosen = {
        name: choice
        for name, choice in description.dialect.items()
        if name not in kind.unenforced
        and (
            name not in kind.choice_needs
            or set(kind.choice_needs[name]) & set(description.capabilities.claims)
        )
    }
    assert report.conforms
    assert report.detected.dialect.items() >= chosen.items()


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_what_stores_more_is_never_allowed_less(kind: Kind) -> None:
    weaker = ["upcast-bfloat16", "tables-bfloat16", "eager-bfloat16"]
    models = [kind.models[name] for name in weaker if name in kind.models]
    case = kind.case(kind.recipe("bfloat16", **kind.simplest))
    bounds = [kind.judge(case, kind.default(), model).bound for model in models]

    for one, other in itertools.pairwise(bounds):
        assert (one <= other).all()
