from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import UnknownName
from attnspec.judge.claims import CLAIMS, Capabilities
from attnspec.kinds.attention.drawing import Domain, recipes
from attnspec.kinds.attention.families import FAMILIES
from attnspec.kinds.attention.recipe import AttentionRecipe

ALL = Capabilities(claims=frozenset(CLAIMS))
ANY = recipes(Domain(ALL, families=tuple(FAMILIES)))
SETS = st.frozensets(st.sampled_from(sorted(CLAIMS)))


@given(ANY, SETS)
def test_a_fitted_recipe_uses_only_what_is_claimed(
    recipe: AttentionRecipe, claims: frozenset[str]
) -> None:
    fitted = Capabilities(claims=claims).fit(recipe)

    assert set(fitted.options) <= claims
    assert "grouped_query" in claims or fitted.query_heads == fitted.key_heads
    assert "value_width" in claims or fitted.value_width == fitted.width
    assert "unequal_lengths" in claims or fitted.queries == fitted.keys
    assert "empty_keys" in claims or fitted.keys > 0


@given(ANY, SETS)
def test_fitting_twice_changes_nothing_more(
    recipe: AttentionRecipe, claims: frozenset[str]
) -> None:
    capabilities = Capabilities(claims=claims, multiples={"width": 8, "keys": 16})
    fitted = capabilities.fit(recipe)

    assert capabilities.fit(fitted) == fitted


@given(ANY)
def test_everything_is_within_the_widest_scope(recipe: AttentionRecipe) -> None:
    assert ALL.fit(recipe) == recipe


@given(ANY)
def test_lengths_are_rounded_up_to_their_multiples(recipe: AttentionRecipe) -> None:
    fitted = ALL.replace(multiples={"width": 8, "keys": 16}).fit(recipe)

    assert fitted.width % 8 == 0
    assert fitted.keys % 16 == 0
    assert fitted.keys >= recipe["keys"]


@given(ANY, st.sampled_from(["mask", "causal"]))
def test_of_an_exclusive_pair_the_needed_one_is_kept(
    recipe: AttentionRecipe, kept: str
) -> None:
    pair = frozenset({"mask", "causal"})
    both = recipe.replace(mask="holes", causal=True)

    fitted = ALL.replace(exclusive=(pair,)).fit(both, keep=[kept])

    assert (fitted.mask is not None) == (kept == "mask")
    assert fitted.causal == (kept == "causal")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"claims": frozenset({"masks"})}, "claim: expected one of .*; got 'masks'"),
        ({"dtypes": ("fp32",)}, "dtype: expected one of .*; got 'fp32'"),
        ({"multiples": {"E": 8}}, "multiples: expected one of .*; got 'E'"),
    ],
)
def test_an_unknown_name_is_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(UnknownName, match=message):
        Capabilities(**fields)  # type: ignore[arg-type]


def test_asking_for_an_unknown_claim_is_refused() -> None:
    with pytest.raises(UnknownName, match="got 'maks'"):
        assert "maks" in ALL
