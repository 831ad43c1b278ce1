from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnspec.exceptions import UnknownName
from attnspec.judge.claims import Capabilities
from attnspec.judge.recipe import Recipe
from attnspec.kinds.attention.laws import ATTENTION
from tests.judge._attention import ALL, CLAIMS, options, recipes

TABLE = ATTENTION.table
ANY = recipes()
SETS = st.frozensets(st.sampled_from(sorted(CLAIMS)))


@given(ANY, SETS)
def test_a_fitted_recipe_uses_only_what_is_claimed(
    recipe: Recipe, claims: frozenset[str]
) -> None:
    fitted = TABLE.within(recipe, Capabilities(claims=claims))

    assert set(options(fitted)) <= claims
    assert "grouped_query" in claims or fitted["query_heads"] == fitted["key_heads"]
    assert "value_width" in claims or fitted["value_width"] == fitted["width"]
    assert "unequal_lengths" in claims or fitted["queries"] == fitted["keys"]
    assert "empty_keys" in claims or fitted["keys"] > 0


@given(ANY, SETS)
def test_fitting_twice_changes_nothing_more(
    recipe: Recipe, claims: frozenset[str]
) -> None:
    capabilities = Capabilities(claims=claims, multiples={"width": 8, "keys": 16})
    fitted = TABLE.within(recipe, capabilities)

    assert TABLE.within(fitted, capabilities) == fitted


@given(ANY)
def test_everything_is_within_the_widest_scope(recipe: Recipe) -> None:
    assert TABLE.within(recipe, ALL) == recipe


@given(ANY)
def test_lengths_are_rounded_up_to_their_multiples(recipe: Recipe) -> None:
    fitted = TABLE.within(recipe, ALL.replace(multiples={"width": 8, "keys": 16}))

    assert fitted["width"] % 8 == 0
    assert fitted["keys"] % 16 == 0
    assert fitted["keys"] >= recipe["keys"]


@given(ANY, st.sampled_from(["mask", "causal"]))
def test_of_an_exclusive_pair_the_needed_one_is_kept(recipe: Recipe, kept: str) -> None:
    pair = frozenset({"mask", "causal"})
    both = recipe.replace(mask="holes", causal=True)

    fitted = TABLE.within(both, ALL.replace(exclusive=(pair,)), frozenset({kept}))

    assert (fitted["mask"] is not None) == (kept == "mask")
    assert fitted["causal"] == (kept == "causal")


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
        ATTENTION.checked(Capabilities(**fields))  # type: ignore[arg-type]


def test_asking_for_an_unknown_claim_is_refused() -> None:
    with pytest.raises(UnknownName, match="got 'maks'"):
        assert "maks" in ALL


def test_a_window_without_causality_or_a_right_side_comes_to_nothing() -> None:
    recipe = TABLE.recipe("attention", "float32", window=(1, 1), queries=5, keys=5)
    fitted = TABLE.within(recipe, Capabilities(claims=frozenset({"window"})))
    one_sided = frozenset({"window", "causal"})

    assert fitted["window"] is None
    assert not fitted["causal"]
    assert TABLE.within(recipe, Capabilities(claims=one_sided))["window"] == (1, None)
